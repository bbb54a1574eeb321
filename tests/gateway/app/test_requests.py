"""Every request has an id, a line and a count; none of them says more than it should."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from connectors.base import BadAnswer, Unavailable
from gateway import logs, metrics, work
from gateway.checks.run import run
from gateway.db import new_id
from gateway.front.requests import AS_ONE, IN_FULL, Watched
from gateway.problems import KNOWN
from gateway.work import tasks
from tests.databases import tamper
from tests.gateway.metrics.conftest import Scraped, scrape
from tests.server import HOST, free_port
from tests.stage import Stage

REQUEST_ID = re.compile(r"req_[a-z2-7]{26}")
CANARY = "Zhang-San-1990-01-01"

Lines = Callable[[], list[dict[str, Any]]]
Measured = Callable[[], Scraped]


@pytest.fixture
def measured(stage: Stage) -> Iterator[Callable[[], Scraped]]:
    """Metrics are on for the stage."""
    port = free_port()
    metrics.start(replace(stage.config, metrics=(HOST, port)), list)
    yield lambda: scrape(port)
    metrics.stop()


def test_every_answer_has_an_id_of_its_own(stage: Stage) -> None:
    """Pages, JSON, files, refusals, what is not there, and methods that do not fit."""
    caller = stage.caller()
    client = stage.app.test_client()
    answers = [
        *(client.get(path) for path in ("/", "/healthz", "/nothing", "/v1/checks", "/c", "/assets/style.css")),
        client.post("/oauth/token"),
        client.delete("/v1/checks"),
        caller.ask("CLEAN"),
        caller.post("/v1/checks", {"subject": CANARY}),
    ]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert all(REQUEST_ID.fullmatch(one) for one in ids)
    assert len(set(ids)) == len(answers)


@pytest.mark.parametrize("sent", ["req_aaaaaaaaaaaaaaaaaaaaaaaaaa", CANARY, "1f0e8a7c-0000"])
def test_an_id_that_comes_along_is_not_taken(stage: Stage, lines: Lines, sent: str) -> None:
    """Whatever its form: it could be anybody's."""
    answer = stage.app.test_client().get("/healthz", headers={"X-Request-Id": sent})
    assert REQUEST_ID.fullmatch(answer.headers["X-Request-Id"])
    assert answer.headers["X-Request-Id"] != sent
    assert sent not in str(lines())


def test_one_line_for_each_request(stage: Stage, lines: Lines) -> None:
    """Method, endpoint, status, time and id; no path, query, address or header."""
    client = stage.app.test_client()
    client.get(f"/v1/checks/{CANARY}?q={CANARY}", headers={"User-Agent": CANARY, "Authorization": f"Bearer {CANARY}"})
    client.open(f"/{CANARY}", method="ZHANGSAN")
    known, unknown = (line for line in lines() if line["event"] == "request")
    assert set(known) == {
        *("event", "level", "logger", "time", "request", "method", "endpoint", "status", "milliseconds")
    }
    assert (known["method"], known["endpoint"], known["status"]) == ("GET", "reading.check", 401)
    assert (unknown["method"], unknown["endpoint"], unknown["status"]) == ("(withheld)", None, 404)
    assert "ZHANG" not in str(lines()).upper()


def test_lines_of_a_request_have_its_id(stage: Stage, lines: Lines) -> None:
    """What is logged meanwhile carries it; what comes afterwards does not."""
    caller = stage.caller()
    answer = stage.app.test_client().post("/oauth/token", data={"grant_type": "x"})
    logs.get("checks").info("apart")
    written = {line["event"]: line for line in lines()}
    assert written["oauth_refused"]["request"] == answer.headers["X-Request-Id"] == written["request"]["request"]
    assert "request" not in written["apart"]
    assert caller.get("/v1/checks").headers["X-Request-Id"] != answer.headers["X-Request-Id"]


def _failing() -> Client:
    app = Flask("test")
    app.config["PROPAGATE_EXCEPTIONS"] = True

    def broken() -> str:
        raise KeyError(CANARY)

    app.add_url_rule("/broken", "broken", broken)
    return Client(Watched(app.wsgi_app))


def test_a_failure_that_nobody_caught_is_written_down(lines: Lines) -> None:
    """The server in front makes a 500 of it; the line is there all the same."""
    with pytest.raises(KeyError):
        _failing().get("/broken")
    (line,) = lines()
    assert (line["event"], line["status"], line["method"]) == ("request", 500, "GET")


def test_the_incident_is_the_id(stage: Stage, lines: Lines) -> None:
    """One id for what is told, for the header and for the line of the failure."""
    caller = stage.caller()
    check_id = caller.asked()
    tamper(f"UPDATE vault_items SET sealed = zeroblob(200) WHERE owner_id = '{check_id}'")
    answer = caller.get(f"/v1/checks/{check_id}")
    assert answer.status_code == 500
    (line,) = [line for line in lines() if line["event"] == "problem"]
    assert answer.json["incident"] == answer.headers["X-Request-Id"] == line["request"]  # type: ignore[index]


