"""New rows of several callers in one transaction: durable when they return, all of a caller's or nothing."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from gateway.db import Database, new_id
from gateway.db.together import MOST, Share, Together
from gateway.notices.models import Message
from gateway.oauth.models import Institution

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANY = 24


def message(message_id: str | None = None) -> Message:
    """A row with its own id and defaults."""
    return Message(id=message_id or new_id("msg"), template="code", language="en", created_at=NOW, until=NOW)


def institution(registration: str) -> Institution:
    """A row of which there is one a registration."""
    return Institution(
        id=new_id("ins"), name="One", registration=registration, jurisdiction="cn", policies=[], created_at=NOW
    )


def _columns(row: Institution) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def messages(database: Database) -> set[str]:
    """The ids of those that are kept."""
    with database.read() as session:
        return set(session.scalars(select(Message.id)))


def beside_a_writer(database: Database, *inserts: Sequence[object]) -> list[object]:
    """Let callers insert while another write keeps all of them waiting; what each got."""

    def insert(rows: Sequence[object]) -> object:
        try:
            return database.insert(rows)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            return error

    with ThreadPoolExecutor(len(inserts)) as pool, database.write():
        going = [pool.submit(insert, rows) for rows in inserts]
        threading.Event().wait(0.3)
    return [one.result(30) for one in going]


def test_callers_of_one_moment_share_a_transaction(database: Database) -> None:
    """While the first waits for its turn the others gather; each row is there, in far fewer commits than callers."""
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    rows = [message() for _ in range(MANY)]
    assert beside_a_writer(database, *([row] for row in rows)) == [True] * MANY
    assert messages(database) == {row.id for row in rows}
    assert len(commits) <= 3  # the writer's own, the leader's, that of all who came meanwhile


def test_one_callers_bad_row_is_its_own(database: Database) -> None:
    """A row that is there already fails for its caller, with all that came with it; the others' rows are kept."""
    taken = message()
    assert database.insert([taken])
    good = [message() for _ in range(6)]
    alone = message()
    first, *others = beside_a_writer(database, [good[0]], [alone, message(taken.id)], *([row] for row in good[1:]))
    assert first is True
    assert sum(isinstance(one, IntegrityError) for one in others) == 1
    assert messages(database) == {taken.id, *(row.id for row in good)}


def test_one_callers_value_that_does_not_fit_is_its_own(database: Database) -> None:
    """A server knows how long a text may be, and refuses the whole transaction; a file keeps it."""
    long, good = message(), [message() for _ in range(4)]
    long.language = "x" * 1000
    results = beside_a_writer(database, [good[0]], [long], *([row] for row in good[1:]))
    assert [type(one) for one in results if one is not True] == ([] if database.embedded else [DataError])
    assert messages(database) == {row.id for row in (*good, *([long] if database.embedded else []))}


def test_a_claim_lets_one_in(database: Database) -> None:
    """Of many with one claim one is let in; of the others nothing is kept."""

    def insert(_: int) -> bool:
        return database.insert([message()], claim=institution("the same"))

    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(insert, range(8)))
    assert sorted(let_in) == [False] * 7 + [True]
    assert len(messages(database)) == 1
    assert database.insert([message()], claim=institution("another")) is True
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Institution)) == 2


def test_two_processes_with_the_same_claims_never_wait_in_a_circle(database: Database) -> None:
    """Two batches with the same claims, gathered in another order, while a third transaction has one of them.

    The first has its own first claim and waits for the third; the second would have what the first wants next.
    """
    first, second = list("amz"), list("zma")
    other = Database()
    other.init(database.engine.url.render_as_string(hide_password=False))

    def write(one: Database, names: Sequence[str]) -> list[bool]:
        batch = [Share([], institution(name)) for name in names]
        one._write_shares(batch)
        return [share.kept for share in batch]

    try:
        with ThreadPoolExecutor(2) as pool:
            with database.engine.connect() as third:
                third.execute(insert(Institution).values(**_columns(institution("m"))))
                going = pool.submit(write, database, first)
                threading.Event().wait(0.3)
                beside = pool.submit(write, other, second)
                threading.Event().wait(0.3)
            kept = [going.result(30), beside.result(30)[::-1]]
    finally:
        other.close()
    assert [sum(of_one) for of_one in zip(*kept, strict=True)] == [1, 1, 1]


def test_what_is_not_given_has_its_default(database: Database) -> None:
    """Rows of one table with different columns, in one call."""
    one, other = message(), message()
    other.attempts, other.state = 3, "sent"
    database.insert([one, other])
    with database.read() as session:
        kept = {row.id: (row.attempts, row.state) for row in session.scalars(select(Message))}
    assert kept == {one.id: (0, "queued"), other.id: (3, "sent")}


def test_not_inside_a_write(database: Database) -> None:
    """It would wait for itself."""
    with database.write(), pytest.raises(RuntimeError):
        database.insert([message()])
    assert database.insert([message()])


def test_a_write_that_is_alone_is_not_disturbed(database: Database) -> None:
    """Who holds the right to write alone sees no row come while it does."""
    with ThreadPoolExecutor(1) as pool, database.write() as session:
        going = pool.submit(database.insert, [message()])
        assert not going.done()
        threading.Event().wait(0.2)
        assert session.scalar(select(func.count()).select_from(Message)) == 0
    assert going.result(30) is True


def test_every_caller_learns_what_went_wrong() -> None:
    """The disk is full, say: the error is everybody's, and the next ones are tried again."""
    full, tried = [True], list[int]()
    gathered = threading.Barrier(2)

    def write(batch: Sequence[Share]) -> None:
        if not tried:
            tried.append(0)
            gathered.wait(10)
            threading.Event().wait(0.2)
        tried.append(len(batch))
        if full[0]:
            raise OperationalError("INSERT", {}, Exception())
        for share in batch:
            share.kept = True

    together = Together(write)

    def insert(_: int) -> object:
        try:
            return together.insert([], None)
        except OperationalError as error:
            return error

    with ThreadPoolExecutor(MOST + 8) as pool:
        first = pool.submit(insert, 0)
        gathered.wait(10)
        others = [pool.submit(insert, number) for number in range(MOST + 4)]
        errors = [one.result(30) for one in (first, *others)]
    assert all(isinstance(one, OperationalError) for one in errors)
    assert max(tried) <= MOST
    full[0] = False
    assert insert(0) is True


def test_an_interrupted_leader_leaves_nobody_waiting() -> None:
    """Its own interruption is its own; who waited with it is told, who waits behind it goes on."""
    begun, go_on = threading.Event(), threading.Event()
    interrupt = [False, True]

    def write(batch: Sequence[Share]) -> None:
        begun.set()
        assert go_on.wait(10)
        if interrupt and interrupt.pop(0):
            raise KeyboardInterrupt
        for share in batch:
            share.kept = True

    together = Together(write)

    def insert() -> object:
        try:
            return together.insert([], None)
        except (KeyboardInterrupt, RuntimeError) as error:
            return type(error).__name__

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(insert)
        assert begun.wait(10)
        others = [pool.submit(insert) for _ in range(3)]
        threading.Event().wait(0.2)
        go_on.set()
        assert first.result(10) is True
        assert sorted(str(one.result(10)) for one in others) == ["KeyboardInterrupt", "RuntimeError", "RuntimeError"]
    assert insert() is True
