"""What can be done later: tasks by name, periodic tasks by name, and what may be written down about them.

The engine's tables are no place for personal data, so nothing but ids and plain words may pass: `plain` is
the gate for every argument and every result that the engine stores.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

TaskFunction = Callable[[str], None]
TickFunction = Callable[[], None]
Plain = str | int | bool | None

_T = TypeVar("_T", bound=Callable[..., object])
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_PLAIN = re.compile(r"[A-Za-z0-9_.:+/-]{0,120}")


class Later(Exception):
    """Raised by a task that cannot be done yet: it is tried again after so many seconds, nothing is lost."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:g} s")
        self.seconds = max(0.0, seconds)


class StepFailed(RuntimeError):
    """A step failed in an earlier life of this task; only the class of the error is known any more."""


@dataclass(frozen=True)
class Tick:
    """A periodic task and its crontab line (six fields, seconds first)."""

    function: TickFunction
    crontab: str


tasks: dict[str, TaskFunction] = {}
ticks: dict[str, Tick] = {}


def task(name: str) -> Callable[[TaskFunction], TaskFunction]:
    """Register the function that does the task `name` for an id: `@task("checks.run")`.

    It may run more than once for one id (after a crash in the midst of it), so it first looks what is done
    already. An exception is logged by its class and the task is tried again, ever more slowly, until it is
    done. Raises ValueError for a name that is malformed or taken.
    """

    def register(function: TaskFunction) -> TaskFunction:
        _claim(name, function, tasks.get(name))
        tasks[name] = function
        return function

    return register


def every(name: str, *, seconds: int) -> Callable[[TickFunction], TickFunction]:
    """Register a function that runs periodically, never beside itself; missed times are not made up for.

    `seconds` must divide a minute, or be whole minutes that divide an hour, or whole hours that divide a day.
    """
    crontab = _crontab(seconds)

    def register(function: TickFunction) -> TickFunction:
        known = ticks.get(name)
        _claim(name, function, known.function if known else None)
        ticks[name] = Tick(function, crontab)
        return function

    return register


def _claim(name: str, function: Callable[..., object], known: Callable[..., object] | None) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError("a task's name is words joined by dots")
    if known is not None and _place(known) != _place(function):
        raise ValueError(f"the task {name} is registered already")


def _place(function: Callable[..., object]) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def _crontab(seconds: int) -> str:
    if 1 <= seconds < 60 and 60 % seconds == 0:
        return f"*/{seconds} * * * * *"
    minutes, odd = divmod(seconds, 60)
    if not odd and 1 <= minutes < 60 and 60 % minutes == 0:
        return f"0 */{minutes} * * * *"
    hours, odd = divmod(seconds, 3600)
    if not odd and 1 <= hours <= 24 and 24 % hours == 0:
        return f"0 0 */{hours} * * *" if hours < 24 else "0 0 0 * * *"
    raise ValueError("a period must divide a minute, an hour or a day")


def plain(value: object) -> Plain:
    """Let ids, words and whole numbers pass. Raises TypeError, without repeating the value, for others."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    raise TypeError(f"durable work carries ids, words and whole numbers only, not this {type(value).__name__}")
