"""How often a client may fail to authenticate, over all processes of the database.

Checking a secret costs milliseconds and megabytes on purpose (argon2id), so nobody may make us do it at will.
Only clients that exist have a budget, so the rows it takes are bounded by their number.
"""

import math
import threading

from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from gateway import clock, logs
from gateway.limits import DatabaseStorage, calls
from gateway.oauth.errors import TooManyCalls

LIMIT = RateLimitItemPerMinute(10, namespace="failures")


class Failures:
    """At most LIMIT failures of one client in a window, which begins with the first of them."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(DatabaseStorage())
        self._lock = threading.Lock()
        self._closed: dict[str, float] = {}
        """Until when a client's budget is spent, as this process has seen it: refused without asking again."""

    def spend(self, client_id: str) -> int:
        """Count an attempt as failed, beforehand. Returns 0, or the seconds to wait when the budget is spent.

        Call it outside of database sessions. Raises SQLAlchemyError where the database does not answer.
        """
        now = clock.now().timestamp()
        with self._lock:
            until = self._closed.get(client_id, 0.0)
        if until <= now:
            if self._limiter.hit(LIMIT, client_id):
                return 0
            self.refund(client_id)  # it was not an attempt
            until = self._limiter.get_window_stats(LIMIT, client_id).reset_time
            with self._lock:
                self._closed = {known: end for known, end in self._closed.items() if end > now} | {client_id: until}
        return max(1, math.ceil(until - now))

    def refund(self, client_id: str) -> None:
        """The attempt counted last did not fail after all."""
        self._limiter.storage.incr(LIMIT.key_for(client_id), LIMIT.get_expiry(), -1)


def admit(client_id: str) -> None:
    """Count a call of a client that has proved who it is. Raises TooManyCalls."""
    if seconds := calls.spend(client_id):
        logs.quick("limits", "too_many_calls", client=client_id)
        raise TooManyCalls(seconds)
