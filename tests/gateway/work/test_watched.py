"""Tasks and periodic tasks as those who watch see them: counted by how they ended, with their name on every line."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway import logs, metrics, work
from gateway.config import Config
from gateway.db import Database, new_id
from tests.gateway.metrics.conftest import Scraped, scrape
from tests.server import HOST, free_port
from tests.visitors import wait_for

pytestmark = pytest.mark.both_databases

tries: dict[str, int] = {}


@work.task("test.watched")
def watched(thing: str) -> None:
    """Fails, is too early, is done."""
    tries[thing] = tries.get(thing, 0) + 1
    logs.get("test").warning("tried", count=tries[thing])
    if tries[thing] == 1:
        raise ValueError
    if tries[thing] == 2:
        raise work.Later(0.1)


@work.every("test.beats", seconds=1)
def beats() -> None:
    """Is done every second."""
    logs.get("test").warning("beaten")


@pytest.fixture
def measured(config: Config) -> Iterator[Callable[[], Scraped]]:
    """Metrics are on."""
    port = free_port()
    metrics.start(replace(config, metrics=(HOST, port)), list)
    yield lambda: scrape(port)
    metrics.stop()


def test_what_became_of_tasks(
    database: Database, config: Config, measured: Callable[[], Scraped], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """Each try counts once, as done, failed or again, with how long it took; each line of a task has its name."""
    work.launch(config)
    try:
        with database.write() as session:
            work.enqueue(session, "test.watched", new_id("chk"))
        wait_for("the end", lambda: measured().sum("sealgate_tasks_total", task="test.watched", result="done"))
        wait_for("a tick", lambda: measured().sum("sealgate_ticks_total", task="test.beats", result="done"))
    finally:
        work.stop()
    found = measured()
    for result in ("done", "failed", "again"):
        assert found.sum("sealgate_tasks_total", task="test.watched", result=result) == 1
    assert found.sum("sealgate_task_seconds_count", task="test.watched") == 3
    assert [line["task"] for line in lines() if line["event"] == "tried"] == ["test.watched"] * 3
    assert {line["task"] for line in lines() if line["event"] == "beaten"} == {"test.beats"}
