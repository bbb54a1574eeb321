"""Proof at an OpenID Connect provider: a real one, in a process of its own, that can be told to lie."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask

from gateway.config import Config
from gateway.consent import oidc
from gateway.db import Database
from tests.gateway.consent.people import SUBJECT, Control, Person, Request, ask, make_app
from tests.gateway.consent.provider import ALICE

MAPPING = {"name": "name", "born": "birthdate"}


@pytest.fixture
def app(environ: dict[str, str], database: Database, provider: Control) -> Flask:
    """The pages of a deployment that works with the provider; the clock is the real one."""
    claims = "name=name,born=birthdate,id.cn-resident-id=resident_id"
    return make_app(Config.from_env({**environ, **provider.settings, "SEALGATE_OIDC_CLAIMS": claims}))


@pytest.fixture
def request_(app: Flask) -> Request:
    """A request about somebody whose identifiers the provider does not have."""
    return ask(subject={**SUBJECT, "ids": []})


def sign_in(person: Person, request: Request) -> str:
    """Open the link, go to the provider, and come back with its answer: the path of the callback."""
    person.open(request.path)
    person.send()
    assert "You sign in at the identity service" in person.text
    there = person.send(follow=False).headers["Location"]
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith("http://localhost:8000/c/callback?")
    return back.removeprefix("http://localhost:8000")


def test_subject_who_signs_in_may_decide(app: Flask, person: Person, request_: Request, provider: Control) -> None:
    """Link, sign-in, reading, agreeing."""
    assert person.open(sign_in(person, request_)).status_code == 200
    assert person.path == f"/c/{request_.id}/request"
    person.send(decision="agree")
    assert request_.row.state == "given"


def test_sign_in_is_asked_for_as_the_standards_want(person: Person, request_: Request, provider: Control) -> None:
    """Code flow, PKCE S256, state, nonce, a fresh sign-in; nothing about the subject or the request."""
    sign_in(person, request_)
    sign_in(Person(person.client.application), request_)
    first, second = provider.asked()
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["scope"] == "openid profile"
    assert (first["prompt"], first["max_age"]) == ("login", "300")
    assert first["redirect_uri"] == "http://localhost:8000/c/callback"
    for secret in ("state", "nonce", "code_challenge"):
        assert len(first[secret]) >= 20
        assert first[secret] != second[secret]
    assert set(first) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method", "prompt", "max_age",
    }  # fmt: skip


def test_page_may_send_its_form_to_the_provider_and_nowhere_else(
    person: Person, request_: Request, provider: Control
) -> None:
    """Browsers hold a form's redirect against the policy too."""
    person.open(request_.path)
    response = person.send()
    assert f"form-action 'self' {provider.base};" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "person_there",
    [
        {"sub": "bob", "name": "Wang Xiaohong", "birthdate": "1990-04-23"},
        {"sub": "bob", "name": "Wang Xiaoming", "birthdate": "1991-04-23"},
        {"sub": "bob", "name": "Wang Xiaoming"},
        {"sub": "bob"},
        {"sub": "bob", "name": ["Wang Xiaoming"], "birthdate": "1990-04-23"},
    ],
)
def test_somebody_else_who_signs_in_sees_one_neutral_page(
    person: Person, request_: Request, provider: Control, person_there: dict[str, Any]
) -> None:
    """Whichever particular differs: the same page, no word of the request, and nothing proved."""
    provider.set(person=person_there)
    assert person.open(sign_in(person, request_)).status_code == 403
    assert "This sign-in does not fit the request" in person.text
    assert "teacher" not in person.page
    person.open(f"/c/{request_.id}/request")
    assert person.path == f"/c/{request_.id}/prove"


def test_identifier_that_both_have_must_agree(app: Flask, provider: Control) -> None:
    """Same name, same birthday, another identity number: another person."""
    for number, status in (("110105199004230019", 200), ("110105199004230027", 403)):
        provider.set(person={**ALICE, "resident_id": number})
        person = Person(app)
        assert person.open(sign_in(person, ask())).status_code == status


def test_identifier_that_the_provider_lacks_is_not_agreed(app: Flask, provider: Control) -> None:
    """The deployment maps it, the request has it, the provider is silent: unknown is not yes."""
    person = Person(app)
    assert person.open(sign_in(person, ask())).status_code == 403


def test_claims_may_come_from_the_userinfo_endpoint(person: Person, request_: Request, provider: Control) -> None:
    """Many providers put the birth date there only."""
    provider.set(in_userinfo_only=["name", "birthdate"])
    assert person.open(sign_in(person, request_)).status_code == 200


@pytest.mark.parametrize(
    "lie",
    [
        "nonce", "audience", "two-audiences", "borrowed-audience", "token-issuer", "expired", "old-sign-in",
        "no-auth-time", "unsigned", "symmetric", "key", "no-id-token", "denied", "mixed-up",
    ],
)  # fmt: skip
def test_answer_that_does_not_hold_proves_nothing(
    person: Person, request_: Request, provider: Control, lie: str
) -> None:
    """Each check of OpenID Connect Core §3.1.3.7, RFC 9207 and of ours, by an answer that fails it alone."""
    provider.set(lie=lie)
    assert person.open(sign_in(person, request_)).status_code == 403
    assert "The sign-in did not work" in person.text
    provider.set(lie="")
    person.open(f"/c/{request_.id}/request")
    assert person.path == f"/c/{request_.id}/prove"


