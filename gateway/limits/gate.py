"""A bound on what is done at a time: so many places, some waiting for one, the rest refused at once.

Who waits stands in a lane. A free place goes to the first lane that somebody waits in, and a lane may have a bound of
its own on the places that it takes, so that what is less urgent leaves some free.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE_SECONDS = 5.0
"""How long somebody waits for a place: longer makes whoever asks give up first, and its answer is for nobody."""


@dataclass(frozen=True)
class Lane:
    """How many places it may take at a time, and how many may wait in it."""

    places: int
    waiting: int


class Gate:
    """At most `places` inside; in front of them the lanes, by name, the most urgent first."""

    def __init__(self, places: int, lanes: Mapping[str, Lane], patience: float = PATIENCE_SECONDS) -> None:
        self._places = places
        self._lanes = dict(lanes)
        self._patience = patience
        self._lock = threading.Lock()
        self._inside = dict.fromkeys(lanes, 0)
        self._queues: dict[str, deque[threading.Lock]] = {name: deque() for name in lanes}

    def enter(self, lane: str) -> bool:
        """Take a place, perhaps after a wait. False where too many wait already, or none came free in time."""
        with self._lock:
            queue = self._queues[lane]
            if self._room(lane):
                self._inside[lane] += 1
                return True
            if len(queue) >= self._lanes[lane].waiting:
                return False
            turn = threading.Lock()
            turn.acquire()
            queue.append(turn)
        if turn.acquire(timeout=self._patience):
            return True
        with self._lock:
            if turn not in queue:  # it came just now
                return True
            queue.remove(turn)
            return False

    def leave(self, lane: str) -> None:
        """Give a place back; it goes to whoever has waited longest in the most urgent lane that may take it."""
        with self._lock:
            self._inside[lane] -= 1
            for name, queue in self._queues.items():
                while queue and self._room(name):
                    self._inside[name] += 1
                    queue.popleft().release()

    def _room(self, lane: str) -> bool:
        return sum(self._inside.values()) < self._places and self._inside[lane] < self._lanes[lane].places
