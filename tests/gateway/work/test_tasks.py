import io
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway import clock, logs, work
from gateway.config import Config
from gateway.db import Database, new_id
from gateway.work import engine, executors, tasks

CANARY = "张三 1990-01-01"

pytestmark = pytest.mark.both_databases


class Scene:
    """What the tasks below did and what they are told to do."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.tries: list[str] = []
        self.ticks: list[float] = []
        self.at_once = 0
        self.most_at_once = 0
        self.release = threading.Event()


scene = Scene()


@work.task("test.note")
def note(thing: str) -> None:
    """Is done at once."""
    scene.done.append(thing)


@work.task("test.third")
def third(thing: str) -> None:
    """Is done at the third try."""
    scene.tries.append(thing)
    if scene.tries.count(thing) < 3:
        raise work.Later(0.1)
    scene.done.append(thing)


@work.task("test.fails")
def fails(thing: str) -> None:
    """Fails twice, with a person's data in the message, then is done."""
    scene.tries.append(thing)
    if scene.tries.count(thing) < 3:
        raise ValueError(CANARY)
    scene.done.append(thing)


@work.task("test.waits")
def waits(thing: str) -> None:
    """Is done when it is released."""
    scene.tries.append(thing)
    scene.release.wait(20)
    scene.done.append(thing)


def _says(word: str, *, number: int = 0) -> str | int | None:
    scene.tries.append(word)
    if word == "fail":
        raise ValueError(CANARY)
    if word == "personal":
        return CANARY
    return None if word == "none" else f"said-{word}"


@work.task("test.steps")
def steps(thing: str) -> None:
    """Does several steps."""
    for word in ("one", "none", "fail", "personal"):
        try:
            scene.done.append(str(work.step(_says, word)))
        except (ValueError, TypeError) as error:
            scene.done.append(type(error).__name__)
    with pytest.raises(TypeError):
        work.step(_says, CANARY)
    scene.done.append("end")


@work.every("test.tick", seconds=1)
def tick() -> None:
    """Takes longer than its period and fails."""
    scene.at_once += 1
    scene.most_at_once = max(scene.most_at_once, scene.at_once)
    scene.ticks.append(time.monotonic())
    time.sleep(1.3)
    scene.at_once -= 1
    raise ValueError(CANARY)


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """Logging as in production, on a stream of its own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.setup("warning", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Every test begins with nothing done."""
    scene.__init__()  # type: ignore[misc]
    yield
    scene.release.set()


def until(condition: Callable[[], object], seconds: float = 15.0) -> bool:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _enqueue(database: Database, name: str, thing: str, in_seconds: float | None = None) -> None:
    at = None if in_seconds is None else clock.now() + timedelta(seconds=in_seconds)
    with database.write() as session:
        work.enqueue(session, name, thing, at)


def _table(database: Database, name: str) -> str:
    return name if database.embedded else f"dbos.{name}"


def _stored(database: Database) -> str:
    """Everything that the engine's tables hold, as text."""
    found = []
    with database.read() as session:
        for table in ("workflow_status", "workflow_input", "workflow_output", "operation_outputs"):
            found += [repr(tuple(row)) for row in session.execute(text(f"SELECT * FROM {_table(database, table)}"))]
    return "\n".join(found)


def test_a_task_is_done_once_its_transaction_commits(working: Database) -> None:
    """It starts soon after the commit, and not before."""
    with working.write() as session:
        work.enqueue(session, "test.note", "one")
        time.sleep(0.4)
        assert scene.done == []
    assert until(lambda: scene.done == ["one"], 2)
    assert until(lambda: work.unfinished() == [])


def test_a_task_of_a_transaction_that_rolls_back_is_never_done(working: Database) -> None:
    """The row and its task live or die together."""

    def act() -> None:
        with working.write() as session:
            work.enqueue(session, "test.note", "never")
            raise KeyError

    with pytest.raises(KeyError):
        act()
    _enqueue(working, "test.note", "after")
    assert until(lambda: scene.done)
    time.sleep(0.3)
    assert scene.done == ["after"]
    assert work.unfinished() == []


def test_a_delayed_task_waits_for_its_time(working: Database) -> None:
    """It is not done before its time and soon after it; a time that is past means at once."""
    _enqueue(working, "test.note", "past", -5)
    begun = time.monotonic()
    _enqueue(working, "test.note", "future", 1.5)
    assert until(lambda: scene.done == ["past"], 1.2)
    assert until(lambda: "future" in scene.done)
    assert 1.5 <= time.monotonic() - begun < 4


def test_the_same_task_enqueued_again_runs_once(working: Database) -> None:
    """Same name, id and time is the same task, in one transaction, in another, and when it has run already."""
    at = clock.now() + timedelta(seconds=0.2)
    for _ in range(2):
        with working.write() as session:
            for _ in range(2):
                work.enqueue(session, "test.note", "now")
                work.enqueue(session, "test.note", "timed", at)
    assert until(lambda: len(scene.done) == 2)
    with working.write() as session:
        work.enqueue(session, "test.note", "now")
        work.enqueue(session, "test.note", "timed", at)
    time.sleep(1.5)
    assert sorted(scene.done) == ["now", "timed"]


