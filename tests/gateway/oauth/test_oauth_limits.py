"""How much a process, and all of them together, do for those who want a token."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from gateway import clock, limits
from gateway.limits import Gate, Lane
from gateway.oauth import secret
from gateway.oauth.failures import LIMIT, Failures
from gateway.oauth.routes import EXTENSION

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def few_calls() -> Any:
    """Five calls a minute; the usual number afterwards."""
    limits.calls.init(5)
    yield
    limits.calls.init(1200)


def ask(software: Any, wrong: str | None = None) -> Any:
    """Ask for a token with its secret or with another."""
    return software.http.post("/oauth/token", data=GRANT, headers={"Authorization": software.basic(wrong)})


def test_secrets_are_checked_few_at_a_time(enrol: Any, app: Flask) -> None:
    """With no place free: 503, and when to come back; no failure is counted, no secret is checked."""
    hr, gate = enrol(secret=True), Gate(1, {"hashing": Lane(1, 0)})
    method = secret.SecretBasic(Failures(), gate)
    app.extensions[EXTENSION].register_client_auth_method(secret.METHOD, method)
    assert gate.enter("hashing")
    with clock.stopped(START):
        for wrong in (None, *["wrong"] * 20):
            answer = ask(hr, wrong)
            assert (answer.status_code, answer.get_json()["error"]) == (503, "temporarily_unavailable")
            assert 1 <= int(answer.headers["Retry-After"]) <= 5
        gate.leave("hashing")
        assert ask(hr, "wrong").status_code == 401
        assert ask(hr).status_code == 200
        assert gate.enter("hashing")
        assert ask(hr).status_code == 200, "a secret that was proved before needs no place"


@pytest.mark.both_databases
def test_failures_are_counted_over_all_processes(enrol: Any) -> None:
    """Two processes have one budget, and give back to one."""
    hr, one, other = enrol(), Failures(), Failures()
    with clock.stopped(START) as at:
        assert [failures.spend(hr.id) for _ in range(5) for failures in (one, other)] == [0] * LIMIT.amount
        at.forward(timedelta(seconds=10))
        assert [one.spend(hr.id), other.spend(hr.id)] == [50, 50]
        at.forward(timedelta(seconds=50))
        assert [one.spend(hr.id), other.spend(hr.id)] == [0, 0]
        one.refund(hr.id)
        assert [one.spend(hr.id) for _ in range(10)] == [0] * 9 + [60]


@pytest.mark.both_databases
def test_tokens_are_calls_too(enrol: Any, few_calls: None) -> None:
    """429 in OAuth's form when the client has no calls left; the assertion is not used up by it."""
    hr, other = enrol("One"), enrol("Other", secret=True)
    with clock.stopped(START) as at:
        assert [hr.ask().status_code for _ in range(5)] == [200] * 5
        assertion = hr.assertion(exp=int((START + timedelta(minutes=5)).timestamp()))
        answer = hr.ask(assertion)
        assert (answer.status_code, answer.get_json()["error"]) == (429, "temporarily_unavailable")
        assert answer.headers["Retry-After"] == "60"
        assert [ask(other).status_code for _ in range(6)] == [200] * 5 + [429]
        at.forward(timedelta(seconds=59))
        assert hr.ask(assertion).status_code == 429
        at.forward(timedelta(minutes=2))
        assert [hr.ask(assertion).status_code for _ in range(2)] == [200, 400]
