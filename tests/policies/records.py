"""Random records for property tests: consistent ones, as a registry could report them, sparse or full.

The words come from the documents themselves: what a law or a policy tells apart is what its records must vary.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from policies import vocabulary
from policies.days import Duration
from policies.library import Library
from policies.model import Drug, Entry, Report, Sentence
from policies.policy import Policy
from policies.regime import Regime
from policies.rules import Condition

DAYS = st.dates(date(2008, 1, 1), date(2026, 5, 31))
MAYBE_DAYS = st.none() | DAYS
LENGTHS = ("P10D", "P3M", "P93D", "P6M", "P12M", "P366D", "P13M", "P2Y", "P30M", "P48M", "P49M", "P60M", "P72M")


@dataclass(frozen=True)
class Words:
    """The words that records are made of."""

    kind: tuple[str, ...] = ("criminal", "administrative", "traffic", "rehabilitation", "employment")
    offence: tuple[str, ...] = (
        "theft",
        "fraud",
        "drugs.use",
        "drugs",
        "violence",
        "violence.injury",
        "unknown",
        "other",
    )
    disposition: tuple[str, ...] = ("convicted", "penalised", "cautioned", "pending", "annulled", "measure-ordered")
    sentence: tuple[str, ...] = ("imprisonment", "fine", "community-order", "absolute-discharge")
    traits: tuple[str, ...] = ("intentional", "summary-only")
    grade: tuple[str, ...] = ()
    substance: tuple[str, ...] = ()
    addiction: tuple[str, ...] = ()
    conduct: tuple[str, ...] = ()


USUAL = Words()


def _conditions(regime: Regime) -> Iterator[Condition]:
    for rules in regime.rules.values():
        for rule in rules:
            yield rule.condition
            if rule.no_other:
                yield rule.no_other.condition
    for way in regime.interactions:
        for conditions in way.conditions.values():
            yield from conditions
    for reader in regime.readers.values():
        yield from reader.opens


def words_of(said: Iterable[Mapping[str, Any]]) -> Words:
    """The usual words with those that documents say beside them."""
    found: dict[str, dict[str, None]] = {
        field.name: dict.fromkeys(getattr(USUAL, field.name)) for field in fields(Words)
    }
    for says in said:
        for key, values in says.items():
            name = {"except_offence": "offence", "with_sentence": "sentence"}.get(key, key)
            if name in found:
                found[name].update(dict.fromkeys(values))
    for name in ("substance", "addiction", "conduct"):
        found[name].update(dict.fromkeys(vocabulary.words(name)))
    return Words(**{name: tuple(values) for name, values in found.items()})


@cache
def words_of_regime(regime_id: str, day: date) -> Words:
    """The words that a regime in force on a day tells apart."""
    return words_of(condition.says for condition in _conditions(Library.shipped().regime(regime_id, day)))


def words_of_policy(policy: Policy) -> Words:
    """The words that a policy tells apart."""
    return words_of({**bar.condition.says, "disposition": sorted(bar.dispositions)} for bar in policy.bars)


# Hypothesis examines a strategy when it is first drawn from; made anew for each draw, that is half of a test's time.
AGES = st.none() | st.integers(12, 60)
REFS = st.uuids()


@cache
def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """One of these values."""
    return st.sampled_from(values)


@cache
def perhaps(*values: Any) -> st.SearchStrategy[Any]:
    """None half of the time, else one of these values."""
    return st.none() | st.sampled_from(values) if values else st.none()


@cache
def some_of(*values: str) -> st.SearchStrategy[frozenset[str]]:
    """At most two of these values."""
    return st.frozensets(st.sampled_from(values), max_size=2)


def _sentence(draw: st.DrawFn, decided: date, words: Words) -> Sentence:
    """One sentence that begins on or after the decision and ends in order."""
    start = decided + timedelta(days=draw(one_of(0, 0, 0, 10)))
    kind = draw(one_of(*words.sentence))
    indefinite = draw(st.booleans()) and kind in ("restraining-order", "driving-disqualification")
    length = None if indefinite or kind in ("fine", "compensation") else draw(perhaps(*LENGTHS))
    done = draw(perhaps(30, 400))
    revoked = draw(one_of(None, None, None, 20))
    released = draw(perhaps(5, 30)) if revoked is None else None
    return Sentence(
        kind=kind,
        length=Duration.parse(length) if length else None,
        decided_on=decided if draw(st.booleans()) else None,
        started_on=start if draw(one_of(True, True, False)) else None,
        released_on=start + timedelta(days=released) if released else None,
        indefinite=indefinite,
        suspended=draw(st.booleans()),
        supervised_until=start + timedelta(days=700) if draw(one_of(False, False, True)) else None,
        consecutive=False,
        endorsed=draw(st.booleans()),
        day_units=draw(one_of(None, 60, 90, 91)) if kind == "fine" else None,
        completed_on=start + timedelta(days=done) if done else None,
        revoked_on=start + timedelta(days=revoked) if revoked else None,
    )


def _sentences(draw: st.DrawFn, decided: date, words: Words) -> tuple[Sentence, ...] | None:
    """None where nothing is known, else at most two."""
    number = draw(one_of(None, None, 0, 1, 1, 2))
    return None if number is None else tuple(_sentence(draw, decided, words) for _ in range(number))


def _drug(draw: st.DrawFn, words: Words) -> Drug | None:
    """What is known of a drug matter, wholly, in part or not at all."""
    if not words.substance or draw(st.booleans()):
        return None
    return Drug(
        substance=draw(perhaps(*words.substance)),
        addiction=draw(perhaps(*words.addiction)),
        conduct=draw(perhaps(*words.conduct)),
        clean_since=draw(MAYBE_DAYS),
    )


def _fits(trait: str, grade: str | None) -> bool:
    """Whether a trait does not contradict the grade: what does is unknown, and forgetting half of it settles it."""
    grades = vocabulary.graded(trait)
    return grade is None or grades is None or grade in grades


@cache
@st.composite
def entries(draw: st.DrawFn, jurisdiction: str = "cn", words: Words = USUAL) -> Entry:
    """One entry decided by June 2026."""
    decided = draw(DAYS)
    disposition = draw(one_of(*words.disposition))
    age, grade = draw(AGES), draw(perhaps(*words.grade))
    ended = disposition in ("annulled", "expunged", "disregarded", "conditionally-cautioned")
    return Entry(
        jurisdiction=jurisdiction,
        kind=draw(one_of(*words.kind)),
        offence=draw(one_of(*words.offence)),
        disposition=disposition,
        ref=draw(REFS).hex,
        grade=grade,
        traits=frozenset(trait for trait in draw(some_of(*words.traits)) if _fits(trait, grade)),
        traits_complete=draw(st.booleans()),
        proceeding=draw(one_of(None, None, "p", "q")),
        acted_on=decided - timedelta(days=200) if draw(st.booleans()) else None,
        decided_on=decided if draw(one_of(True, True, True, False)) else None,
        ended_on=decided + timedelta(days=100) if ended else None,
        age_at_act=age,
        age_at_decision=age,
        sentences=_sentences(draw, decided, words),
        drug=_drug(draw, words),
    )


@cache
def reports(jurisdiction: str = "cn", most: int = 4, words: Words = USUAL) -> st.SearchStrategy[list[Report]]:
    """A record as sure reports."""
    return st.lists(entries(jurisdiction, words).map(Report), max_size=most)
