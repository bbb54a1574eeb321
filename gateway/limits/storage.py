"""A storage of the library `limits` in our database, so that a limit holds across processes and machines.

The library (limits 5.8) has storages for Redis, Memcached and MongoDB, and none for SQL. This one has what its
strategies `fixed-window` and `sliding-window-counter` ask for; both count in one row for each key and window.
"""

from datetime import datetime, timedelta
from math import floor

from limits.storage import SlidingWindowCounterSupport, Storage
from limits.storage.base import TimestampedSlidingWindow
from sqlalchemy import Insert, case, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import db, forget
from gateway.limits.models import LimitCount


class DatabaseStorage(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """Counts in the table `limit_counts`. Windows are those of `gateway.clock`: machines' clocks are kept by NTP.

    A count is not worth a wait for the disk: on PostgreSQL its commit does not wait for it, so that a crash of the
    server may forget the counts of its last second. On SQLite every commit waits: ask seldom (`gateway.limits.rates`).
    Raises SQLAlchemyError where the database does not answer.
    """

    STORAGE_SCHEME = ["sealgate"]  # noqa: RUF012 - the library has it so

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library may wrap, where it is told to."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter, whose window of `expiry` seconds begins with the first that is added; returns the sum.

        A negative amount takes back what was added before, never more than there is.
        """
        with db.write(key) as session:
            _wait_for_no_disk(session)
            return _add(session, key, expiry, amount, clock.now())

    def get(self, key: str) -> int:
        """The sum in the window that lasts, 0 without one."""
        with db.read() as session:
            return _count(session, key, clock.now())

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970; now, without one."""
        now = clock.now()
        with db.read() as session:
            ends = session.scalar(select(LimitCount.expires_at).where(LimitCount.key == key))
        return max(now, ends or now).timestamp()

    def check(self) -> bool:
        """Whether the database answers."""
        try:
            with db.read() as session:
                session.execute(select(1))
        except SQLAlchemyError:
            return False
        return True

    def reset(self) -> int:
        """Forget every count; returns how many there were."""
        with db.write() as session:
            gone = session.scalars(delete(LimitCount).returning(LimitCount.key)).all()
            return len(gone)

    def clear(self, key: str) -> None:
        """Forget one count."""
        with db.write(key) as session:
            session.execute(delete(LimitCount).where(LimitCount.key == key))

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Add `amount`, unless this window and the share of the one before that still counts would pass the limit."""
        now = clock.now()
        previous, current = self.sliding_window_keys(key, expiry, now.timestamp())
        with db.write(key) as session:
            _wait_for_no_disk(session)
            before = _count(session, previous, now) * _share_left(expiry, now)
            if amount > limit or floor(before + _count(session, current, now)) + amount > limit:
                return False
            _add(session, current, 2 * expiry, amount, now)
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The count of the window before and for how long it still counts; the same of the present one."""
        now = clock.now()
        previous, current = self.sliding_window_keys(key, expiry, now.timestamp())
        with db.read() as session:
            before, count = _count(session, previous, now), _count(session, current, now)
        left = _share_left(expiry, now) * expiry
        return before, left if before else 0.0, count, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget the count of both windows."""
        for one in self.sliding_window_keys(key, expiry, clock.now().timestamp()):
            self.clear(one)


def _share_left(expiry: int, now: datetime) -> float:
    """Which share of the present window is still to come."""
    return (expiry - now.timestamp() % expiry) / expiry


def _count(session: Session, key: str, now: datetime) -> int:
    lasting = select(LimitCount.count).where(LimitCount.key == key, LimitCount.expires_at > now)
    return session.scalar(lasting) or 0


def _add(session: Session, key: str, expiry: int, amount: int, now: datetime) -> int:
    """One statement, so that none is lost to another; the first of a window also removes those that are over."""
    insert: type[sqlite.Insert | postgresql.Insert] = sqlite.Insert if db.embedded else postgresql.Insert
    ends, fresh = now + timedelta(seconds=expiry), max(amount, 0)
    over = LimitCount.expires_at <= now
    row = insert(LimitCount.__table__).values(key=key, count=fresh, expires_at=ends)  # type: ignore[arg-type]
    changed: Insert = row.on_conflict_do_update(
        index_elements=[LimitCount.key],
        set_={
            "count": case((over, fresh), (LimitCount.count + amount < 0, 0), else_=LimitCount.count + amount),
            "expires_at": case((over, ends), else_=LimitCount.expires_at),
        },
    )
    count: int = session.execute(changed.returning(LimitCount.count)).scalar_one()
    if count == fresh:
        forget(session, LimitCount.key, LimitCount.expires_at < now - _SLACK)
    return count


def _wait_for_no_disk(session: Session) -> None:
    if not db.embedded:
        session.execute(text("SET LOCAL synchronous_commit = off"))


_SLACK = timedelta(minutes=1)
"""Another machine's clock may be behind; its windows are left."""
