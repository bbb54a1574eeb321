"""Places and lanes: who goes in, who waits, who is sent away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.limits import Gate, Lane
from tests.visitors import wait_for

LANES = {"first": Lane(3, 2), "last": Lane(2, 1)}


class Visitor(threading.Thread):
    """Goes to a gate, and stays inside until it is told to leave."""

    def __init__(self, gate: Gate, lane: str) -> None:
        super().__init__(daemon=True)
        self.gate, self.lane = gate, lane
        self.entered: bool | None = None
        self.told = threading.Event()
        self.start()

    def run(self) -> None:
        """Enter, stay, leave."""
        self.entered = self.gate.enter(self.lane)
        if self.entered:
            self.told.wait(30)
            self.gate.leave(self.lane)

    def go(self) -> None:
        """Leave, and wait until it has left."""
        self.told.set()
        self.join(30)


@contextmanager
def at(gate: Gate, *lanes: str) -> Iterator[list[Visitor]]:
    """Visitors who came one after the other, each where it stays."""
    visitors = []
    for lane in lanes:
        visitor = Visitor(gate, lane)
        visitors.append(visitor)
        wait_for("where it stays", lambda visitor=visitor: visitor.entered is not None or _waits(gate, visitor))
    try:
        yield visitors
    finally:
        for visitor in visitors:
            visitor.go()


def _waits(gate: Gate, visitor: Visitor) -> bool:
    return visitor.is_alive() and any(queue for queue in gate._queues.values()) and visitor.entered is None


def test_a_lane_leaves_places_to_the_others() -> None:
    """The last lane takes two of three, and its next one waits though one is free."""
    gate = Gate(3, LANES, patience=30)
    with at(gate, "last", "last", "last", "first") as visitors:
        assert [visitor.entered for visitor in visitors] == [True, True, None, True]


def test_beyond_the_waiting_nobody_waits() -> None:
    """Refused at once, each lane by its own bound."""
    gate = Gate(1, LANES, patience=2)
    with at(gate, "first", "last", "first", "first"):
        assert not gate.enter("last")
        assert not gate.enter("first")


def test_who_is_more_urgent_goes_first() -> None:
    """Though the other came before; within a lane in the order of coming."""
    gate = Gate(1, LANES, patience=30)
    with at(gate, "first", "last", "first", "first") as (inside, last, one, two):
        for leaving, entering in ((inside, one), (one, two), (two, last)):
            leaving.go()
            wait_for("the next", lambda entering=entering: entering.entered)
            others = {last, one, two} - {leaving, entering}
            assert all(other.entered is None or other.told.is_set() for other in others)


def test_patience_ends_and_leaves_nothing_behind() -> None:
    """Who waited in vain has no place, and takes none later."""
    gate = Gate(1, LANES, patience=0.05)
    with at(gate, "first"):
        assert not gate.enter("first")
    assert gate.enter("first")
    gate.leave("first")


def test_all_places_come_back() -> None:
    """However many come at the same time, never more are inside than there are places."""
    gate, inside, most = Gate(3, LANES, patience=5), [0], [0]
    lock = threading.Lock()

    def visit() -> None:
        for _ in range(200):
            if gate.enter("first"):
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                with lock:
                    inside[0] -= 1
                gate.leave("first")

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < most[0] <= 3
    assert [gate.enter("first") for _ in range(3)] == [True] * 3
