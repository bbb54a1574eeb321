"""What workers on one PostgreSQL server know of each other: who lives, who goes on for whom, whose turn it is."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from gateway import work
from gateway.config import Config
from gateway.db import Database
from gateway.work import executors
from gateway.work.models import Executor, Turn
from gateway.work.queue import here

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

done: list[str] = []


@work.task("executors.note")
def note(thing: str) -> None:
    """Is done at once."""
    done.append(thing)


@pytest.fixture
def worker(database: Database, config: Config) -> Iterator[str]:
    """This process, at work; its id."""
    done.clear()
    work.launch(config)
    yield here.executor_id
    work.stop()


def _until_done(times: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if len(done) >= times and not work.unfinished():
            return True
        time.sleep(0.02)
    return False


def _seen(database: Database, executor_id: str, *, since: int, seen: int) -> None:
    """Make it so that a process was first seen and last seen so many seconds ago."""
    with database.write() as session:
        session.execute(text("DELETE FROM work_executors WHERE id = :id"), {"id": executor_id})
        ago = "timezone('UTC', now()) - make_interval(secs => {})"
        row = f"INSERT INTO work_executors (id, since, seen_at) VALUES (:id, {ago.format(since)}, {ago.format(seen)})"
        session.execute(text(row), {"id": executor_id})


def _left_by(database: Database, executor_id: str) -> None:
    """One task that was done here, put back as if another process were in the midst of it."""
    with database.write() as session:
        work.enqueue(session, "executors.note", "one")
    assert _until_done(1)
    with database.write() as session:
        session.execute(
            text(
                "UPDATE dbos.workflow_status SET status = 'PENDING', completed_at = NULL, executor_id = :id "
                "WHERE workflow_uuid = 'executors.note/one/now'"
            ),
            {"id": executor_id},
        )


def test_the_work_of_a_dead_process_is_taken_over_once(database: Database, worker: str) -> None:
    """It is enqueued again, in its own queue, and the dead one is forgotten."""
    _left_by(database, "exe_dead")
    _seen(database, "exe_dead", since=60, seen=11)
    _seen(database, worker, since=60, seen=0)
    assert executors.take_over() == 1
    assert _until_done(2)
    assert executors.take_over() == 0
    assert done == ["one", "one"]
    with database.read() as session:
        assert session.scalars(select(Executor.id)).all() == [worker]
        queue = text("SELECT queue_name FROM dbos.workflow_status WHERE workflow_uuid = 'executors.note/one/now'")
        assert session.scalar(queue) == "sealgate"


def test_work_of_which_nobody_knows_the_process_is_taken_over(database: Database, worker: str) -> None:
    """A process that was forgotten, or that died before it had said anything, leaves nothing lying."""
    _left_by(database, "exe_unknown")
    _seen(database, worker, since=60, seen=0)
    assert executors.take_over() == 1
    assert _until_done(2)


def test_the_work_of_the_living_is_theirs(database: Database, worker: str) -> None:
    """However long it takes."""
    _left_by(database, "exe_other")
    _seen(database, "exe_other", since=60, seen=8)
    _seen(database, worker, since=60, seen=0)
    assert executors.take_over() == 0
    assert done == ["one"]


def test_after_an_outage_nobody_is_held_dead_at_once(database: Database, worker: str) -> None:
    """Whoever was silent itself a moment ago cannot say of others that they are dead."""
    _left_by(database, "exe_other")
    _seen(database, "exe_other", since=600, seen=60)
    _seen(database, worker, since=600, seen=60)
    executors.beat()
    assert executors.take_over() == 0
    with database.read() as session:
        gap = session.scalar(select(func.timezone("UTC", func.now()) - Executor.since).where(Executor.id == worker))
    assert gap is not None
    assert gap.total_seconds() < 5


def test_only_one_takes_over_at_a_time(database: Database, worker: str) -> None:
    """While another is about it, this one does not even wait."""
    _left_by(database, "exe_dead")
    _seen(database, worker, since=60, seen=0)
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(executors.take_over()))
    with database.attempt("work.take-over") as session:
        assert session is not None
        thread.start()
        thread.join(5)
        assert taken == [0]
    assert executors.take_over() == 1


def test_a_periodic_task_has_one_turn_among_all(database: Database, worker: str) -> None:
    """Not while another that lives has it; when that one is dead, or has ended it, it is free."""
    _seen(database, "exe_other", since=60, seen=1)
    with database.write() as session:
        session.add(Turn(task="test.turn", executor_id="exe_other"))
    with executors.turn("test.turn") as mine:
        assert not mine
    _seen(database, "exe_other", since=60, seen=11)
    with executors.turn("test.turn") as mine:
        assert mine
        with database.read() as session:
            assert session.get_one(Turn, "test.turn").executor_id == worker
    with database.read() as session:
        assert session.get_one(Turn, "test.turn").executor_id is None


def test_one_that_was_only_slow_ends_nobody_elses_turn(database: Database, worker: str) -> None:
    """Its turn was taken meanwhile, and stays with whom it is."""
    with executors.turn("test.turn") as mine, database.write() as session:
        assert mine
        session.get_one(Turn, "test.turn").executor_id = "exe_other"
    with database.read() as session:
        assert session.get_one(Turn, "test.turn").executor_id == "exe_other"


def test_a_turn_that_could_not_be_given_back_is_given_back_by_the_next_beat(database: Database, worker: str) -> None:
    """The database failed just then: nobody else could take the turn as long as this process lives."""
    rename = "ALTER TABLE {} RENAME TO {}"
    with pytest.raises(SQLAlchemyError), executors.turn("test.turn"):
        tamper_with(database, rename.format("work_turns", "gone"))
    tamper_with(database, rename.format("gone", "work_turns"))
    with database.read() as session:
        assert session.get_one(Turn, "test.turn").executor_id == worker
    executors.beat()
    with database.read() as session:
        assert session.get_one(Turn, "test.turn").executor_id is None
    with executors.turn("test.turn") as mine:
        executors.beat()
        assert mine
        with database.read() as session:
            assert session.get_one(Turn, "test.turn").executor_id == worker


def tamper_with(database: Database, statement: str) -> None:
    """Run a statement on the server."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_process_that_ends_says_so(database: Database, config: Config) -> None:
    """Afterwards nobody is seen, and a second start has another id."""
    work.launch(config)
    first = here.executor_id
    work.stop()
    with database.read() as session:
        assert session.scalars(select(Executor.id)).all() == []
    work.launch(config)
    assert here.executor_id not in ("", first)
    work.stop()
