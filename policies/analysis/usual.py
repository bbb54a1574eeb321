"""How matters usually look (`usual.toml`): which of several equal cases is built and shown first."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from policies.days import Duration


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files("policies.analysis").joinpath("usual.toml").read_text("utf-8"))


def fact(name: str) -> Any:
    """The usual value of a fact, as the file has it."""
    return _document()[name]


def length(kind: str | None = None) -> Duration:
    """The usual length of a sentence of this kind, or of any."""
    document = _document()
    return Duration.parse(document["lengths"].get(kind, document["length"]))


@cache
def days_before(day: date) -> tuple[date, ...]:
    """The days on which a matter may have been decided if nothing else says when, the usual one first."""
    return tuple(Duration.parse(period).before(day) for period in _document()["ago"])


def gap_before(day: date) -> date:
    """The day of the act, for a decision on `day`."""
    return Duration.parse(_document()["gap"]).before(day)


def gap_after(day: date) -> date:
    """As long after `day` as a decision comes after the act."""
    return Duration.parse(_document()["gap"]).after(day)


def sentence(kind: str) -> tuple[str, ...]:
    """The sentences of an ordinary matter of this kind: one, or none."""
    word: str = _document()["kind"][kind]["sentence"]
    return (word,) if word else ()


@cache
def oddness(kind: str, disposition: str, offence: str) -> int:
    """How far a matter is from what one meets: 0 for a usual one. For the order of witnesses only."""
    every: dict[str, Any] = _document()["kind"]
    usual: list[str] = every[kind]["dispositions"]
    known: list[str] = _document()["offences"]
    away = usual.index(disposition) if disposition in usual else len(usual) + 10
    homes = [name for name, one in every.items() if any(_within(offence, word) for word in one["offences"])]
    stranger = kind not in homes if homes else kind != next(iter(every))
    return 100 * away + 50 * stranger + (known.index(offence) if offence in known else len(known))


def _within(offence: str, word: str) -> bool:
    return offence == word or offence.startswith(word + ".")