def test_another_id_or_time_is_another_task(working: Database) -> None:
    """Each id, and each time for one id, is done."""
    at = clock.now()
    with working.write() as session:
        work.enqueue(session, "test.note", "a", at)
        work.enqueue(session, "test.note", "a", at + timedelta(milliseconds=1))
        work.enqueue(session, "test.note", "b", at)
        work.enqueue(session, "test.note", "a")
    assert until(lambda: sorted(scene.done) == ["a", "a", "a", "b"])


def test_later_means_again_and_holds_no_thread(database: Database, environ: dict[str, str]) -> None:
    """A task that cannot be done yet is tried again, and meanwhile the only worker does something else."""
    work.launch(Config.from_env({**environ, "SEALGATE_THREADS": "1"}))
    try:
        _enqueue(database, "test.third", "slow")
        assert until(lambda: scene.tries)
        _enqueue(database, "test.note", "quick")
        assert until(lambda: scene.done == ["quick", "slow"])
        assert scene.tries == ["slow"] * 3
        assert until(lambda: work.unfinished() == [])
    finally:
        work.stop()


def test_a_failing_task_is_tried_until_it_is_done(working: Database, log: io.StringIO) -> None:
    """An unforeseen error loses nothing, and its message is stored nowhere; nor is anything but ids."""
    thing = new_id("chk")
    _enqueue(working, "test.fails", thing)
    assert until(lambda: scene.done == [thing])
    assert scene.tries == [thing] * 3
    assert until(lambda: work.unfinished() == [])
    stored = _stored(working)
    assert thing in stored
    assert CANARY not in stored
    assert "ValueError" not in stored
    if working.embedded:
        data = Path(str(working.engine.url.database)).parent
        assert not [path for path in data.iterdir() if CANARY.encode() in path.read_bytes()]
    lines = [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "task_failed"]
    assert [(line["task"], line["about"], line["attempt"], line["error"]) for line in lines] == [
        ("test.fails", thing, attempt, "ValueError") for attempt in (1, 2)
    ]
    assert CANARY not in log.getvalue()


def test_the_engine_logs_through_our_door_only(working: Database) -> None:
    """DBOS has not put up a handler of its own, which would print messages."""
    library = logging.getLogger("dbos")
    assert all(isinstance(handler, logging.NullHandler) for handler in library.handlers)
    assert library.propagate


def test_what_the_engine_stores_is_plain_json(working: Database) -> None:
    """No pickle is in the engine's tables, which would be code for whoever can write them."""
    _enqueue(working, "test.note", "one")
    assert until(lambda: work.unfinished() == [] and scene.done)
    with working.read() as session:
        status, kept = _table(working, "workflow_status"), _table(working, "workflow_input")
        kinds = set(session.execute(text(f"SELECT serialization FROM {status} WHERE name = 'sealgate.task'")))
        row = session.execute(text(f"SELECT inputs FROM {kept} WHERE workflow_uuid = 'test.note/one/now'"))
        inputs = json.loads(row.scalar_one())
    assert kinds == {("portable_json",)}
    assert inputs == {"positionalArgs": ["test.note", "one", "now", 0, 0], "namedArgs": {}}


def test_steps_give_results_and_errors_through_and_store_neither_data_nor_messages(working: Database) -> None:
    """A step's result and exception reach the task; results that are not plain are refused; stored is the class."""
    _enqueue(working, "test.steps", "one")
    assert until(lambda: scene.done and scene.done[-1] == "end")
    assert scene.done == ["said-one", "None", "ValueError", "TypeError", "end"]
    stored = _stored(working)
    assert "said-one" in stored
    assert "ValueError" in stored
    assert CANARY not in stored


def test_a_step_outside_a_task_is_a_call() -> None:
    """A function that uses steps can be called directly, under the same rules."""
    assert work.step(_says, "one") == "said-one"
    with pytest.raises(TypeError):
        work.step(_says, "personal")


def test_a_periodic_task_runs_again_and_never_beside_itself(working: Database) -> None:
    """It runs on although it fails and takes longer than its period, one run at a time."""
    assert until(lambda: len(scene.ticks) >= 3, 20)
    assert scene.most_at_once == 1
    assert CANARY not in _stored(working)


def test_stopping_lets_what_runs_finish(database: Database, config: Config) -> None:
    """A task that ends in time is done when stop returns."""
    work.launch(config)
    assert work.running()
    _enqueue(database, "test.waits", "one")
    assert until(lambda: scene.tries == ["one"])
    threading.Timer(2.5, scene.release.set).start()
    work.stop(wait=10)
    assert scene.done == ["one"]
    assert not work.running()
    assert work.unfinished() == []


