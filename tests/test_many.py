"""Several processes on one PostgreSQL database: two serve, two work, and what works is killed and stopped meanwhile."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select, text

from gateway import audit, consent, work
from gateway.audit.models import AuditEntry
from gateway.consent.decide import agree
from gateway.db import db
from gateway.work.executors import DEAD_SECONDS
from gateway.work.models import Executor
from tests import tether
from tests.databases import Postgres
from tests.server import HOST, Deployment, free_port, person
from tests.visitors import Software, wait_for

PEOPLE = {
    "BARRED": ("Li Lei", "1990-04-23", False),
    "FORGIVEN": ("Han Mei", "1985-01-02", True),
    "CLEAN": ("Wang Xiaoming", "1990-04-23", True),
}
"""Name, birth date, and whether they may work with children."""

CHECKS = 48
WORKER = "from gateway import worker; worker.run()"

pytestmark = pytest.mark.slow


class Cluster(Deployment):
    """A deployment with as many processes as wanted."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(folder, database_url)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start_everything(self) -> list[str]:
        """Two processes that serve, two that work; returns the URLs of the former."""
        ports = [self.port, free_port()]
        for port in ports:
            self.processes.append(self.run(f"from gateway import serve; serve.run({HOST!r}, {port})"))
        urls = [f"http://{HOST}:{port}" for port in ports]
        for url in urls:
            wait_for("a server", lambda url=url: _ready(url), 90)
        for _ in range(2):
            self.start_worker()
        return urls

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """One more process that works."""
        process = self.run(WORKER)
        self.processes.append(process)
        return process

    def workers(self) -> int:
        """How many processes say that they work."""
        with self.opened(), db.read() as session:
            return session.scalar(select(func.count()).select_from(Executor)) or 0

    def end_everything(self) -> None:
        """kill -9 for what still runs."""
        for process in self.processes:
            tether.kill(process)

    def agree(self, check_id: str) -> None:
        """The subject agrees."""
        with db.write(check_id) as session:
            assert agree(session, consent.decided(session, check_id))


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


@contextmanager
def _cluster(folder: Path, postgres: Postgres) -> Iterator[Cluster]:
    with postgres.fresh() as url:
        cluster = Cluster(folder, url)
        try:
            yield cluster
        finally:
            cluster.end_everything()


@pytest.fixture
def cluster(tmp_path: Path, postgres: Postgres) -> Iterator[Cluster]:
    """A deployment on the server."""
    with _cluster(tmp_path / "data", postgres) as made:
        yield made


def _ask(hr: Software, number: int, urls: list[str]) -> tuple[str, bool]:
    passport = list(PEOPLE)[number % len(PEOPLE)]
    name, born, eligible = PEOPLE[passport]
    body = {"policy": "cn/kindergarten", "role": "teacher", "purpose": "hiring", "reference": f"ref-{number}"}
    hr.url = urls[number % len(urls)]
    answer = hr.call("POST", "/v1/checks", {**body, "subject": person(passport, name, born)}, key=f"key-{number}")
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], eligible


def test_nothing_is_lost_when_workers_die(cluster: Cluster) -> None:
    """One worker is killed, one is stopped for longer than it takes to be held dead: every check has one answer."""
    urls = cluster.start_everything()
    hr = cluster.register("Sunflower Kindergarten", ["cn/kindergarten"], ("checks:write", "checks:read"))
    desk = cluster.register("The desk", [], ("reviews:decide",), desk=True)
    killed, stopped = cluster.processes[-2:]
    expected: dict[str, bool] = {}
    for number in range(CHECKS):
        check_id, eligible = _ask(hr, number, urls)
        expected[check_id] = eligible
        with cluster.opened():
            cluster.agree(check_id)
        if number == CHECKS // 3:
            os.killpg(killed.pid, signal.SIGKILL)
        if number == CHECKS // 2:
            os.killpg(stopped.pid, signal.SIGSTOP)
            cluster.start_worker()
        desk.url = urls[number % 2]
        desk.confirm_all()
    time.sleep(DEAD_SECONDS)
    os.killpg(stopped.pid, signal.SIGCONT)
    for check_id, eligible in expected.items():
        hr.url = urls[0]
        answer = wait_for("the answer", lambda check_id=check_id: _answer(hr, desk, check_id), 120)
        assert answer["eligible"] is eligible
    _look_at_the_books(cluster, expected)
    hr.close()
    desk.close()


def _answer(hr: Software, desk: Software, check_id: str) -> dict[str, object] | None:
    desk.confirm_all()
    check = hr.see(check_id)
    return check if check["status"] == "completed" else None


def _look_at_the_books(cluster: Cluster, expected: dict[str, bool]) -> None:
    """Afterwards every check has one answer in the log, the log fits, and nothing is left to be done."""
    with cluster.opened():
        with db.read() as session:
            answers = session.scalars(select(AuditEntry.about).where(AuditEntry.kind == "answer")).all()
            assert sorted(answers) == sorted(expected)
            agreed = session.scalars(select(AuditEntry.about).where(AuditEntry.kind == "consent.given")).all()
            assert sorted(agreed) == sorted(expected)
            assert audit.verify(session).ok
        assert work.unfinished() == []


def test_a_worker_that_ends_leaves_nothing_behind(cluster: Cluster) -> None:
    """SIGTERM: it finishes what it does, says that it is gone, and its exit status is 0; the other goes on."""
    cluster.environ["SEALGATE_PROCESSES"] = "2"
    cluster.start_everything()
    wait_for("two workers", lambda: cluster.workers() == 2)
    first = cluster.processes[-1]
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0
    assert cluster.workers() == 1
    with cluster.opened(), db.read() as session:
        pending = text("SELECT count(*) FROM dbos.workflow_status WHERE status = 'PENDING' AND executor_id NOT IN ")
        others = text(f"{pending.text}(SELECT id FROM work_executors)")
        wait_for("the end of its work", lambda: session.scalar(others) == 0, 5)
