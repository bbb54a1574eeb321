"""How much work is due and not begun: what has to be known before more is taken on.

What was accepted is done however long it takes; so when it is too much, the only thing to refuse is what is new.
"""

import threading
import time
from collections.abc import Callable

from gateway.work.queue import QUEUE, TASK, client

_FRESH_SECONDS = 2.0


def beyond(most: int) -> bool:
    """Whether more than `most` tasks are due and not begun: one more is looked for, the others are not counted."""
    found = client().list_workflows(
        name=TASK, queue_name=QUEUE, status="ENQUEUED", offset=most, limit=1, load_input=False, load_output=False
    )
    return bool(found)


class Bound:
    """Whether any of some probes found more than `most` of what is to be done, as it was a moment ago."""

    def __init__(self, most: int, *probes: Callable[[int], bool]) -> None:
        self._most = most
        self._probes = probes
        self._lock = threading.Lock()
        self._full = False
        self._asked = -_FRESH_SECONDS

    def full(self) -> bool:
        """One caller asks the database every other second, the others hear what it was told last.

        Raises SQLAlchemyError where the database does not answer.
        """
        if time.monotonic() >= self._asked + _FRESH_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._full = any(probe(self._most) for probe in self._probes)
                self._asked = time.monotonic()
            finally:
                self._lock.release()
        return self._full
