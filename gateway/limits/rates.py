"""How often each client may call, counted in the database for all processes, which is seldom asked.

A process takes calls out of the client's minute by the lease: it spends them from memory and comes back when they are
gone. Leases begin small, double while the client is busy, and get small again when little is left, so that many
processes share fairly. A client that has nothing left is refused from memory until it has.

What holds: in each minute of the clock all processes together admit at most `per_minute` calls of a client, never more,
since a lease is spent in the minute it was taken in, or not at all. Across the change of the minute the library's
sliding window counts the minute before by the share that is still in sight, which supposes that its calls were spread
evenly. What is leased and not spent counts as spent: a client with few calls on many processes may be refused a little
early.
"""

import math
import threading
from dataclasses import dataclass, field
from typing import cast

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import SlidingWindowCounterSupport, Storage
from limits.strategies import SlidingWindowCounterRateLimiter

from gateway import clock
from gateway.limits.storage import DatabaseStorage

PER_MINUTE = 1_200
"""How many calls a client has where the configuration does not say it."""

_FIRST = 60
"""The first lease of a minute is this part of it: a second's worth."""
_LEAVE = 4
"""A lease takes at most this part of what is left."""


@dataclass
class _Purse:
    """What this process has of one client's minute."""

    size: int
    left: int = 0
    closed_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Rates:
    """At most so many calls of each client in a minute, over all processes of the database."""

    def __init__(self, name: str, per_minute: int = PER_MINUTE, storage: Storage | None = None) -> None:
        self._name = name
        self._limiter = SlidingWindowCounterRateLimiter(storage or DatabaseStorage())
        self._lock = threading.Lock()
        self.init(per_minute)

    def init(self, per_minute: int) -> None:
        """Say how many; forgets what was leased."""
        self._item: RateLimitItem = RateLimitItemPerMinute(per_minute, namespace=self._name)
        self._minute = -1
        self._purses: dict[str, _Purse] = {}

    @property
    def per_minute(self) -> int:
        """How many calls a client has."""
        return self._item.amount

    def spend(self, who: str) -> int:
        """Count one call. Returns 0, or how many seconds to wait. Call it outside of database sessions.

        `who` is a client's id or a blind index. Raises SQLAlchemyError where the database does not answer.
        """
        now = clock.now().timestamp()
        purse = self._purse(who, int(now / self._item.get_expiry()))
        with purse.lock:
            if purse.left == 0 and purse.closed_until <= now:
                self._renew(who, purse, now)
            if purse.left:
                purse.left -= 1
                return 0
            return max(1, math.ceil(purse.closed_until - now))

    def _purse(self, who: str, minute: int) -> _Purse:
        with self._lock:
            if minute != self._minute:  # leases of another minute are void
                self._minute, self._purses = minute, {}
            return self._purses.setdefault(who, _Purse(max(1, self._item.amount // _FIRST)))

    def _renew(self, who: str, purse: _Purse, now: float) -> None:
        before, before_left, count, left = self._window(who)
        free = self._item.amount - math.floor(before * before_left / self._item.get_expiry() + count)
        size = min(purse.size, max(1, free // _LEAVE))
        if free > 0 and self._limiter.hit(self._item, who, cost=size):
            purse.left = size
            purse.size *= 2
        else:
            window_left = left - self._item.get_expiry()
            purse.closed_until = now + max(1.0, self._wait(before, before_left, count, window_left))  # seconds are told

    def _window(self, who: str) -> tuple[int, float, int, float]:
        storage = cast("SlidingWindowCounterSupport", self._limiter.storage)
        return storage.get_sliding_window(self._item.key_for(who), self._item.get_expiry())

    def _wait(self, before: int, before_left: float, count: int, window_left: float) -> float:
        """How long until one call is free: until enough of the minute before is out of sight, or until the next one."""
        limit, expiry = self._item.amount, self._item.get_expiry()
        if count >= limit or not before:
            return window_left
        return min(window_left, before_left - (limit - count) * expiry / before)
