"""Far above capacity: the server says that it lives, sends away politely, keeps what it has taken, and recovers."""

import http.client
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from gateway import work
from gateway.checks.models import Check
from gateway.db import db
from tests.server import HOST, Deployment, person
from tests.visitors import PATIENCE_SECONDS, Software, Subject, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]

CROWD = 200
SECONDS = 8.0
ALIVE_SECONDS = 5.0
"""A supervisor that waits longer than this would kill the process."""

BODY = {
    "policy": "cn/kindergarten",
    "role": "teacher",
    "purpose": "hiring",
    "reference": None,
    "subject": person("CLEAN", "Wang Xiaoming", "1990-04-23"),
}


@pytest.fixture
def deployment(tmp_path: Path, database_url: str | None) -> Iterator[Deployment]:
    """One serving process with few places; on PostgreSQL a worker beside it."""
    made = Deployment(tmp_path / "data", database_url)
    made.environ |= {"SEALGATE_THREADS": "4", "SEALGATE_RATE": "1000000"}
    made.start()
    worker = None if database_url is None else made.run("from gateway import worker; worker.run()")
    yield made
    made.kill()
    if worker is not None:
        worker.kill()
        worker.wait(30)


class Crowd:
    """Many who all ask for checks at the same time, again and again, without heeding what they are told."""

    def __init__(self, port: int, authorization: str) -> None:
        self.port = port
        self.authorization = authorization
        self.until = time.monotonic() + SECONDS
        self.seen: Counter[int] = Counter()
        self.kept: list[str] = []
        self.wrong: list[str] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._one, daemon=True) for _ in range(CROWD)]
        for thread in self._threads:
            thread.start()

    def go(self) -> None:
        """Wait until all have gone."""
        for thread in self._threads:
            thread.join(SECONDS + PATIENCE_SECONDS)
            assert not thread.is_alive(), "a request was never answered"

    def _one(self) -> None:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
        while time.monotonic() < self.until:
            try:
                self._ask(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test says it
                with self._lock:
                    self.wrong.append(repr(error))
                connection.close()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
        headers["Idempotency-Key"] = secrets.token_hex(8)
        connection.request("POST", "/v1/checks", json.dumps(BODY), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        with self._lock:
            self.seen[answer.status] += 1
            if answer.status == 201:
                self.kept.append(json.loads(text)["id"])
            elif not _polite(answer, text):
                self.wrong.append(f"{answer.status} {answer.headers} {text}")


def _polite(answer: http.client.HTTPResponse, text: str) -> bool:
    """Sent away with the time to come back, and without a word about anybody."""
    said = json.loads(text)
    in_form = answer.headers["Content-Type"] == "application/problem+json" and set(said) <= {"type", "title", "status"}
    return answer.status in (429, 503) and int(answer.headers["Retry-After"]) >= 1 and in_form


def _look_around(url: str, until: float) -> list[tuple[int, int]]:
    """What a supervisor and a subject see meanwhile. Raises where an answer does not come."""
    seen = []
    while time.monotonic() < until:
        alive = requests.get(f"{url}/healthz", timeout=ALIVE_SECONDS).status_code
        page = requests.get(f"{url}/c", timeout=PATIENCE_SECONDS).status_code
        seen.append((alive, page))
        time.sleep(0.2)
    return seen


def _kept(deployment: Deployment) -> list[str]:
    with deployment.opened(), db.read() as session:
        return list(session.scalars(select(Check.id)))


def test_far_above_capacity_nothing_breaks_and_nothing_is_lost(deployment: Deployment) -> None:
    """Two hundred at once on one process with four places: 201 means kept, and nothing else was done."""
    hr = deployment.register("Sunflower", ["cn/kindergarten"], ("checks:write", "checks:read"))
    assert hr.session is not None
    assert hr.call("GET", "/v1/roles").ok
    crowd = Crowd(deployment.port, f"Bearer {hr.session.token['access_token']}")
    seen = _look_around(deployment.url, crowd.until)
    crowd.go()
    assert crowd.wrong == []
    assert set(seen) == {(200, 200)}
    assert crowd.seen[503] > 0
    assert crowd.seen[201] > 0
    assert sorted(_kept(deployment)) == sorted(crowd.kept)
    _recovers(deployment, hr, crowd.kept[-1])
    hr.close()


def _recovers(deployment: Deployment, hr: Software, check_id: str) -> None:
    """Afterwards it is as before: new checks are taken, and what was accepted is brought to its end."""
    made = wait_for("room", lambda: _asked(hr))
    assert hr.see(check_id)["status"] == "awaiting_consent"
    subject = Subject(deployment.outbox)
    subject.decide(made["consent"]["url"], "Wang Xiaoming", "1990-04-23")
    subject.close()
    answer = wait_for("the answer", lambda: _completed(hr.see(made["id"])), 120)
    assert answer["eligible"] is True
    with deployment.opened():
        wait_for(
            "the end of all work", lambda: all(task.startswith("consent.expire/") for task in work.unfinished()), 120
        )


def _asked(hr: Software) -> dict[str, Any] | None:
    answer = hr.call("POST", "/v1/checks", BODY)
    made: dict[str, Any] | None = answer.json() if answer.status_code == 201 else None
    return made


def _completed(check: dict[str, Any]) -> dict[str, Any] | None:
    return check if check["status"] == "completed" else None


def test_bad_tokens_leave_room_for_good_ones(deployment: Deployment) -> None:
    """Two hundred who try tokens: one client that was let in before is served, in good time, every time."""
    hr = deployment.register("Sunflower", ["cn/kindergarten"], ("checks:write", "checks:read"))
    assert hr.session is not None
    token = hr.session.token["access_token"]
    assert hr.call("GET", "/v1/roles").ok
    crowd = Strangers(deployment.port, f"Bearer {token[:-8]}AAAAAAAA")
    served = [hr.call("GET", "/v1/checks").status_code for _ in range(20)]
    seen = _look_around(deployment.url, crowd.until)
    crowd.go()
    assert crowd.wrong == []
    assert set(crowd.seen) <= {401, 503}
    assert crowd.seen[401] > 0
    assert set(served) == {200}
    assert set(seen) == {(200, 200)}
    hr.close()


class Strangers(Crowd):
    """A crowd with a token that looks good, and whose signature does not."""

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        connection.request("GET", "/v1/checks", headers={"Authorization": self.authorization})
        answer = connection.getresponse()
        text = answer.read().decode()
        with self._lock:
            self.seen[answer.status] += 1
            if answer.status != 401 and not _polite(answer, text):
                self.wrong.append(f"{answer.status} {answer.headers} {text}")
