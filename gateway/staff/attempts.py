"""How often somebody may try to sign in: with one login name, and from one place.

After a few failures there is a pause, each twice as long as the one before. An attempt is counted before it is looked
at, so that many at the same time are no way around, and is taken back when it succeeds. A login name that is nobody's
is counted like any other, so that a pause tells nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import clock, vault
from gateway.consent.attempts import place_of
from gateway.db import db, forget
from gateway.staff.models import StaffFailures
from gateway.staff.refusals import TooManyAttempts

KEPT = timedelta(days=1)
"""How long after the last failure it is known: a place is an address of somebody."""


@dataclass(frozen=True)
class Bound:
    """So many failures, then a pause."""

    most: int
    first: timedelta
    longest: timedelta


LOGIN = Bound(5, timedelta(minutes=1), timedelta(hours=1))
"""Short at first, since somebody else's failures keep the person out as well. It leaves some 150 tries a day."""
PLACE = Bound(20, timedelta(minutes=15), timedelta(hours=4))
"""Of one address; several people may have it in common."""


class Attempt:
    """One attempt, counted. Call it outside of transactions."""

    def __init__(self, login: str, address: str | None) -> None:
        """`login` is the name or the id that is tried, `address` that of the network. Raises TooManyAttempts in a
        pause."""
        self._keys = {
            f"login:{vault.index('staff-attempts', login)[-64:]}": LOGIN,
            f"place:{place_of(address)[-64:]}": PLACE,
        }
        now = clock.now()
        with db.write(*self._keys) as session:
            forget(session, StaffFailures.key, StaffFailures.last_at < now - KEPT)
            rows = {key: session.get(StaffFailures, key) for key in self._keys}
            until = max((row.paused_until for row in rows.values() if row and row.paused_until), default=now)
            if until <= now:
                for key, bound in self._keys.items():
                    _count(session, key, rows[key], bound, now)
        if until > now:
            raise TooManyAttempts(until, (until - now).total_seconds())

    def succeeded(self, session: Session) -> None:
        """Take it back: the slate of the login name is clean, and the place has not failed this time."""
        for key, bound in self._keys.items():
            row = session.get(StaffFailures, key)
            if row is None:
                continue
            if bound is LOGIN:
                session.delete(row)
            elif row.paused_until is not None:  # which this attempt has brought on, else it had been refused
                row.count, row.pauses, row.paused_until = bound.most - 1, row.pauses - 1, None
            else:
                row.count = max(0, row.count - 1)


def forget_old(session: Session, now: datetime) -> None:
    """Forget the failures of yesterday."""
    forget(session, StaffFailures.key, StaffFailures.last_at < now - KEPT)


def _count(session: Session, key: str, row: StaffFailures | None, bound: Bound, now: datetime) -> None:
    if row is None:
        row = StaffFailures(key=key, count=0, pauses=0, last_at=now)
        session.add(row)
    row.count, row.last_at = row.count + 1, now
    row.paused_until = None
    if row.count >= bound.most:
        row.paused_until = now + min(bound.first * 2 ** min(row.pauses, 16), bound.longest)
        row.count, row.pauses = 0, row.pauses + 1