def test_what_is_counted_in_full(stage: Stage, measured: Measured) -> None:
    """The API by template, method and outcome; refusals by type; tokens. What is not there is one endpoint."""
    caller = stage.caller()
    check_id = caller.asked()
    caller.get(f"/v1/checks/{check_id}")
    caller.get(f"/v1/checks/{new_id('chk')}")
    stage.app.test_client().post("/oauth/token", data={"grant_type": "x"})
    for path in (f"/{CANARY}", "/nothing"):
        stage.app.test_client().get(path)
    found = measured()
    one = {"endpoint": "/v1/checks/<check_id>", "method": "GET"}
    assert found.sum("sealgate_requests_total", status="ok", **one) == 1
    assert found.sum("sealgate_requests_total", status="refused", **one) == 1
    assert found.sum("sealgate_request_seconds_count", endpoint=one["endpoint"]) == 2
    assert found.sum("sealgate_requests_total", endpoint="other", status="refused") == 2
    assert found.sum("sealgate_problems_total", type="not-found") == 3
    assert found.sum("sealgate_problems_total", type="unsupported-grant-type") == 1
    assert CANARY not in found.text
    assert check_id not in found.text


def test_every_route_and_type_of_problem_has_a_form(stage: Stage) -> None:
    """Else it would be counted as `other`; and every room is thought about, or counts only what failed."""
    for rule in stage.app.url_map.iter_rules():
        room = rule.endpoint.rpartition(".")[0]
        if room in IN_FULL:
            assert metrics.REQUEST_SECONDS.fit({"endpoint": rule.rule}) == (rule.rule,), rule.rule
        else:
            assert room in {*AS_ONE, "reviews", "receipts", "staff", "desk"}
    for kind in KNOWN:
        assert metrics.PROBLEMS.fit({"type": kind}) == (kind,)
    for task in (*tasks.tasks, *tasks.ticks):
        assert metrics.TICKS.fit({"task": task, "result": "done"})[0] == task


def test_the_pages_of_subjects_are_one(stage: Stage, measured: Measured) -> None:
    """Which page it was, whether something was sent, and why it was refused, are the subject's own."""
    client = stage.app.test_client()
    client.get("/c")
    client.post("/c", data={})
    client.get("/c/some-link")
    found = measured()
    pages = [labels for labels in found.samples["sealgate_requests_total"] if ("endpoint", "pages") in labels]
    assert {dict(labels)["method"] for labels in pages} == {"*"}
    assert found.sum("sealgate_requests_total", endpoint="pages") == 3
    assert "sealgate_problems_total" not in found.samples


@pytest.mark.parametrize("passport", ["BARRED", "UNCLEAR", "FORGIVEN"])
def test_nothing_counted_tells_a_hit_or_a_review(stage: Stage, measured: Measured, passport: str) -> None:
    """A clean person and another: each adds the same to every count, until the institution may read the answer."""
    hr, desk = stage.caller(), stage.desk()
    added = []
    for number, one in enumerate(("CLEAN", "CLEAN", passport)):
        before = measured().samples
        check_id = hr.asked(one, f"key-{number}")
        assert stage.act(check_id)
        run(check_id)
        for review in desk.get("/v1/reviews").json["reviews"]:  # type: ignore[index]
            assert desk.get(f"/v1/reviews/{review['id']}").status_code == 200
        stage.settle_reviews(desk)
        after = measured().samples
        added.append(_difference(before, after))
    assert added[1] == added[2]
    assert added[1]["sealgate_registry_asks_total"], "something was counted"


@pytest.mark.parametrize("failing", [Unavailable("police", "down"), BadAnswer("police", "damaged")])
def test_a_registry_that_answers_rubbish_counts_like_one_that_is_down(
    stage: Stage, measured: Measured, failing: Exception
) -> None:
    """For it may be one person's record that is rubbish."""
    check_id = stage.caller().asked()
    assert stage.act(check_id)
    stage.police.ask = lambda _query: _raise(failing)  # type: ignore[method-assign]
    with pytest.raises(work.Later):
        run(check_id)
    found = measured()
    assert found.labels()["result"] == {"failed"}
    assert found.sum("sealgate_registry_asks_total", registry="police", result="failed") == 1


def _raise(error: Exception) -> Any:
    raise error


def _difference(before: Any, after: Any) -> dict[str, dict[Any, float]]:
    """By how much every sample has grown, but for how long the institution's own request took."""
    return {
        name: {labels: value - before.get(name, {}).get(labels, 0.0) for labels, value in samples.items()}
        for name, samples in after.items()
        if not name.startswith("sealgate_request_seconds") or name.endswith("_count")
    }
