"""Witnesses: a record, a day, a role and a reading, with what the evaluator answers to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies import vocabulary
from policies.analysis import usual
from policies.analysis.asks import Ask
from policies.analysis.samples import Sample, Workshop
from policies.model import Entry, write_entry
from policies.plain import length_said


class Unconfirmed(Exception):
    """A sample on which the evaluator says something else than the analysis: a mistake of ours."""


@dataclass(frozen=True)
class Witness:
    """A record, and what each of the asks answers on it."""

    asks: tuple[Ask, ...]
    outcomes: tuple[str, ...]
    sample: Sample
    levels: tuple[tuple[str, ...], ...]
    """For each ask, under the law that it asks by: the level of each entry."""

    def told(self) -> dict[str, Any]:
        """The JSON form. `record` is what `sealgate decide` reads."""
        return {
            "day": self.asks[0].day.isoformat(),
            "record": record(self.sample.entries, self.sample.born),
            "asked": [
                {
                    "policy": ask.policy.id,
                    "version": ask.policy.version,
                    "role": ask.role,
                    "reading": ask.reading,
                    "levels": list(levels),
                    "outcome": outcome,
                }
                for ask, outcome, levels in zip(self.asks, self.outcomes, self.levels, strict=True)
            ],
            "said": self.said(),
        }

    def said(self) -> str:
        """The record in plain English."""
        return said(self.sample, self.levels)


def witness(
    shop: Workshop,
    sample: Sample,
    places: int,
    asks: Sequence[Ask],
    fits: Callable[[Sequence[str]], bool] | None = None,
) -> Witness:
    """The sample at the most usual of its places at which the evaluator's outcomes fit. Raises Unconfirmed.

    What fits is what the analysis says of the sample itself, at the same seal levels, unless `fits` says it.
    """
    expected = tuple(shop.outcome(ask, sample) for ask in asks), _levels(shop, sample, asks)
    for one in shop.at(sample, places):
        outcomes = tuple(ask.adjudicated(one.entries, one.born) for ask in asks)
        levels = _levels(shop, one, asks)
        if fits(outcomes) if fits else (outcomes, levels) == expected:
            return Witness(tuple(asks), outcomes, one, levels)
    raise Unconfirmed(", ".join(ask.name for ask in asks))


def _levels(shop: Workshop, sample: Sample, asks: Sequence[Ask]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(seal.level or "unsettled" for seal in shop.sealed(ask, sample)) for ask in asks)


def record(entries: Sequence[Entry], born: date) -> dict[str, Any]:
    """A record in its JSON form."""
    return {"born": born.isoformat(), "entries": [write_entry(entry) for entry in entries]}


def said(sample: Sample, levels: Sequence[Sequence[str]]) -> str:
    """A sample in plain English: what it was, how it ended and when, and what of it matters here."""
    entry = sample.entries[0]
    head = (
        f"{_label('offence', entry.offence)}: {_label('kind', entry.kind)}, {_label('disposition', entry.disposition)}"
    )
    parts = [f"{head} of {entry.decided_on}", *_sentences(entry), *_facts(sample, entry)]
    if sample.copies > 1:
        parts.append(f"{sample.copies} such matters")
    worlds = dict.fromkeys(", ".join(dict.fromkeys(some)) for some in levels)
    return f"{'; '.join(parts)} ({', for the other '.join(worlds)})"


def _label(kind: str, word: str) -> str:
    return vocabulary.label(kind, word, "en")


def _sentences(entry: Entry) -> list[str]:
    found = []
    for one in entry.sentences or ():
        text = _label("sentence", one.kind) + (f" of {length_said(one.length, 'en')}" if one.length else "")
        text += f", completed on {one.completed_on}" if one.completed_on else ""
        text += f", released on {one.released_on}" if one.released_on and not one.completed_on else ""
        found.append(text + (", suspended" if one.suspended else ""))
    return found


def _facts(sample: Sample, entry: Entry) -> list[str]:
    found = [_label("trait", trait) for trait in sorted(entry.traits)]
    if "act" in sample.facts:
        found.append(f"done on {entry.acted_on}")
    if entry.age_at_act != usual.fact("age"):
        found.append(f"aged {entry.age_at_act} at the act")
    if entry.ended_on:
        found.append(f"ended on {entry.ended_on}")
    if entry.grade:
        found.append(_label("grade", entry.grade))
    if entry.drug:
        words = [("substance", entry.drug.substance), ("addiction", entry.drug.addiction)]
        found += [_label(kind, word) for kind, word in words if word]
    return found