def test_what_was_not_begun_is_done_after_the_next_start(database: Database, config: Config) -> None:
    """Tasks enqueued while nothing runs wait in the database."""
    _enqueue(database, "test.note", "one")
    assert work.unfinished() == ["test.note/one/now"]
    for _ in range(2):
        work.launch(config)
        assert until(lambda: scene.done == ["one"])
        work.stop()


def test_one_process_launches_once(working: Database, config: Config) -> None:
    """A second launch of the same data folder is refused and leaves the first at work."""
    with pytest.raises(work.AlreadyRunning):
        work.launch(config)
    _enqueue(working, "test.note", "one")
    assert until(lambda: scene.done == ["one"])


def test_finished_tasks_are_forgotten_after_a_while(working: Database) -> None:
    """The engine's tables do not grow for ever; what is recent or not done stays."""
    _enqueue(working, "test.note", "old")
    _enqueue(working, "test.note", "recent")
    _enqueue(working, "test.note", "waiting", 3600)
    assert until(lambda: len(scene.done) == 2 and len(work.unfinished()) == 1)
    with working.write() as session:
        session.execute(
            text(
                f"UPDATE {_table(working, 'workflow_status')} SET completed_at = completed_at - 8 * 86400000 "
                "WHERE workflow_uuid = 'test.note/old/now'"
            )
        )
    engine.sweep()
    stored = _stored(working)
    assert "test.note/old/" not in stored
    assert "test.note/recent/" in stored
    assert len(work.unfinished()) == 1


def test_a_task_stranded_by_a_failing_disk_is_taken_up_again(working: Database) -> None:
    """A row that says running, while nothing here runs it, is enqueued again after a while."""
    _enqueue(working, "test.note", "one")
    assert until(lambda: work.unfinished() == [] and scene.done)
    with working.write() as session:
        session.execute(
            text(
                f"UPDATE {_table(working, 'workflow_status')} SET status = 'PENDING', completed_at = NULL, "
                "started_at_epoch_ms = started_at_epoch_ms - 600000 WHERE workflow_uuid = 'test.note/one/now'"
            )
        )
    executors.take_up_stranded()
    assert until(lambda: scene.done == ["one", "one"])
    assert until(lambda: work.unfinished() == [])


def test_what_really_runs_is_left_alone(working: Database) -> None:
    """A task that really runs is not begun a second time, however long it takes."""
    _enqueue(working, "test.waits", "one")
    assert until(lambda: scene.tries == ["one"])
    with working.write() as session:
        status = _table(working, "workflow_status")
        session.execute(text(f"UPDATE {status} SET started_at_epoch_ms = started_at_epoch_ms - 600000"))
    executors.take_up_stranded()
    time.sleep(1.5)
    scene.release.set()
    assert until(lambda: work.unfinished() == [])
    assert scene.tries == scene.done == ["one"]


@pytest.mark.parametrize("thing", [CANARY, "a b", "", "x" * 200, 1.5, 7, None, ["a"]])
def test_what_is_not_an_id_is_not_enqueued(database: Database, thing: Any) -> None:
    """Prose, names and structures are refused without being repeated in the message."""

    def act() -> None:
        with database.write() as session:
            work.enqueue(session, "test.note", thing)

    with pytest.raises(TypeError) as refused:
        act()
    assert CANARY not in str(refused.value)


def test_an_unknown_task_is_refused_when_it_is_enqueued(database: Database) -> None:
    """A typing mistake is found at once, not later."""

    def act() -> None:
        with database.write() as session:
            work.enqueue(session, "test.nowhere", "one")

    with pytest.raises(LookupError, match="nowhere"):
        act()


@pytest.mark.parametrize("seconds", [0, -1, 7, 61, 90, 5400, 25 * 3600])
def test_a_period_that_no_clock_has_is_refused(seconds: int) -> None:
    """Only periods that divide a minute, an hour or a day can be kept."""
    with pytest.raises(ValueError, match="divide"):
        work.every("test.odd", seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "crontab"),
    [
        (1, "*/1 * * * * *"),
        (30, "*/30 * * * * *"),
        (60, "0 */1 * * * *"),
        (3600, "0 0 */1 * * *"),
        (86400, "0 0 0 * * *"),
    ],
)
def test_periods_become_crontab_lines(seconds: int, crontab: str) -> None:
    """Seconds, minutes, hours and days are written as a crontab line."""
    work.every("test.period", seconds=seconds)(_nothing)
    assert tasks.ticks.pop("test.period").crontab == crontab


def _nothing() -> None:
    pass


def test_a_name_is_taken_once() -> None:
    """Two functions cannot do the same task."""
    with pytest.raises(ValueError, match="already"):
        work.task("test.note")(third)
    with pytest.raises(ValueError, match="words"):
        work.task("Not a name")(third)
    work.task("test.note")(note)
