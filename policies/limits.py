"""Thresholds: `from` (at least), `under`, `over`, `upto` (at most), about numbers and lengths of time."""

from collections.abc import Mapping
from datetime import date

from policies.days import Duration, longer
from policies.documents import Table
from policies.truth import Truth, all_of, negation

LIMITS = ("from", "under", "over", "upto")


def _table(table: Table, key: str) -> Table:
    inner = table.take_table(key) if isinstance(table.data.get(key), dict) else None
    if inner is None or not inner.data or not set(inner.data) <= set(LIMITS):
        raise table.error(key, f"must be limits out of {', '.join(LIMITS)}, such as {{ under = 18 }}")
    return inner


def numbers(table: Table, key: str) -> dict[str, int]:
    """Read limits that are whole numbers."""
    inner = _table(table, key)
    return {limit: inner.take_number(limit) for limit in inner.data}


def durations(table: Table, key: str) -> dict[str, Duration]:
    """Read limits that are lengths of time."""
    inner = _table(table, key)
    return {limit: inner.take_duration(limit) for limit in inner.data}


def between(value: int, limits: Mapping[str, int]) -> bool:
    """Does a number keep all limits?"""
    return (
        value >= limits.get("from", value)
        and value <= limits.get("upto", value)
        and not ("under" in limits and value >= limits["under"])
        and not ("over" in limits and value <= limits["over"])
    )


def between_days(day: date, reached: Mapping[str, date]) -> bool:
    """Does a day keep all limits, each given as the day on which its length is reached?"""
    return (
        day >= reached.get("from", day)
        and day <= reached.get("upto", day)
        and not ("under" in reached and day >= reached["under"])
        and not ("over" in reached and day <= reached["over"])
    )


def length_between(length: Duration, limits: Mapping[str, Duration], start: date | None) -> Truth:
    """Does a length keep all limits? Unknown where only the day it starts on would settle it."""
    answers: list[Truth] = []
    for limit, bound in limits.items():
        strictly = limit in ("over", "upto")
        answer = longer(length, bound, start) if strictly else negation(longer(bound, length, start))
        answers.append(answer if limit in ("over", "from") else negation(answer))
    return all_of(answers)
