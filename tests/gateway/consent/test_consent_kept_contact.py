"""A code to a contact that an earlier sign-in has proved: kept if the person wants it, and of use to nobody else."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, update

from gateway import clock, retention, vault
from gateway.config import Config
from gateway.consent import contacts, people
from gateway.consent.models import ContactPerson, KeptContact, Visit
from gateway.db import Database, db
from tests.gateway.consent.people import SUBJECT, Control, Person, Request, ask, letters, make_app, sent_code
from tests.gateway.consent.provider import ALICE
from tests.walk import Walk, traces

OWN, EMPLOYERS = "alice@own.example", {"email": "boss@employer.example"}
NUMBER = SUBJECT["ids"][0]["value"]  # type: ignore[index]
CLAIMS = {**ALICE, "resident_id": NUMBER, "email": OWN, "email_verified": True}
WHO = people.identifier("cn-resident-id", str(NUMBER), "1990-04-23")


@pytest.fixture
def config(environ: dict[str, str], provider: Control) -> Config:
    """A deployment with the provider, where a code to a kept contact is as good as a sign-in."""
    settings = {"SEALGATE_CODE_ASSURANCE": "substantial"}
    settings["SEALGATE_OIDC_CLAIMS"] = "name=name,born=birthdate,id.cn-resident-id=resident_id"
    provider.set(person=CLAIMS)
    return Config.from_env({**environ, **provider.settings, **settings})


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    """The pages; the clock is the real one."""
    return make_app(config)


def sign_in(app: Flask, request: Request) -> Person:
    """Somebody who has opened the link and signed in."""
    person = Person(app)
    person.open(request.path)
    person.send()
    there = person.send(follow=False).headers["Location"]
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    person.open(back.removeprefix("http://localhost:8000"))
    return person


def kept(app: Flask) -> None:
    """The person of CLAIMS keeps their contact."""
    person = sign_in(app, ask())
    assert person.path.endswith("/keep")
    person.send(keep="yes")
    assert person.path.endswith("/request")


def send(app: Flask, request: Request) -> Person:
    """Somebody who has opened the link and had a code sent."""
    person = Person(app)
    person.open(request.path)
    person.send()
    person.send(path=f"/c/{request.id}/contact/send")
    return person


def count(table: Any) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def codes(config: Config) -> list[dict[str, Any]]:
    return [letter for letter in letters(config) if letter["subject"] == "Your code"]


@pytest.mark.both_databases
def test_person_chooses_keeps_and_proves_by_code(app: Flask, config: Config, provider: Control) -> None:
    """Unticked, and shredded unless ticked; then a code goes there and nowhere else, and what is asked about is what
    was vouched for."""
    person = sign_in(app, ask())
    assert OWN in person.page
    assert 'type="checkbox"' in person.page
    assert "checked" not in person.page
    person.send()
    assert person.path.endswith("/request")
    assert (count(KeptContact), count(ContactPerson)) == (0, 0)
    kept(app)
    passport = {"type": "passport", "value": "P-of-somebody-else"}
    request = ask(subject={**SUBJECT, "ids": [*SUBJECT["ids"], passport]}, contact=EMPLOYERS)  # type: ignore[misc]
    person = send(app, request)
    assert person.path == f"/c/{request.id}/contact"
    assert OWN not in person.page
    assert [letter["to"] for letter in codes(config)] == [{"email": OWN}]
    code = sent_code(config)
    form = person.page
    person.send(code=code)
    assert person.path == f"/c/{request.id}/request"
    with db.read() as session:
        vouched = vault.get(session, request.check_id, "vouched")
        assert session.scalars(select(Visit.by_code).where(Visit.consent_id == request.id)).all() == [True]
    assert vouched == {"names": [SUBJECT["names"][1]], "born": "1990-04-23", "ids": SUBJECT["ids"]}  # type: ignore[index]
    person.send(decision="agree")
    assert request.row.state == "given"
    person.page = form
    assert person.send(path=f"/c/{request.id}/contact", code=code).status_code == 422, "used is used"


@pytest.mark.both_databases
def test_kept_contact_leaves_no_trace(app: Flask, config: Config, lines: Any) -> None:
    """Kept, used and kept by somebody who is asked and says nothing: in no table, file or line outside the vault."""
    kept(app)
    person = send(app, ask())
    person.send(code=sent_code(config))
    person.send(decision="agree")
    sign_in(app, ask(subject={**SUBJECT, "names": [{"full": "Wang Xiaoming"}]}))
    walk = Walk(config, io.StringIO(json.dumps(lines())))
    everything = [*walk.tables(), *walk.files(), *walk.logged()]
    assert len(everything) > 100
    assert traces([OWN, OWN.upper(), str(NUMBER), "1990-04-23", "Wang Xiaoming", ALICE["sub"]], everything) == []


def test_next_sign_in_renews_or_drops_it(app: Flask, config: Config, provider: Control) -> None:
    """Still vouched for, it is kept for a term from now, without asking; not vouched for any more, it is gone."""
    kept(app)
    with db.write() as session:
        session.execute(update(KeptContact).values(until=clock.now() + timedelta(days=3)))
    assert sign_in(app, ask()).path.endswith("/request"), "not asked again"
    with db.read() as session:
        mine = contacts.of_person(session, [WHO])
    assert mine is not None
    assert mine["contact"] == {"email": OWN}
    assert mine["until"] > clock.now() + timedelta(days=364)
    for other in ({"email": "new@own.example"}, {"email_verified": False}, {"email_verified": "true"}):
        provider.set(person={**CLAIMS, **other})
        person = sign_in(app, ask())
        assert person.path.endswith("/keep") is ("email" in other)
        with db.read() as session:
            assert contacts.of_person(session, [WHO]) is None
    provider.set(person={**CLAIMS, "email": "x@y.example\r\nBcc: z@z.example"})
    assert sign_in(app, ask()).path.endswith("/request"), "no address is no contact"
    provider.set(person={**CLAIMS, "email_verified": False, "phone_number": "+8613800", "phone_number_verified": True})
    assert "+8613800" in sign_in(app, ask()).page


@pytest.mark.both_databases
def test_it_ends_with_its_term_or_when_the_person_says_so(app: Flask, config: Config) -> None:
    """Removed on the person's own page; shredded at its term; what was asked about and not answered goes in an hour."""
    kept(app)
    with db.write(contacts.NAME) as session:
        assert contacts.remove(session, [WHO])
        assert not contacts.remove(session, [WHO])
    assert (count(KeptContact), count(ContactPerson)) == (0, 0)
    kept(app)
    with db.read() as session:
        owner = session.scalars(select(KeptContact.id)).one()
    with clock.stopped(clock.now()) as time:
        time.forward(timedelta(days=364))
        retention.forget_due()
        assert (count(KeptContact), count(ContactPerson)) == (1, 1)
        time.forward(timedelta(days=2))
        send(app, ask())
        assert codes(config) == [], "over, whether or not it is shredded"
        retention.forget_due()
    with db.read() as session:
        assert session.get(vault.VaultKey, owner) is None
    person = sign_in(app, ask())
    with clock.stopped(clock.now()) as time:
        time.forward(timedelta(minutes=59))
        retention.forget_due()
        assert count(KeptContact) == 1
        time.forward(timedelta(minutes=1))
        retention.forget_due()
        assert count(KeptContact) == 0
    person.send(keep="yes")
    assert count(ContactPerson) == 0, "too late"


