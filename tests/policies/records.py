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
LENGTHS = st.sampled_from(
    ["P10D", "P3M", "P93D", "P6M", "P12M", "P366D", "P13M", "P2Y", "P30M", "P48M", "P49M", "P60M", "P72M"]
)


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


@st.composite
def sentences(draw: st.DrawFn, decided: date, words: Words) -> Sentence:
    """One sentence that begins on or after the decision and ends in order."""
    start = decided + timedelta(days=draw(st.sampled_from([0, 0, 0, 10])))
    kind = draw(st.sampled_from(words.sentence))
    indefinite = draw(st.booleans()) and kind in ("restraining-order", "driving-disqualification")
    length = None if indefinite or kind in ("fine", "compensation") else draw(st.none() | LENGTHS)
    done = draw(st.none() | st.sampled_from([30, 400]))
    revoked = draw(st.sampled_from([None, None, None, 20]))
    released = draw(st.none() | st.sampled_from([5, 30])) if revoked is None else None
    return Sentence(
        kind=kind,
        length=Duration.parse(length) if length else None,
        decided_on=draw(st.sampled_from([None, decided])),
        started_on=draw(st.sampled_from([start, start, None])),
        released_on=start + timedelta(days=released) if released else None,
        indefinite=indefinite,
        suspended=draw(st.booleans()),
        supervised_until=draw(st.sampled_from([None, None, start + timedelta(days=700)])),
        consecutive=False,
        endorsed=draw(st.booleans()),
        day_units=draw(st.sampled_from([None, 60, 90, 91])) if kind == "fine" else None,
        completed_on=start + timedelta(days=done) if done else None,
        revoked_on=start + timedelta(days=revoked) if revoked else None,
    )


@st.composite
def drugs(draw: st.DrawFn, words: Words) -> Drug:
    """What is known of a drug matter, wholly or in part."""

    def maybe(known: tuple[str, ...]) -> str | None:
        return draw(st.none() | st.sampled_from(known)) if known else None

    return Drug(
        substance=maybe(words.substance),
        addiction=maybe(words.addiction),
        conduct=maybe(words.conduct),
        clean_since=draw(st.none() | DAYS),
    )


@st.composite
def entries(draw: st.DrawFn, jurisdiction: str = "cn", words: Words = USUAL) -> Entry:
    """One entry decided by June 2026."""
    decided = draw(DAYS)
    disposition = draw(st.sampled_from(words.disposition))
    age = draw(st.none() | st.integers(12, 60))
    ended = disposition in ("annulled", "expunged", "disregarded", "conditionally-cautioned")
    return Entry(
        jurisdiction=jurisdiction,
        kind=draw(st.sampled_from(words.kind)),
        offence=draw(st.sampled_from(words.offence)),
        disposition=disposition,
        ref=draw(st.uuids()).hex,
        grade=draw(st.none() | st.sampled_from(words.grade)) if words.grade else None,
        traits=draw(st.frozensets(st.sampled_from(words.traits), max_size=2)),
        traits_complete=draw(st.booleans()),
        proceeding=draw(st.sampled_from([None, None, "p", "q"])),
        acted_on=draw(st.none() | st.just(decided - timedelta(days=200))),
        decided_on=draw(st.sampled_from([decided, decided, decided, None])),
        ended_on=decided + timedelta(days=100) if ended else None,
        age_at_act=age,
        age_at_decision=age,
        sentences=draw(st.none() | st.lists(sentences(decided, words), max_size=2).map(tuple)),
        drug=draw(st.none() | drugs(words)) if words.substance else None,
    )


def reports(jurisdiction: str = "cn", most: int = 4, words: Words = USUAL) -> st.SearchStrategy[list[Report]]:
    """A record as sure reports."""
    return st.lists(entries(jurisdiction, words).map(Report), max_size=most)
