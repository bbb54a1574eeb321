"""The storage of `limits` in our database: what the library's strategies do on it, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from gateway import clock
from gateway.db import Database
from gateway.limits import DatabaseStorage
from gateway.limits.models import LimitCount

pytestmark = pytest.mark.both_databases

START = datetime(2026, 11, 20, 9, 0, 12, tzinfo=UTC)
TEN = RateLimitItemPerMinute(10)


def test_fixed_window_counts_from_its_first_use(database: Database) -> None:
    """Ten in the minute that begins with the first; then none; a minute later ten again."""
    limiter = FixedWindowRateLimiter(DatabaseStorage())
    with clock.stopped(START) as at:
        assert [limiter.hit(TEN, "cli_a") for _ in range(12)] == [True] * 10 + [False] * 2
        assert limiter.get_window_stats(TEN, "cli_a") == ((START + timedelta(minutes=1)).timestamp(), 0)
        assert limiter.hit(TEN, "cli_b")
        at.forward(timedelta(seconds=60))
        assert limiter.test(TEN, "cli_a")
        assert [limiter.hit(TEN, "cli_a") for _ in range(11)] == [True] * 10 + [False]


def test_sliding_window_remembers_the_minute_before(database: Database) -> None:
    """What was used counts on, less and less: no twenty at the change of the minute."""
    limiter = SlidingWindowCounterRateLimiter(DatabaseStorage())
    with clock.stopped(START) as at:
        assert limiter.hit(TEN, "cli_a", cost=9)
        assert not limiter.hit(TEN, "cli_a", cost=2)
        assert limiter.hit(TEN, "cli_a")
        at.forward(timedelta(seconds=48 + 30))  # the middle of the next minute: half of ten is still in sight
        assert limiter.get_window_stats(TEN, "cli_a").remaining == 5
        assert [limiter.hit(TEN, "cli_a") for _ in range(6)] == [True] * 5 + [False]
        at.forward(timedelta(minutes=2))
        assert limiter.hit(TEN, "cli_a", cost=10)


def test_more_than_the_limit_at_once_is_never_there(database: Database) -> None:
    """A lease that is larger than the limit."""
    assert not DatabaseStorage().acquire_sliding_window_entry("k", 5, 60, 6)


def test_taking_back_gives_no_more_than_was_taken(database: Database) -> None:
    """A refund after the window's end opens no credit."""
    storage = DatabaseStorage()
    with clock.stopped(START) as at:
        assert [storage.incr("k", 60), storage.incr("k", 60), storage.incr("k", 60, -1)] == [1, 2, 1]
        assert [storage.incr("k", 60, -5), storage.incr("k", 60)] == [0, 1]
        at.forward(timedelta(minutes=2))
        assert [storage.incr("k", 60, -1), storage.incr("k", 60)] == [0, 1]


def test_many_threads_never_pass_the_limit(database: Database) -> None:
    """No count is lost between those who count at the same time."""
    limiter = FixedWindowRateLimiter(DatabaseStorage())
    with clock.stopped(START), ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda _: limiter.hit(TEN, "cli_a"), range(40)))
    assert granted.count(True) == 10


def test_rows_that_are_over_are_deleted(database: Database) -> None:
    """The table has what lasts, and nothing else."""
    storage = DatabaseStorage()
    with clock.stopped(START) as at:
        for n in range(20):
            storage.incr(f"k{n}", 60)
            storage.acquire_sliding_window_entry(f"s{n}", 5, 60)
        at.forward(timedelta(minutes=5))
        storage.incr("last", 60)
        with database.read() as session:
            assert session.scalars(select(LimitCount.key)).all() == ["last"]


def test_the_rest_of_the_interface(database: Database) -> None:
    """What the library may ask of any storage; it finds this one by its scheme."""
    storage = storage_from_string("sealgate://")
    assert isinstance(storage, DatabaseStorage)
    with clock.stopped(START):
        assert storage.check()
        assert storage.get("k") == 0
        assert storage.get_expiry("k") == START.timestamp()
        assert storage.incr("k", 60, 3) == storage.get("k") == 3
        assert storage.get_expiry("k") == START.timestamp() + 60
        storage.clear("k")
        assert storage.get("k") == 0
        storage.acquire_sliding_window_entry("s", 5, 60, 2)
        assert storage.get_sliding_window("s", 60) == (0, 0.0, 2, 48.0 + 60)
        storage.clear_sliding_window("s", 60)
        assert storage.get_sliding_window("s", 60)[2] == 0
        storage.incr("k", 60)
        assert storage.reset() == 1


def test_a_database_that_is_gone_is_said_to_be(database: Database) -> None:
    """`check` is False, and counting raises what becomes 503, not a limit that lets all pass."""
    storage = DatabaseStorage()
    with database.write() as session:
        LimitCount.__table__.drop(session.connection())  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="limit_counts") as raised:
        storage.incr("k", 60)
    assert isinstance(raised.value, OperationalError | storage.base_exceptions)
    with database.write() as session:
        LimitCount.__table__.create(session.connection())  # type: ignore[attr-defined]
