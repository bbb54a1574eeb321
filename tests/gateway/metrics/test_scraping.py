"""A real deployment, asked by Prometheus: what one process counts and what several count is told by any of them."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gateway.db import db
from gateway.metrics import COUNTED, READ
from tests.databases import Postgres
from tests.gateway.metrics.conftest import Scraped, scrape
from tests.server import HOST, Deployment, free_port, person
from tests.test_many import Cluster
from tests.visitors import Software, wait_for

pytestmark = pytest.mark.slow

BODY = {"policy": "cn/kindergarten", "role": "teacher", "purpose": "hiring", "reference": "ref-1"}
SERIES = {series for metric in (*COUNTED, *READ) for series in metric.series}


def _asked(hr: Software, number: int) -> str:
    subject = person("CLEAN", "Wang Xiaoming", "1990-04-23")
    answer = hr.call("POST", "/v1/checks", {**BODY, "subject": subject}, key=f"key-{number}")
    assert answer.status_code == 201, answer.text
    check_id: str = answer.json()["id"]
    return check_id


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Cluster]:
    """On SQLite, with metrics."""
    made = Cluster(tmp_path / "data", None)
    try:
        yield made
    finally:
        made.kill()
        made.end_everything()


@pytest.fixture
def cluster(tmp_path: Path, postgres: Postgres) -> Iterator[Cluster]:
    """On PostgreSQL: one that serves with two processes, to which workers can be added."""
    with postgres.fresh() as url:
        made = Cluster(tmp_path / "data", url)
        try:
            yield made
        finally:
            made.kill()
            made.end_everything()


def _metrics_at(made: Deployment) -> int:
    port = free_port()
    made.environ["SEALGATE_METRICS"] = f"{HOST}:{port}"
    return port


def test_embedded(deployment: Cluster) -> None:
    """One process: its requests, its work, its registry; nothing at the address that is open to the world."""
    port = _metrics_at(deployment)
    deployment.start()
    hr = deployment.register("Nursery", ["cn/kindergarten"], ("checks:write", "checks:read"))
    desk = deployment.register("The desk", [], ("reviews:decide",), desk=True)
    check_id = _asked(hr, 1)
    with deployment.opened():
        deployment.agree(check_id)
    assert hr.await_end(check_id, desk)["eligible"] is True
    found = wait_for("the counts", lambda: _when(scrape(port), "sealgate_tasks_total", task="checks.run"))
    assert found.sum("sealgate_tasks_total", task="checks.run", result="done") == 1
    assert found.sum("sealgate_registry_asks_total", registry="police", result="answered") == 1
    assert found.sum("sealgate_requests_total", endpoint="/v1/checks", method="POST", status="ok") == 1
    assert found.sum("sealgate_tokens_issued_total") == 2
    assert found.sum("sealgate_ticks_total", task="checks.release", result="done") >= 1
    assert found.sum("sealgate_workers") == found.sum("sealgate_database_readable") == 1
    assert found.sum("sealgate_build_info", database="sqlite") == 1
    assert set(found.samples) <= SERIES
    public = requests.get(f"{deployment.url}/metrics", timeout=10)
    assert public.status_code == 404
    _look_at_the_log(deployment, public.headers["X-Request-Id"])
    hr.close()
    desk.close()


def _when(found: Scraped, series: str, **labels: str) -> Scraped | None:
    return found if found.sum(series, **labels) else None


def _look_at_the_log(deployment: Deployment, request_id: str) -> None:
    log = deployment.log.read_text("utf-8")
    (line,) = [line for line in log.splitlines() if request_id in line]
    assert '"event": "request"' in line
    assert '"status": 404' in line
    assert not re.search(r"/v1/checks|127\.0\.0\.1:\d+.*GET", line)


def test_several_processes_are_one_target(cluster: Cluster) -> None:
    """Two serve, two work: whichever is asked tells the same sums; a worker that is killed stays counted."""
    port = _metrics_at(cluster)
    cluster.environ["SEALGATE_PROCESSES"] = "2"
    cluster.start()
    for _ in range(2):
        cluster.start_worker()
    hr = cluster.register("Nursery", ["cn/kindergarten"], ("checks:write", "checks:read"))
    checks = [_asked(hr, number) for number in range(12)]
    for check_id in checks:
        with cluster.opened():
            cluster.agree(check_id)
    wait_for("the work", lambda: scrape(port).sum("sealgate_tasks_total", task="checks.run", result="done") == 12)
    wait_for("the numbers", lambda: scrape(port).sum("sealgate_workers") == 2)
    assert len(_seen(port)) == 1
    found = scrape(port)
    assert found.sum("sealgate_requests_total", endpoint="/v1/checks", method="POST", status="ok") == 12
    assert found.sum("sealgate_registry_asks_total", result="answered") == 12
    assert len(list((cluster.folder / "metrics").glob("*.life"))) == 4
    killed = cluster.processes[0]
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait(30)
    wait_for("its burial", lambda: scrape(port) and len(list((cluster.folder / "metrics").glob("*.life"))) == 3)
    assert _seen(port) == {(12, 12)}
    wait_for("the worker's death", lambda: scrape(port).sum("sealgate_workers") == 1)
    assert not db.is_open
    hr.close()


def _seen(port: int) -> set[tuple[float, float]]:
    """What several requests see, over connections that the kernel gives to whichever process it likes."""
    scrapes = [scrape(port) for _ in range(8)]
    series = ("sealgate_requests_total", "sealgate_tasks_total")
    labels = ({"endpoint": "/v1/checks", "status": "ok"}, {"task": "checks.run", "result": "done"})
    return {(one.sum(series[0], **labels[0]), one.sum(series[1], **labels[1])) for one in scrapes}