def test_user_information_about_somebody_else_proves_nothing(
    person: Person, request_: Request, provider: Control
) -> None:
    """The subject of both must be one (Core §5.3.2)."""
    provider.set(lie="userinfo", in_userinfo_only=["birthdate"])
    assert person.open(sign_in(person, request_)).status_code == 403


def test_answer_is_good_once(person: Person, request_: Request, provider: Control) -> None:
    """The address of the callback, opened again, leads nowhere."""
    back = sign_in(person, request_)
    assert person.open(back).status_code == 200
    assert person.open(back).status_code == 403


def test_answer_that_failed_is_not_good_later(person: Person, request_: Request, provider: Control) -> None:
    """Its secrets were taken out once, whatever came of it."""
    provider.set(lie="nonce")
    back = sign_in(person, request_)
    assert person.open(back).status_code == 403
    provider.set(lie="")
    assert person.open(back).status_code == 403
    assert "This page has closed" in person.text


def test_answer_is_good_in_the_browser_that_asked_only(app: Flask, request_: Request, provider: Control) -> None:
    """Somebody else's answer, opened in one's own browser, signs nobody in (login CSRF), and is not used up by it."""
    person, victim = Person(app), Person(app)
    back = sign_in(person, request_)
    sign_in(victim, request_)
    assert victim.open(back).status_code == 403
    assert person.open(back).status_code == 200


def test_state_that_was_not_given_leads_nowhere(app: Flask, person: Person, request_: Request) -> None:
    """Made up, empty or missing."""
    sign_in(person, request_)
    for query in ("?code=x&state=made-up", "?code=x&state=", "?code=x", ""):
        assert person.open(f"/c/callback{query}").status_code == 403


def test_new_sign_in_ends_the_one_before(person: Person, request_: Request, provider: Control) -> None:
    """Of two under way in one browser the later counts."""
    first = sign_in(person, request_)
    second = sign_in(person, request_)
    assert person.open(first).status_code == 403
    assert person.open(second).status_code == 200


def test_others_who_try_do_not_keep_the_subject_out(app: Flask, request_: Request, provider: Control) -> None:
    """An employer with the link cannot stop the subject from declining or withdrawing by failing on purpose."""
    provider.set(person={"sub": "bob", "name": "Bob", "birthdate": "1990-04-23"})
    for _ in range(8):
        person = Person(app)
        assert person.open(sign_in(person, request_)).status_code == 403
    provider.set(person=ALICE)
    subject = Person(app)
    assert subject.open(sign_in(subject, request_)).status_code == 200


def test_provider_that_does_not_answer_or_is_another_is_not_used(
    environ: dict[str, str], database: Database, provider: Control
) -> None:
    """Nobody at the port, or somebody who calls himself by another name: the page says to come again."""
    for issuer, lie in (("http://127.0.0.1:9", ""), (provider.issuer, "issuer")):
        provider.set(lie=lie)
        settings = {**environ, **provider.settings, "SEALGATE_OIDC_ISSUER": issuer}
        app = make_app(Config.from_env(settings))
        person = Person(app)
        person.open(ask().path)
        assert person.send().status_code == 503
        assert "The sign-in service does not answer" in person.text
    provider.set(lie="")
    assert person.open(person.path).status_code == 200


def test_no_code_can_be_typed_where_people_sign_in(app: Flask, person: Person, request_: Request) -> None:
    """The weaker proof is not there behind the stronger one."""
    person.open(request_.path)
    person.send()
    form = person.page
    assert person.open(f"/c/{request_.id}/code").status_code == 404
    person.page = form
    assert person.send(path=f"/c/{request_.id}/code", code="000000").status_code == 404


def test_birth_date_is_compared_as_it_is_written() -> None:
    """OpenID Connect writes YYYY-MM-DD; a year alone proves nothing."""
    assert oidc.vouched({"name": "王小明", "birthdate": "1990-04-23"}, MAPPING, SUBJECT)
    assert not oidc.vouched({"name": "王小明", "birthdate": "1990"}, MAPPING, SUBJECT)
    assert not oidc.vouched({"name": "王小明", "birthdate": "0000-04-23"}, MAPPING, SUBJECT)


def test_only_what_the_provider_vouches_for_is_asked_about() -> None:
    """An accomplice cannot sign in for another person's name or number that the institution put beside their own."""
    claims = {"name": "Accomplice", "birthdate": "1990-04-23", "resident": "A1"}
    names = [{"full": "Accomplice"}, {"full": "Victim"}]
    passport, own, foreign = (
        {"type": kind, "value": value}
        for kind, value in (("passport", "V9"), ("cn-resident-id", "A1"), ("cn-resident-id", "V1"))
    )
    mapping = {"name": "name", "born": "birthdate", "id.cn-resident-id": "resident"}
    subject = {"names": names, "born": "1990-04-23"}
    assert oidc.vouched(claims, mapping, {**subject, "ids": [passport, own]}) == {
        "names": [{"full": "Accomplice"}],
        "born": "1990-04-23",
        "ids": [own],
    }
    assert oidc.vouched(claims, mapping, {**subject, "ids": [foreign]}) is None
    assert oidc.vouched({**claims, "resident": None}, mapping, {**subject, "ids": [{**own, "value": "--"}]}) is None


def test_callback_carries_nothing_personal(person: Person, request_: Request) -> None:
    """A code and a state, and who answers."""
    assert set(parse_qs(urlsplit(sign_in(person, request_)).query)) == {"code", "state", "iss"}
