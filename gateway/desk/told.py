"""A question as a page tells it: words instead of the record format's, in the reader's language."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.checks import deployment
from gateway.checks.models import Check
from gateway.consent.wording import Wording
from gateway.desk.question import age_fits, reduced
from gateway.desk.shown import Shown
from gateway.tryout.choices import first_up
from policies import vocabulary
from policies.days import Duration
from policies.evaluator import Reason
from policies.library import NothingInForce
from policies.plain import length_said, says
from policies.policy import Bar

# Which closed set the words of a field are from.
_SETS: Mapping[str, str] = {
    **{name: name for name in ("kind", "offence", "disposition", "jurisdiction", "grade")},
    "traits": "trait",
    "drug.substance": "substance",
    "drug.addiction": "addiction",
    "drug.conduct": "conduct",
    "sentences.kind": "sentence",
}
_FLAGS = frozenset({"indefinite", "consecutive", "suspended", "endorsed"})
"""What is not so unless the record says so."""
_FIRST = ("offence", "kind", "disposition", "jurisdiction", "acted_on", "decided_on")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Row = tuple[str, str]
"""A name and what the record says of it."""


@dataclass(frozen=True)
class Entry:
    """One entry beneath one bar. Its number is the same wherever it stands on the page."""

    number: int
    sure: bool
    level: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Rule:
    """One bar, with the entries that it turns on."""

    id: str
    says: str
    cite: str
    doubtful: bool
    entries: Sequence[Entry]
    withheld: int


@dataclass(frozen=True)
class Person:
    """One candidate: is this the same person?"""

    handle: str
    number: int
    age_fits: str
    rows: Sequence[Row]


def work(check: Check, language: str) -> str:
    """Which policy and role a check is about: `Kindergarten staff: teacher`. Never who asks."""
    name = first_up(vocabulary.label("policy", check.policy, language))
    try:
        policy = deployment.ours().library.version(check.policy, check.version)
    except NothingInForce:
        return name
    return f"{name}{'：' if language == 'zh' else ': '}{policy.role_labels[check.role][language]}"


def rules(
    shown: Shown, text: Wording, only: Sequence[str] | None = None, persons: Mapping[str, str] = {}
) -> list[Rule]:
    """The bars in question, or those of them with these ids, after it was said whose entries are whose."""
    numbers = _numbers(shown)
    bars = {bar.id: bar for bar in shown.asked.policy.bars_for(shown.asked.role)}
    asked = [reason for reason in shown.reasons if only is None or reason.bar in only]
    return [_rule(shown, bars[reason.bar], reason, numbers, persons, text) for reason in asked]


def persons(shown: Shown, text: Wording) -> list[Person]:
    """The candidates in question."""
    numbers, born = _numbers(shown), shown.asked.query.born
    bars = {bar.id: bar for bar in shown.asked.policy.bars_for(shown.asked.role)}
    found = {matter.handle: matter.report.entry for matter in shown.matters}
    return [
        Person(
            handle,
            numbers[handle],
            age_fits(found[handle], born),
            _rows(reduced(found[handle], *(bars[name] for name in names)), text),
        )
        for handle, names in shown.persons.items()
    ]


def _rule(
    shown: Shown, bar: Bar, reason: Reason, numbers: Mapping[str, int], persons: Mapping[str, str], text: Wording
) -> Rule:
    visible = [matter for matter in reason.matters if matter.readable is True]
    handles = {id(matter): shown.handles[id(matter.report)] for matter in visible}
    entries = [
        Entry(
            numbers[handles[id(matter)]],
            matter.report.sure or persons.get(handles[id(matter)]) == "same",
            vocabulary.label("level", matter.level, text.language) if matter.level else text("desk.unsettled"),
            _rows(reduced(matter.report.entry, bar), text),
        )
        for matter in visible
        if persons.get(handles[id(matter)]) != "other"
    ]
    cite = bar.source.cited(text.language)
    doubtful = reason.source.doubtful
    return Rule(bar.id, says(bar, text.language), cite, doubtful, entries, len(reason.matters) - len(visible))


def _numbers(shown: Shown) -> dict[str, int]:
    """The entries counted in the order in which they come on the page."""
    numbers: dict[str, int] = {}
    for reason in shown.reasons:
        for matter in reason.matters:
            if matter.readable is True:
                numbers.setdefault(shown.handles[id(matter.report)], len(numbers) + 1)
    return numbers


def _rows(fields: Mapping[str, Any], text: Wording) -> list[Row]:
    order = {name: place for place, name in enumerate(_FIRST)}
    found = []
    for name in sorted(fields, key=lambda name: (order.get(name, len(order)), name)):
        found += list(_row(name, fields[name], text))
    return found


def _row(name: str, value: Any, text: Wording) -> Iterator[Row]:
    if isinstance(value, Mapping):
        for inner in sorted(value):
            yield from _row(f"{name}.{inner}", value[inner], text)
    elif name == "sentences" and value:
        for sentence in value:
            yield text("desk.field.sentence"), _sentence(sentence, text)
    elif name == "sentences":
        yield text("desk.field.sentence"), text("desk.unknown" if value is None else "desk.none")
    else:
        yield text(f"desk.field.{name.replace('.', '_')}"), _said(name, value, text)


def _sentence(sentence: Mapping[str, Any], text: Wording) -> str:
    """What was imposed, then all else that is known of it; what is not known of it is left to the other words."""
    parts = [_said("sentences.kind", sentence.get("kind"), text)]
    for name in sorted(set(sentence) - {"kind"}):
        told = False if name in _FLAGS and sentence[name] is None else sentence[name]
        if told is not None:
            said = _said(f"sentences.{name}", told, text)
            parts.append(f"{text(f'desk.field.sentences_{name}')}{text('desk.colon')}{said}")
    unknown = [name for name in sorted(set(sentence) - _FLAGS) if sentence[name] is None]
    if unknown:
        names = text("desk.comma").join(text(f"desk.field.sentences_{name}") for name in unknown)
        parts.append(text("desk.not_told", names=names))
    return text("desk.semicolon").join(parts)


def _said(name: str, value: Any, text: Wording) -> str:
    if value is None:
        return text("desk.unknown")
    if isinstance(value, bool):
        return text("desk.yes" if value else "desk.no")
    if isinstance(value, list):
        return text("desk.comma").join(_said(name, each, text) for each in value) or text("desk.none")
    if name in _SETS:
        return first_up(vocabulary.label(_SETS[name], value, text.language))
    if isinstance(value, str) and _DAY.fullmatch(value):
        return text.day(date.fromisoformat(value))
    if name == "sentences.length":
        return length_said(Duration.parse(value), text.language)
    return str(value)
