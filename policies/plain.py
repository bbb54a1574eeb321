"""A policy in plain words, generated from its data: what a person who is asked for consent reads.

Every condition is said. The phrases are in `plain.toml`, the labels of words in `words.toml` and `offences.toml`.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from policies import vocabulary
from policies.days import Duration
from policies.policy import Bar, Lease, Policy

_LENGTHS = ("length", "combined", "clean_for")


@cache
def _phrases() -> dict[str, Any]:
    return tomllib.loads(files("policies").joinpath("plain.toml").read_text("utf-8"))


def _text(group: str, name: str, language: str) -> str:
    text: str = _phrases()[group][name][language]
    return text


def looked_at(policy: Policy, role: str, language: str) -> list[str]:
    """What would lead to a *no* for this role, one line a bar, with its citation. `language` is `en` or `zh`.

    Raises KeyError for a role or language that does not exist.
    """
    return [describe(bar, language) for bar in policy.bars_for(role)]


def looked_at_by_law(policy: Policy, role: str, language: str) -> dict[str, list[str]]:
    """The same for a page: under each citation, in the order of the policy, its bars without it.

    Raises KeyError for a role or language that does not exist.
    """
    lines: dict[str, list[str]] = {}
    for bar in policy.bars_for(role):
        lines.setdefault(bar.source.cited(language), []).append(says(bar, language))
    return lines


def describe(bar: Bar, language: str) -> str:
    """One bar in plain words, with its citation."""
    return _text("join", "cited", language).format(_says(bar, language), bar.source.cited(language))


def says(bar: Bar, language: str) -> str:
    """One bar in plain words, without its citation."""
    return _text("join", "stop", language).format(_says(bar, language))


def _says(bar: Bar, language: str) -> str:
    said = bar.condition.says
    kinds = _labels("kind", said.get("kind", ()), language)
    text = _join("then", (_offences(said, language), *_parts(bar, language), _time(said, language)), language)
    head = f"{kinds}{_text('join', 'colon', language)}{text}" if kinds else text
    return f"{head[:1].upper()}{head[1:]}"


def _offences(said: Mapping[str, Any], language: str) -> str:
    text = _labels("offence", said.get("offence", ()), language) or _text("text", "any", language)
    if "except_offence" in said:
        text += _text("text", "except", language).format(_labels("offence", said["except_offence"], language))
    return text


def _parts(bar: Bar, language: str) -> Iterator[str]:
    said = bar.condition.says
    for key, value in said.items():
        if key == "traits":  # all of those, while of every other list any one is meant
            yield _join("and", (vocabulary.label("trait", word, language) for word in value), language)
        elif key in _phrases()["words"]:
            kind = "sentence" if key == "with_sentence" else key
            yield _text("words", key, language).format(_labels(kind, value, language))
        elif key in _phrases()["limited"]:
            yield _text("limited", key, language).format(_limits(key, value, language))
        elif key in _phrases()["flag"]:
            yield _phrases()["flag"][key]["yes" if value else "no"][language]
        elif key == "term":
            yield _join("comma", (_text("term", word, language) for word in value), language)
    if bar.dispositions != vocabulary.meaning("counted"):
        ways = [word for word in vocabulary.words("disposition") if word in bar.dispositions]
        yield _text("text", "ended", language).format(_labels("disposition", ways, language))
    if bar.at_least > 1:
        yield _text("text", "count", language).format(bar.at_least)


def _join(how: str, parts: Iterable[str], language: str) -> str:
    return _text("join", how, language).join(parts)


def _labels(kind: str, words: Sequence[str], language: str) -> str:
    labels = {word: vocabulary.label(kind, word, language) for word in words}
    for first, second, together in vocabulary.said_together():
        if first in labels and second in labels:
            labels[first] = together[language]
            del labels[second]
    return _join("comma", labels.values(), language)


def _limits(key: str, limits: Mapping[str, Any], language: str) -> str:
    group = "age" if key.startswith("age") else "limit"
    said = [
        _text(group, limit, language).format(length_said(Duration.parse(bound), language) if key in _LENGTHS else bound)
        for limit, bound in limits.items()
    ]
    return _join("and", said, language)


def _time(said: Mapping[str, Any], language: str) -> str:
    times = []
    if "running" in said:
        times.append(_text("text", "running" if said["running"] else "over", language))
    if "within" in said:
        times.append(_within(said["within"], language))
    return _join("comma", times, language) or _text("text", "ever", language)


def _within(within: Mapping[str, str], language: str) -> str:
    length = Duration.parse(within["period"])
    if length == Duration(0, 0) and "plus" not in within:
        return _text("text", "running", language)
    period = length_said(length, language)
    if "plus" in within:
        period = _text("plus", within["plus"], language).format(period)
    return _text("text", "within", language).format(period, _text("clock", within["clock"], language))


def length_said(length: Duration, language: str) -> str:
    """A length of time in words, such as `18 months` or `one year and 10 days`."""
    years, months = divmod(length.months, 12)
    said = []
    if months:
        said.append(_number("month", length.months, language))
    elif years:
        said.append(_number("year", years, language))
    if length.days or not said:
        said.append(_number("day", length.days, language))
    return _join("sum", said, language)


def repeated(lease: Lease, language: str) -> str:
    """How often a check may be repeated and for how long, in plain words, with the citation."""
    lengths = (length_said(length, language) for length in (lease.every, lease.term))
    said = _text("text", "repeated", language).format(*lengths)
    return _text("join", "cited", language).format(said, lease.source.cited(language))


def _number(unit: str, number: int, language: str) -> str:
    return _text("length", f"one-{unit}" if number == 1 else f"{unit}s", language).format(number)
