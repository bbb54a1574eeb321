"""The one place where the gateway learns what time it is.

Everything that needs the time calls `now()`. Tests and simulations may hold the clock still with
`stopped()`; nothing else about time is adjustable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class Stopped:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs a time with a time zone")
        self.at = at.astimezone(UTC)

    def forward(self, by: timedelta) -> datetime:
        """Move the clock on and return the new time."""
        self.at += by
        return self.at


_stopped: Stopped | None = None


def now() -> datetime:
    """The present moment in UTC, microseconds kept."""
    return _stopped.at if _stopped is not None else datetime.now(UTC)


def today(zone: str) -> date:
    """The day that it is in a time zone (IANA name): laws count days where they are in force."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def stopped(at: datetime) -> Iterator[Stopped]:
    """Hold the clock still for all threads of the process, for tests and simulations.

    The durable work engine keeps real time: a task enqueued for later is not started earlier by this.
    """
    global _stopped
    before, _stopped = _stopped, Stopped(at)
    try:
        yield _stopped
    finally:
        _stopped = before
