"""Clients with a secret: how they authenticate, and how often they may fail."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway import clock
from gateway.db import Database
from gateway.oauth.models import Client

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
GRANT = {"grant_type": "client_credentials"}


def ask(software: Any, secret: str | None = None) -> Any:
    """Ask for a token with its secret or with another."""
    headers = {"Authorization": software.basic(secret)}
    return software.http.post("/oauth/token", data=GRANT, headers=headers)


def test_secret_gives_a_token(enrol: Any) -> None:
    """client_secret_basic works for a client that was registered so."""
    hr = enrol(secret=True)
    assert hr.get("/v1/me", hr.token()).get_json()["client_id"] == hr.id


def test_secret_is_kept_as_an_argon2id_hash(enrol: Any, database: Database) -> None:
    """The database holds no secret."""
    hr = enrol(secret=True)
    with database.read() as session:
        row = session.get(Client, hr.id)
        assert row is not None
        assert (row.secret_hash or "").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(hr.secret) == 43


def test_wrong_secret_is_refused(enrol: Any) -> None:
    """401 with a challenge, and nothing of what was sent."""
    answer = ask(enrol(secret=True), "wrong-and-long-enough")
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert "wrong-and" not in answer.get_data(as_text=True)


def test_right_secret_is_no_help_after_it_was_proved_once(enrol: Any) -> None:
    """That a secret was right before does not make another one right."""
    hr = enrol(secret=True)
    assert [ask(hr, secret).status_code for secret in (None, "wrong", None)] == [200, 401, 200]


def test_secret_of_one_client_is_not_anothers(enrol: Any) -> None:
    """Each has its own."""
    one, other = enrol("One", secret=True), enrol("Other", secret=True)
    assert ask(one).status_code == 200
    assert ask(one, other.secret).status_code == 401


def test_client_with_keys_has_no_secret(hr: Any) -> None:
    """A client registered for private_key_jwt cannot fall back to a secret, not even an empty one."""
    for secret in ("x", "None", " "):
        assert ask(hr, secret).status_code == 401


def test_client_with_a_secret_has_no_keys(enrol: Any) -> None:
    """Nor can one with a secret use an assertion."""
    hr = enrol(secret=True)
    answer = hr.ask(hr.assertion())
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    "credentials", ["", "x", "Zm9v", "é", "////", base64.b64encode(b"\xff\xfe:\xff").decode(), "Og==", "OjE=", "a:b"]
)
def test_malformed_basic_is_refused(http: FlaskClient, credentials: str) -> None:
    """Whatever stands in the header, there is an RFC 6749 answer."""
    answer = http.post(
        "/oauth/token", data=GRANT, headers={"Authorization": f"Basic {credentials}".encode().decode("latin1")}
    )
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_secret_in_the_form_is_refused(enrol: Any, http: FlaskClient) -> None:
    """client_secret_post is not offered."""
    hr = enrol(secret=True)
    answer = http.post("/oauth/token", data=GRANT | {"client_id": hr.id, "client_secret": hr.secret})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client")


def test_client_id_may_come_along_and_must_be_the_same(enrol: Any, http: FlaskClient) -> None:
    """Some clients send client_id in the form as well."""
    hr = enrol(secret=True)
    assert hr.ask(client_id=hr.id).status_code == 200
    assert hr.ask(client_id="cli_" + "a" * 26).status_code == 401


def test_failures_are_bounded(enrol: Any) -> None:
    """After ten in a minute, argon2id is not even asked; a minute later it is again."""
    hr = enrol(secret=True)
    with clock.stopped(START) as at:
        assert [ask(hr, f"wrong {n}").status_code for n in range(10)] == [401] * 10
        at.forward(timedelta(seconds=15))
        answer = ask(hr, "wrong")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "45")
        assert answer.get_json()["error"] == "temporarily_unavailable"
        at.forward(timedelta(seconds=45))
        assert [ask(hr, f"wrong {n}").status_code for n in range(11)] == [401] * 10 + [429]


def test_budget_holds_for_a_secret_that_was_never_proved(enrol: Any) -> None:
    """Trying on is not rewarded: once the budget is spent, the right secret waits as well."""
    hr = enrol(secret=True)
    with clock.stopped(START) as at:
        for n in range(10):
            ask(hr, f"wrong {n}")
        assert ask(hr).status_code == 429
        at.forward(timedelta(minutes=1))
        assert ask(hr).status_code == 200


def test_others_failures_do_not_keep_a_client_out(enrol: Any) -> None:
    """A client that has proved its secret goes on while somebody tries secrets in its name, and so do others."""
    hr, other = enrol("One", secret=True), enrol("Other", secret=True)
    assert ask(hr).status_code == 200
    for n in range(12):
        ask(hr, f"wrong {n}")
    assert [ask(hr).status_code, ask(other).status_code] == [200, 200]


def test_success_is_not_counted_as_failure(enrol: Any) -> None:
    """Nine failures, a success, one more failure: that is ten. Thirty tokens in a minute are no attack."""
    hr = enrol(secret=True)
    with clock.stopped(START):
        assert [ask(hr, f"wrong {n}").status_code for n in range(9)] == [401] * 9
        assert {ask(hr).status_code for _ in range(30)} == {200}
        assert [ask(hr, "wrong").status_code for _ in range(2)] == [401, 429]


def test_bad_signatures_are_bounded_and_keep_nobody_out(hr: Any) -> None:
    """Assertions that do not verify end in 429 as well, and one that verifies always passes."""
    with clock.stopped(START):
        bad = [hr.ask(forged(hr)).status_code for _ in range(12)]
        assert bad == [400] * 10 + [429] * 2
        assert hr.ask().status_code == 200


def forged(software: Any) -> str:
    """An assertion whose signature is not its own."""
    head, _, signature = software.assertion().split(".")
    return f"{head}.{software.assertion().split('.')[1]}.{signature}"


def test_new_hash_needs_the_new_secret(enrol: Any, database: Database) -> None:
    """A secret that was proved before is forgotten when the client gets another."""
    hr, other = enrol("One", secret=True), enrol("Other", secret=True)
    assert ask(hr).status_code == 200
    with database.write() as session:
        mine, theirs = session.get(Client, hr.id), session.get(Client, other.id)
        assert mine is not None
        assert theirs is not None
        mine.secret_hash = theirs.secret_hash
    assert [ask(hr).status_code, ask(hr, other.secret).status_code] == [401, 200]
