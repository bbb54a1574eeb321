"""A wrong person learns nothing, by whichever way of proof; and a dishonest employer gets nowhere.

Pages, headers and the work that is done are compared, not clocks: the statements to the database (the vault's among
them), the messages queued, the tasks. What may differ is which message reaches somebody.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import event, select, update
from werkzeug.test import TestResponse

from gateway import clock
from gateway.checks.run import run
from gateway.config import Config
from gateway.consent import attempts
from gateway.consent.ask import Asked
from gateway.consent.models import Consent, KeptContact
from gateway.db import Database, db
from gateway.notices.models import Message
from tests.gateway.consent.people import RIGHT, SUBJECT, WRONG, Control, Person, Request, ask, make_app, sent_code
from tests.gateway.consent.test_consent_kept_contact import CLAIMS, NUMBER, OWN, codes, kept, send, sign_in
from tests.stage import Stage, make_stage, stage_environ

__all__ = ["make_stage", "stage_environ"]

MAPPED = {"SEALGATE_OIDC_CLAIMS": "name=name,born=birthdate,id.cn-resident-id=resident_id"}
BOSS = {
    "sub": "boss", "name": "Boss", "birthdate": "1971-01-01", "resident_id": "110105197101010019",
    "email": "boss@employer.example", "email_verified": True,
}  # fmt: skip
SOMEBODY = {"names": [{"full": "Li Si"}], "born": "1985-05-05", "ids": [{"type": "cn-resident-id", "value": "L1"}]}


@pytest.fixture
def config(environ: dict[str, str], provider: Control) -> Config:
    """As for the tests of kept contacts."""
    provider.set(person=CLAIMS)
    return Config.from_env({**environ, **provider.settings, **MAPPED, "SEALGATE_CODE_ASSURANCE": "substantial"})


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    """The pages; the clock is the real one."""
    return make_app(config)


class Seen:
    """What somebody saw, and what was done for it, with nothing in it that differs by chance."""

    def __init__(self, *steps: Callable[[], TestResponse], without: tuple[str, ...]) -> None:
        self.work: list[str] = []
        self.pages: list[tuple[object, ...]] = []
        event.listen(db.engine, "before_cursor_execute", self._note)
        for step in steps:
            answer = step()
            headers = sorted((name, value) for name, value in answer.headers if name != "Set-Cookie")
            text = re.sub(r'value="[0-9a-f]{64}"', "", f"{answer.status} {headers} {answer.text}")
            for word in without:
                text = text.replace(word, "…")
            self.pages.append((answer.request.method, text))
        event.remove(db.engine, "before_cursor_execute", self._note)

    def _note(self, *arguments: object) -> None:
        statement = re.sub(r"lock\(-?\d+\)", "lock(…)", str(arguments[2]))  # named by the check
        self.work.append(re.sub(r"IN \([^()]*\)", "IN (…)", statement))

    @property
    def vault_reads(self) -> int:
        return sum(one.startswith("SELECT vault_keys") for one in self.work)


def messages() -> int:
    with db.read() as session:
        return len(session.scalars(select(Message.id).where(Message.template == "code")).all())


def by_particulars(app: Flask, request: Request, typed: dict[str, str]) -> Seen:
    """Particulars, the code page, a code that is not it."""
    person = Person(app)
    person.open(request.path)
    person.send()
    return Seen(
        lambda: person.send(follow=False, **typed),
        lambda: person.open(f"/c/{request.id}/code"),
        lambda: person.send(code="12"),
        without=(request.id,),
    )


def by_contact(app: Flask, request: Request) -> Seen:
    """The page that offers it, the sending, the code page, a code that is not it."""
    person = Person(app)
    person.open(request.path)
    return Seen(
        person.send,
        lambda: person.send(follow=False, path=f"/c/{request.id}/contact/send"),
        lambda: person.open(f"/c/{request.id}/contact"),
        lambda: person.send(code="12"),
        without=(request.id,),
    )


def alike(first: Seen, *others: Seen) -> None:
    """The same to see, and the same done for it."""
    assert first.vault_reads > 0
    for other in others:
        assert other.pages == first.pages
        assert other.work == first.work
        assert other.vault_reads == first.vault_reads


@pytest.mark.both_databases
def test_particulars_tell_a_wrong_person_nothing(environ: dict[str, str], database: Database) -> None:
    """Right, another name, another day: the same."""
    app = make_app(Config.from_env(environ))
    by_particulars(app, ask(), RIGHT)  # a process notes a key of the vault at its first use
    seen, queued = [], messages()
    for number, typed in enumerate((RIGHT, WRONG, {**RIGHT, "day": "24"}), 1):
        seen.append(by_particulars(app, ask(), typed))
        assert messages() == queued + number
    alike(*seen)


@pytest.mark.both_databases
def test_code_to_a_contact_tells_a_wrong_person_nothing(app: Flask, config: Config) -> None:
    """Kept or not, fitting this request or not, in a pause or not: the same page, the same work, a message queued."""
    kept(app)
    by_contact(app, ask())
    theirs, victim = SUBJECT["ids"][0], {"type": "cn-resident-id", "value": "V1"}  # type: ignore[index]
    subjects: list[dict[str, Any]] = [
        SUBJECT,  # kept
        SOMEBODY,  # nobody keeps one
        {**SUBJECT, "names": [{"full": "Li Si"}]},  # another name beside the number
        {**SUBJECT, "ids": [{**theirs, "value": "V1"}]},  # another number beside the name
    ]
    sent, queued = len(codes(config)), messages()
    seen = [by_contact(app, ask(subject=subject)) for subject in subjects]
    assert messages() == queued + len(subjects)
    assert len(codes(config)) == sent + 1
    with db.write() as session:
        until = clock.now() + attempts.FIRST_PAUSE
        session.execute(update(KeptContact).values(strikes=0, pauses=1, paused_until=until))
    seen.append(by_contact(app, ask()))
    assert len(codes(config)) == sent + 1
    alike(*seen)
    both = ask(subject={**SUBJECT, "ids": [theirs, victim]})
    assert by_contact(app, both).pages == seen[0].pages
    assert len(codes(config)) == sent + 1, "an accomplice's number beside a victim's"


def test_sign_in_tells_a_wrong_person_nothing(app: Flask, provider: Control) -> None:
    """Whichever particular is wrong, and whatever was decided: one page, the same work."""
    wrong: list[dict[str, Any]] = [
        {**CLAIMS, "name": "Wang Xiaohong"},
        {**CLAIMS, "birthdate": "1990-04-24"},
        {**CLAIMS, "resident_id": "V1"},
        BOSS,
    ]
    sign_in(app, ask())
    seen = []
    for claims in wrong:
        request = ask()
        provider.set(person=claims)
        person = Person(app)
        person.open(request.path)
        person.send()
        there = person.send(follow=False).headers["Location"]
        back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
        path = back.removeprefix("http://localhost:8000")
        seen.append(Seen(lambda to=path, who=person: who.open(to), without=(request.id,)))  # type: ignore[misc]
        assert "does not fit the request" in person.text
    alike(*seen)


class Employer:
    """One who asks for checks, names their own address, has an account of their own, and wants to see more."""

    def __init__(self, stage: Stage, provider: Control) -> None:
        self.stage, self.provider = stage, provider
        self.hr = stage.caller(name="Employer")
        self.pages: list[str] = []

    def asks(self, **particulars: Any) -> tuple[str, Request]:
        """A check with the employer's contact: its id, and the request as they got it."""
        subject = {**SUBJECT, **particulars, "contact": {"email": BOSS["email"]}}
        answer = self.hr.ask(key=secrets.token_hex(8), subject=subject).get_json()
        with db.read() as session:
            consent = session.scalars(select(Consent).where(Consent.check_id == answer["id"])).one()
        return answer["id"], Request(answer["id"], Asked(consent, answer["consent"]["url"], "", (), {}))

    def tries_everything(self, request: Request) -> None:
        """With the link, a browser, and their own account at the provider."""
        self.provider.set(person=BOSS)
        boss = sign_in(self.stage.app, request)
        assert "does not fit the request" in boss.text
        boss.open(f"/c/{request.id}/prove")
        form = boss.page
        boss.send(path=f"/c/{request.id}/contact/send")
        boss.send(code="000000")
        self.pages.append(boss.page)
        for step in ("request", "done", "status", "withdraw", "receipt", "keep"):
            boss.page = form
            sent = boss.send(path=f"/c/{request.id}/{step}", decision="agree", keep="yes")
            assert sent.status_code in (403, 405), step
            boss.open(f"/c/{request.id}/{step}")
            assert boss.path == f"/c/{request.id}/prove", step
            self.pages.append(boss.page)
        self.provider.set(person=CLAIMS)