def test_code_is_no_proof_where_the_policy_wants_more(environ: dict[str, str], app: Flask, provider: Control) -> None:
    """By default a code is worth less than the kindergarten's policy wants: not offered, not there, not asked for."""
    kept(app)
    weaker = make_app(Config.from_env({**environ, **provider.settings}))
    provider.set(asked=[])
    request = ask()
    person = Person(weaker)
    person.open(request.path)
    person.send()
    assert "Send a code" not in person.page
    form = person.page
    for path in ("contact/send", "contact"):
        person.page = form
        assert person.open(f"/c/{request.id}/{path}").status_code == 404
        person.page = form
        assert person.send(path=f"/c/{request.id}/{path}", code="000000").status_code == 404
    person = sign_in(weaker, ask(subject={**SUBJECT, "ids": []}))
    assert person.path.endswith("/request")
    assert provider.asked()[-1]["scope"] == "openid profile"


def test_code_of_one_visit_is_good_in_no_other(app: Flask, config: Config) -> None:
    """Neither in another browser at the same request, nor at another request of the same person."""
    kept(app)
    request, other_request = ask(), ask()
    person = send(app, request)
    code = sent_code(config)
    for where in (request, other_request):
        other = send(app, where)
        if sent_code(config) != code:
            assert other.send(code=code).status_code == 422
    assert person.send(code=code).status_code == 200
    assert person.path == f"/c/{request.id}/request"


@pytest.mark.both_databases
def test_many_requests_give_no_more_guesses(app: Flask, config: Config) -> None:
    """Codes to one contact are counted over all requests; in the pause none is sent and none is right, and no page
    says so. A right code ends the counting, and a sign-in is always open."""
    kept(app)
    last = None
    for number in range(8):
        last = send(app, ask())
        assert last.path.endswith("/contact")
        assert len(codes(config)) == min(number + 1, 6)
    assert last is not None
    assert last.send(code="").status_code == 422
    with clock.stopped(clock.now()) as time:
        time.forward(timedelta(minutes=16))
        person = send(app, ask())
        assert len(codes(config)) == 7
        assert person.send(code=sent_code(config)).status_code == 200
    with db.read() as session:
        row = session.scalars(select(KeptContact)).one()
    assert (row.strikes, row.pauses, row.paused_until) == (0, 0, None)
    assert sign_in(app, ask()).path.endswith("/request")


def test_who_was_erased_gets_no_code_and_nobody_learns_of_it(app: Flask, config: Config) -> None:
    """A request without particulars is answered as any other where no code goes to anybody."""
    kept(app)
    erased, stranger = ask(), ask(subject={**SUBJECT, "born": "1991-04-23"})
    with db.write(erased.check_id) as session:
        vault.remove(session, erased.check_id, "subject")
    pages = []
    for request in (erased, stranger):
        person = send(app, request)
        assert person.path == f"/c/{request.id}/contact"
        assert person.send(code="000000").status_code == 422
        pages.append(person.text)
    assert pages[0] == pages[1]
    assert codes(config) == []
