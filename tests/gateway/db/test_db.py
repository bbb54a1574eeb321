import fcntl
import multiprocessing
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, exc, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.db import Database, UtcDateTime, new_id
from gateway.db import sqlite as sqlite_room


class Own(DeclarativeBase):
    """Tables of these tests, apart from the product's."""


class Note(Own):
    """A row to write."""

    __tablename__ = "notes"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    """A database of its own with one table."""
    database = Database()
    database.init(f"sqlite:///{tmp_path / 'data' / 'test.sqlite'}")
    Own.metadata.create_all(database.engine)
    yield database
    database.close()


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Note)) or 0


def _pragma(database: Database, name: str) -> object:
    with database.read() as session:
        return session.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 30000),
        ("wal_autocheckpoint", 0),
        ("secure_delete", 1),
    ],
)
def test_connections_are_durable_and_strict(opened: Database, pragma: str, value: object) -> None:
    """Every connection has the settings that durability and shredding rest on."""
    assert _pragma(opened, pragma) == value


def test_a_write_commits_at_its_end_or_not_at_all(opened: Database) -> None:
    """An exception takes everything of the transaction back."""

    def write(*, fail: bool) -> None:
        with opened.write() as session:
            session.add(Note(id=str(fail)))
            session.flush()
            if fail:
                raise KeyError

    with pytest.raises(KeyError):
        write(fail=True)
    assert _count(opened) == 0
    write(fail=False)
    assert _count(opened) == 1


def test_a_read_sees_one_moment(opened: Database) -> None:
    """What is committed while a read session is open is not seen by it."""
    with opened.read() as session:
        assert session.scalar(select(func.count()).select_from(Note)) == 0
        with opened.write() as writing:
            writing.add(Note(id="one"))
        assert session.scalar(select(func.count()).select_from(Note)) == 0
    assert _count(opened) == 1


def test_a_read_session_that_wrote_is_refused(opened: Database) -> None:
    """Adding in a read session is a mistake that is told, not lost."""

    def write_in_read() -> None:
        with opened.read() as session:
            session.add(Note(id="lost"))

    with pytest.raises(RuntimeError, match="use db"):
        write_in_read()
    assert _count(opened) == 0


def test_a_write_inside_a_write_is_told_at_once(opened: Database) -> None:
    """It would wait for itself; it fails at once instead, and the right to write is free afterwards."""

    def nested() -> None:
        with opened.write(), opened.write():
            pass

    with pytest.raises(RuntimeError, match="inside another"):
        nested()
    with opened.write() as session:
        session.add(Note(id="one"))
    assert _count(opened) == 1


def test_threads_that_read_and_then_write_all_succeed(opened: Database) -> None:
    """Reading before writing in one transaction never fails for another writer."""
    failed: list[Exception] = []

    def work(thread: int) -> None:
        try:
            for number in range(25):
                with opened.write() as session:
                    session.scalar(select(func.count()).select_from(Note))
                    session.add(Note(id=f"{thread}-{number}"))
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert _count(opened) == 200


def _write_notes(url: str, name: str, count: int) -> None:
    database = Database()
    database.init(url)
    for number in range(count):
        with database.write() as session:
            session.scalar(select(func.count()).select_from(Note))
            session.add(Note(id=f"{name}-{number}"))
    database.close()


def test_processes_that_read_and_then_write_all_succeed(opened: Database) -> None:
    """The lock file keeps writers of several processes in line."""
    url = str(opened.engine.url)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_write_notes, args=(url, str(number), 60)) for number in range(2)]
    for process in processes:
        process.start()
    _write_notes(url, "here", 60)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert _count(opened) == 180


