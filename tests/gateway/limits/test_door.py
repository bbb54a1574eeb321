"""At the door of the API: how a client learns that it calls too often, or that too much waits already."""

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from gateway import limits, work
from gateway.checks.models import Check
from gateway.db import db
from tests.stage import Stage
from tests.visitors import wait_for


@pytest.fixture
def calls_again() -> Any:
    """The limit is the usual one again afterwards."""
    yield
    limits.calls.init(1200)


def test_who_calls_too_often_is_named_in_the_log(make_stage: Any, calls_again: None, lines: Any) -> None:
    """Whoever looks after the gateway can tell the institution."""
    hr = make_stage({"SEALGATE_RATE": "5"}).caller()
    assert hr.get("/v1/roles").status_code == 200
    while hr.get("/v1/roles").status_code != 429:
        pass
    (named,) = [line["client"] for line in lines() if line["event"] == "too_many_calls"]
    assert named.startswith("cli_")


def test_too_many_calls_are_answered_429(make_stage: Any, calls_again: None) -> None:
    """A problem with the seconds to wait; another client goes on; a minute later the first does too."""
    stage: Stage = make_stage({"SEALGATE_RATE": "5"})
    hr, other = stage.caller(), stage.caller(name="Other")
    assert [hr.get("/v1/roles").status_code for _ in range(6)] == [200] * 5 + [429]
    answer = hr.get("/v1/checks")
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "http://localhost:8000/problems/too-many-requests",
        "title": "Too many requests",
        "status": 429,
        "detail": "A client may make 5 calls in a minute.",
    }
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert other.get("/v1/roles").status_code == 200
    stage.forward(minutes=2)
    assert hr.get("/v1/roles").status_code == 200


def test_being_refused_says_nothing_about_a_person(make_stage: Any, calls_again: None) -> None:
    """The same bytes and the same wait for a check that is there, one that is not, one that is answered (promise 1)."""
    stage: Stage = make_stage({"SEALGATE_RATE": "8"})
    hr, desk = stage.caller(), stage.desk()
    for passport in ("CLEAN", "BARRED"):
        stage.agree(hr.asked(passport))
    with db.read() as session:
        ids = [*session.scalars(select(Check.id)), "chk_nothing"]
    stage.settle_reviews(desk)
    stage.forward(days=2)
    while hr.get("/v1/roles").status_code != 429:
        pass
    answers = [hr.get(f"/v1/checks/{check_id}") for check_id in ids]
    assert len({(answer.data, answer.headers["Retry-After"]) for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {429}


def test_who_has_no_token_spends_nothing(make_stage: Any, calls_again: None) -> None:
    """Bad tokens in a client's name do not use up its calls."""
    stage: Stage = make_stage({"SEALGATE_RATE": "3"})
    hr, stranger = stage.caller(), stage.app.test_client()
    for _ in range(10):
        assert stranger.get("/v1/roles", headers={"Authorization": "Bearer rubbish"}).status_code == 401
    assert [hr.get("/v1/roles").status_code for _ in range(3)] == [200] * 3


@pytest.mark.both_databases
def test_new_checks_are_refused_while_too_much_waits(make_stage: Any, calls_again: None) -> None:
    """503, nothing is kept of what was refused; all else goes on; what was accepted is done, and then there is room."""
    stage: Stage = make_stage({"SEALGATE_QUEUE": "3"})
    hr = stage.caller()
    kept = []
    until = time.monotonic() + 30
    while (answer := hr.ask(key=f"key-{len(kept)}")).status_code == 201:
        kept.append(answer.json["id"])  # type: ignore[index]
        assert time.monotonic() < until
        time.sleep(0.2)
    assert answer.status_code == 503
    assert answer.json["type"].endswith("/problems/overloaded")  # type: ignore[index]
    assert int(answer.headers["Retry-After"]) >= 1
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Check)) == len(kept)
    assert hr.see(kept[0])["status"] == "awaiting_consent"
    assert hr.post(f"/v1/checks/{kept[0]}/cancel").status_code == 200
    work.launch(stage.config)
    try:
        wait_for("room", lambda: hr.ask(key=f"key-{len(kept)}").status_code == 201)
    finally:
        work.stop()
    assert all(hr.see(check_id)["status"] for check_id in kept)


def test_the_document_names_both(stage: Stage) -> None:
    """Every call of the API may be refused so, with Retry-After; one that is open counts nobody's calls."""
    http: FlaskClient = stage.app.test_client()
    document = json.loads(http.get("/openapi.json").text)
    calls = [call for path in document["paths"].values() for name, call in path.items() if name != "parameters"]
    assert calls
    for call in calls:
        if call.get("security") != []:
            assert "Retry-After" in call["responses"]["429"]["headers"]
        assert "overloaded" in call["responses"]["503"]["x-problem-types"]
