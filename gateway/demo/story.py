"""The story: everybody asks, every person decides, the desk works, and the answers come."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway import clock
from gateway.demo.cast import Asked, Cast
from gateway.demo.law import Opinion, opinion
from gateway.demo.software import work_off_the_desk
from gateway.demo.stage import Stage
from gateway.demo.subject import decide

_PATIENCE_SECONDS = 90.0
_PAUSE_SECONDS = 0.5


class TooLate(Exception):
    """Not every answer came in time."""


@dataclass
class Told:
    """One check with its answer: `received` is what the institution was told, `law` what the viewer may know."""

    asked: Asked
    check_id: str
    law: Opinion
    received: str | None = None

    def as_expected(self, day: date) -> bool:
        """Is the answer the one that the story tells, and the one that the law gives on this day?"""
        timeless = self.asked.until is None or day < self.asked.until
        by_law = {"eligible": "yes", "ineligible": "no"}.get(self.law.outcome, self.asked.expect)
        lawful = self.received == ("closed" if self.asked.declines else by_law)
        return lawful and (self.received == self.asked.expect or not timeless)


def tell(stage: Stage, cast: Cast, step: Callable[[str], None]) -> list[Told]:
    """Act it out. `step` hears of each consent and each answer. Raises what acting raises, and TooLate."""
    day = clock.now().date()
    told = []
    for asked in cast.checks:
        check = ask(stage, asked)
        decide(asked, check["consent"]["url"], stage.outbox)
        told.append(Told(asked, check["id"], opinion(asked, stage.registries, stage.reading, day)))
        work_off_the_desk(stage.desk)
        done = "declined" if asked.declines else "agreed"
        step(f"{asked.latin} was asked by the {cast.short(asked.by)} and {done}")
    _wait(stage, told, lambda one: step(f"The {cast.short(one.asked.by)} has its answer about {one.asked.latin}"))
    return told


def ask(stage: Stage, asked: Asked) -> dict[str, Any]:
    """The institution's software asks for a check; the answer has the link for the person."""
    check: dict[str, Any] = stage.software[asked.by].call("POST", "/v1/checks", asked.message())
    return check


def received(stage: Stage, asked: Asked, check_id: str) -> str | None:
    """What the institution is told at this moment: `yes`, `no`, `closed`, or nothing yet."""
    check = stage.software[asked.by].call("GET", f"/v1/checks/{check_id}")
    if check["status"] == "completed":
        return "yes" if check["eligible"] else "no"
    return "closed" if check["status"] == "closed" else None


def _wait(stage: Stage, told: list[Told], answered: Callable[[Told], None]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while waiting := [one for one in told if one.received is None]:
        if time.monotonic() > until:
            raise TooLate(f"{len(waiting)} answers did not come in {_PATIENCE_SECONDS:.0f} seconds")
        work_off_the_desk(stage.desk)
        for one in waiting:
            one.received = received(stage, one.asked, one.check_id)
            if one.received is not None:
                answered(one)
        time.sleep(_PAUSE_SECONDS)
