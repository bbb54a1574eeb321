"""How often a client may fail to authenticate: a budget in memory, one for each process.

Checking a secret costs milliseconds and megabytes on purpose (argon2id), so nobody may make us do it at will.
Only clients that exist have a budget, so the memory it takes is bounded by their number.
"""

import math
import threading
from collections import deque
from datetime import datetime, timedelta

from gateway import clock

LIMIT = 10
WINDOW = timedelta(minutes=1)


class Failures:
    """At most LIMIT failures of one client in any WINDOW."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[str, deque[datetime]] = {}

    def spend(self, client_id: str) -> int:
        """Count an attempt as failed, beforehand. Returns 0, or the seconds to wait when the budget is spent."""
        now = clock.now()
        with self._lock:
            times = self._times.setdefault(client_id, deque())
            while times and times[0] <= now - WINDOW:
                times.popleft()
            if len(times) >= LIMIT:
                return math.ceil((times[0] + WINDOW - now).total_seconds())
            times.append(now)
            return 0

    def refund(self, client_id: str) -> None:
        """The attempt counted last did not fail after all."""
        with self._lock:
            times = self._times.get(client_id)
            if times:
                times.pop()