def test_the_log_is_folded_in_by_a_writer_and_stays_small(opened: Database) -> None:
    """With automatic checkpoints off, the writer that has grown the log too far makes one."""
    wal = Path(f"{opened.engine.url.database}-wal")
    peak = 0
    for batch in range(60):
        with opened.write() as session:
            session.add_all(Note(id=f"{batch}-{number}-{'x' * 300}") for number in range(300))
        peak = max(peak, wal.stat().st_size)
    assert peak < 2 * sqlite_room.CHECKPOINT_BYTES
    assert Path(str(opened.engine.url.database)).stat().st_size > sqlite_room.CHECKPOINT_BYTES
    assert _count(opened) == 18_000
    with opened.read() as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_write_waits_for_its_turn(opened: Database) -> None:
    """A second writer waits for the first, and goes on when it has finished."""
    holding, order = threading.Event(), []

    def hold() -> None:
        with opened.write() as session:
            holding.set()
            time.sleep(0.2)
            session.add(Note(id="first"))
            order.append("first")

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait()
    with opened.write() as session:
        order.append("second")
        assert session.get(Note, "first") is not None
    thread.join()
    assert order == ["first", "second"]


def test_a_write_locks_out_programs_that_know_no_lock_file(opened: Database) -> None:
    """From its first moment a write transaction has SQLite's own lock too."""
    other = sqlite3.connect(str(opened.engine.url.database), timeout=0, isolation_level=None)
    try:
        with opened.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    finally:
        other.close()


def test_a_write_waits_for_the_lock_file_of_another_process(opened: Database) -> None:
    """No write begins while another process has the lock file, so none is beside its checkpoint."""
    written = threading.Event()

    def write() -> None:
        with opened.write() as session:
            session.add(Note(id="one"))
        written.set()

    with Path(f"{opened.engine.url.database}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread = threading.Thread(target=write)
        thread.start()
        assert not written.wait(0.3)
    thread.join(10)
    assert written.is_set()


def test_a_duplicate_is_refused_and_the_next_write_goes_on(opened: Database) -> None:
    """A failed statement frees the right to write; the message quotes no values."""

    def twice() -> None:
        with opened.write() as session:
            session.add(Note(id="secret-value"))

    twice()
    with pytest.raises(exc.IntegrityError) as refused:
        twice()
    assert "secret-value" not in str(refused.value)
    with opened.write() as session:
        session.add(Note(id="another"))
    assert _count(opened) == 2


def test_times_keep_zone_and_microseconds(opened: Database) -> None:
    """A time goes in with any zone and comes out in UTC, exactly."""
    at = datetime(2026, 11, 20, 20, 30, 15, 123456, tzinfo=timezone(timedelta(hours=8)))
    with opened.write() as session:
        session.add_all([Note(id="a", at=at), Note(id="b", at=None)])
    with opened.read() as session:
        assert session.get_one(Note, "a").at == datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)
        assert session.get_one(Note, "b").at is None
        assert session.scalars(select(Note.id).where(Note.at > at - timedelta(microseconds=1))).all() == ["a"]


def test_a_time_without_a_zone_is_refused(opened: Database) -> None:
    """Nobody could say later when it was."""

    def write() -> None:
        with opened.write() as session:
            session.add(Note(id="a", at=datetime(2026, 11, 20)))  # noqa: DTZ001

    with pytest.raises(exc.StatementError, match="time zone"):
        write()


def test_ids_are_long_and_different() -> None:
    """An id is its prefix and 128 random bits in lower-case base32."""
    ids = {new_id("chk") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 30 and one.startswith("chk_") and one[4:].isalnum() and one.islower() for one in ids)


def test_nothing_works_before_init() -> None:
    """A handle that was not set up says so."""
    with pytest.raises(RuntimeError, match="init"):
        _ = Database().engine


def test_a_database_in_memory_is_refused() -> None:
    """It would lose everything."""
    with pytest.raises(ValueError, match="file"):
        Database().init("sqlite://")


def test_the_function_that_the_work_engine_needs_is_there(database: Database) -> None:
    """Seconds with fractions, also on a SQLite that is too old for them."""
    with database.read() as session:
        seconds = session.scalar(text("SELECT unixepoch('subsec')"))
    assert abs(seconds - time.time()) < 60
