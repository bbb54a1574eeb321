"""What a PostgreSQL server adds to the contract of `db`: who waits for whom, and for how long."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import exc, func, select, text

from gateway.db import Database
from gateway.db.postgres import IDLE_SECONDS
from tests.databases import Postgres
from tests.gateway.db.test_db import Note, Own


@pytest.fixture
def opened(postgres: Postgres) -> Iterator[Database]:
    """A database of its own with one table."""
    with postgres.empty() as url:
        database = Database()
        database.init(url)
        Own.metadata.create_all(database.engine)
        yield database
        database.close()


def _goes_beside(database: Database, *first: str, then: tuple[str, ...]) -> bool:
    """Whether a write that names `then` can go on while one that names `first` is under way."""
    done = threading.Event()

    def second() -> None:
        with database.write(*then):
            done.set()

    thread = threading.Thread(target=second)
    with database.write(*first):
        thread.start()
        beside = done.wait(0.4)
    thread.join(10)
    assert done.is_set()
    return beside


@pytest.mark.parametrize(
    ("first", "then", "beside"),
    [
        ((), (), False),
        ((), ("chk_1",), False),
        (("chk_1",), (), False),
        (("chk_1",), ("chk_1",), False),
        (("chk_1",), ("chk_2",), True),
        (("chk_1", "chk_2"), ("chk_2", "chk_3"), False),
        (("chk_1", "chk_2"), ("chk_3",), True),
    ],
)
def test_who_waits_for_whom(opened: Database, first: tuple[str, ...], then: tuple[str, ...], beside: bool) -> None:
    """A write that names nothing is alone; others are alone with each thing that they name."""
    assert _goes_beside(opened, *first, then=then) is beside


def test_a_write_sees_what_the_one_before_it_has_committed(opened: Database) -> None:
    """It has waited with its eyes closed: what it reads is read afterwards. No update is lost."""

    def work() -> None:
        for _ in range(20):
            with opened.write("counter") as session:
                count = session.scalar(select(func.count()).select_from(Note))
                session.add(Note(id=f"{count}"))  # of two that had seen the same count, one would fail

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened.read() as session:
        assert session.scalar(select(func.count()).select_from(Note)) == 100


def test_names_in_any_order_never_wait_in_a_circle(opened: Database) -> None:
    """Many writes about several things each, named in changing order, beside some that name nothing."""
    failed: list[Exception] = []

    def work(thread: int) -> None:
        names = ["a", "b", "c"]
        try:
            for number in range(20):
                names = [*names[1:], names[0]] if (number + thread) % 2 else names[::-1]
                with opened.write(*(names if number % 7 else ())) as session:
                    session.add(Note(id=f"{thread}-{number}"))
        except exc.OperationalError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_an_attempt_does_not_wait(opened: Database) -> None:
    """It gets nothing while another has the name, and the session once nobody has."""
    seen: list[bool] = []

    def attempt() -> None:
        with opened.attempt("janitor") as session:
            seen.append(session is not None)

    with opened.attempt("janitor") as session:
        assert session is not None
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join(5)
    attempt()
    assert seen == [False, True]


def test_the_server_refuses_to_write_in_a_read(opened: Database) -> None:
    """Also what goes past the session's own check."""
    with opened.read() as session, pytest.raises(exc.DBAPIError, match="read-only"):
        session.execute(text("INSERT INTO notes (id) VALUES ('x')"))


def test_a_session_that_stays_away_in_a_transaction_is_ended(opened: Database) -> None:
    """So that a stopped process holds no lock for ever; the pool then gives a fresh connection."""

    def stay_away() -> None:
        with opened.write() as session:
            session.execute(text("SET idle_in_transaction_session_timeout = '200ms'"))
            time.sleep(0.6)
            session.add(Note(id="too-late"))

    with pytest.raises(exc.DBAPIError) as ended:
        stay_away()
    assert ended.value.connection_invalidated
    with opened.write() as session:
        session.add(Note(id="in-time"))
    with opened.read() as session:
        assert session.scalars(select(Note.id)).all() == ["in-time"]


def test_a_server_that_cut_its_connections_is_asked_again(opened: Database, postgres: Postgres) -> None:
    """After a restart of the server nothing fails for the connections that were idle in the pool."""
    _cut_off(opened, postgres)
    time.sleep(IDLE_SECONDS)
    with opened.write() as session:
        session.add(Note(id="one"))
    with opened.read() as session:
        assert session.scalars(select(Note.id)).all() == ["one"]


def test_of_a_pool_that_was_busy_one_fails(opened: Database, postgres: Postgres) -> None:
    """Those that were used a moment ago are not asked; the first that fails has the whole pool renewed."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _name(opened), range(8)))
    _cut_off(opened, postgres)
    failed = 0
    for number in range(6):
        try:
            with opened.write() as session:
                session.add(Note(id=f"{number}"))
        except exc.OperationalError:
            failed += 1
    assert failed == 1


def _cut_off(opened: Database, postgres: Postgres) -> None:
    name = _name(opened)
    postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def _name(opened: Database) -> str:
    with opened.read() as session:
        return str(session.scalar(text("SELECT current_database()")))


def test_a_commit_is_durable_though_the_server_would_not_wait(opened: Database, postgres: Postgres) -> None:
    """An operator, or a hosted server, has `synchronous_commit` off, for all or for this role."""
    name = _name(opened)
    for set_to, used in (("off", "on"), ("local", "local")):  # what waits at all is the operator's to choose
        postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = {set_to}")
        opened.engine.dispose()
        with opened.write() as session:
            assert session.scalar(text("SHOW synchronous_commit")) == used


def test_a_server_that_cannot_be_written_to_is_down(opened: Database, postgres: Postgres) -> None:
    """A standby would let a process be ready, and fail every check that is asked for."""
    postgres.run(f"ALTER DATABASE {_name(opened)} SET default_transaction_read_only = on")
    opened.engine.dispose()
    with pytest.raises(exc.OperationalError), opened.read() as session:
        session.scalars(select(Note.id)).all()