@pytest.mark.parametrize("way", ["sign-in", "code"])
def test_dishonest_employer_gets_nowhere(make_stage: Any, provider: Control, way: str) -> None:
    """Names their own phone, consents for somebody, reads their result: nothing of it works, before the person has
    decided and after, where they sign in and where they use a contact that they have proved."""
    terms = {"SEALGATE_RELEASE_HOLD": "PT2S", "SEALGATE_RELEASE_GRID": "PT1S"}
    code = {"SEALGATE_CODE_ASSURANCE": "substantial" if way == "code" else "low"}
    stage: Stage = make_stage({**provider.settings, **MAPPED, **terms, **code})
    stage.time.at = datetime.now(UTC)  # the provider's clock is the real one
    employer = Employer(stage, provider)
    if way == "code":
        for claims in (CLAIMS, BOSS):  # both keep a contact, the employer for a check about themselves
            provider.set(person=claims)
            ids = [{"type": "cn-resident-id", "value": claims["resident_id"]}]
            about = {"names": [{"full": claims["name"]}], "born": claims["birthdate"], "ids": ids}
            sign_in(stage.app, employer.asks(**about)[1]).send(keep="yes")
            employer.pages.append("")
    check_id, request = employer.asks()
    mixed = {"ids": [{"type": "cn-resident-id", "value": BOSS["resident_id"]}], "born": BOSS["birthdate"]}
    beside = {"names": [{"full": "Boss"}, *SUBJECT["names"]]}  # type: ignore[misc]
    for asked in (request, employer.asks(**mixed)[1], employer.asks(**beside)[1]):
        employer.tries_everything(asked)
    assert stage.police.asked == []
    assert employer.hr.see(check_id)["status"] == "awaiting_consent"
    assert [letter["to"] for letter in codes(stage.config)] == [{"email": OWN}] * (2 if way == "code" else 0)
    subject = send(stage.app, request) if way == "code" else sign_in(stage.app, request)
    if way == "code":
        subject.send(code=sent_code(stage.config))
    subject.send(decision="agree")
    run(check_id)
    assert [[each.value for each in query.ids] for query in stage.police.asked] == [[NUMBER]]
    stage.forward(seconds=5)
    assert employer.hr.see(check_id)["eligible"] is True
    subject.open(f"/c/{request.id}/status")
    assert "The answer Yes" in subject.text
    employer.tries_everything(request)
    told = " ".join(employer.pages)
    words = ("The answer", "teacher", "Wang", OWN, "110105", "I agree")
    assert [word for word in words if word in told] == []
    assert {letter["to"]["email"] for letter in codes(stage.config)} <= {OWN}
