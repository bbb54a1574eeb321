"""Check a policy: all the questions about one version of it, under both readings of the law."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations_with_replacement, product
from typing import Any

from policies.analysis.asks import READINGS, Ask, asks_of, holds, jurisdictions, outcome
from policies.analysis.bars import Bars, Blind, Case, Idle
from policies.analysis.building import build
from policies.analysis.places import Place, coarse_words
from policies.analysis.samples import Workshop
from policies.analysis.witness import Witness, record
from policies.evaluator import ELIGIBLE, INELIGIBLE, UNDETERMINED
from policies.model import Entry
from policies.policy import Bar, Policy
from policies.regime import Regime

_ORDER = (ELIGIBLE, UNDETERMINED, INELIGIBLE)
_MOST = 40


@dataclass(frozen=True)
class Broken:
    """Two records of which the larger has the better outcome."""

    ask: Ask
    less: dict[str, Any]
    more: dict[str, Any]
    outcomes: tuple[str, str]

    def told(self) -> dict[str, Any]:
        """The JSON form."""
        asked = {"role": self.ask.role, "reading": self.ask.reading}
        return {**asked, "record": self.less, "with_more": self.more, "outcomes": list(self.outcomes)}


@dataclass(frozen=True)
class Check:
    """What there is to say of one version. `cases` and `pairs` say how much was looked at."""

    policy: Policy
    day: date
    no_law: tuple[str, ...]
    cases: int
    pairs: int
    idle: tuple[Idle, ...]
    blind: tuple[Blind, ...]
    undetermined: tuple[tuple[tuple[str, ...], Witness], ...]
    coarse: Mapping[str, tuple[str, ...]]
    beyond: tuple[tuple[Bar, Witness], ...]
    broken: tuple[Broken, ...]

    @property
    def wrong(self) -> bool:
        """Is there something that may not be?"""
        return bool(self.beyond or self.broken)

    def told(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "policy": self.policy.id,
            "version": self.policy.version,
            "day": self.day.isoformat(),
            "no_law": list(self.no_law),
            "cases": self.cases,
            "never_decide": [one.told() for one in self.idle],
            "cannot_see": [one.told() for one in self.blind],
            "undetermined": [{"bars": list(bars), "witness": one.told()} for bars, one in self.undetermined],
            "too_coarse": {word: list(bars) for word, bars in self.coarse.items()},
            "reads_beyond_basis": [{"bar": bar.id, "witness": one.told()} for bar, one in self.beyond],
            "monotone": {"pairs": self.pairs, "broken": [one.told() for one in self.broken]},
        }


def check(policy: Policy, day: date, law: Mapping[str, Regime]) -> Check:
    """Ask every question about a version on a day, under the law of that day."""
    asks = [ask for reading in READINGS for ask in asks_of(policy, day, reading, law)]
    shop = Workshop(asks)
    judged = [Bars.of(shop, ask) for ask in asks]
    pairs, broken = _monotone(shop, judged)
    return Check(
        policy,
        day,
        tuple(name for name in (policy.jurisdiction,) if name not in law),
        sum(len(one.cases) for one in judged),
        pairs,
        tuple(idle for one in judged for idle in one.idle()),
        tuple(_once(one for bars in judged for one in bars.blind())),
        tuple(found for one in judged for found in one.undetermined()),
        _too_coarse(shop, asks),
        tuple(found for one in judged for found in one.beyond()),
        tuple(broken),
    )


def _once(blind: Iterator[Blind]) -> Iterator[Blind]:
    """A bar that several asks have is blind in the same way in each."""
    seen = set()
    for one in blind:
        if (one.bar.id, one.ask.reading) not in seen:
            seen.add((one.bar.id, one.ask.reading))
            yield one


def _monotone(shop: Workshop, judged: list[Bars]) -> tuple[int, list[Broken]]:
    """Put any two different cases together: no outcome may be better than that of one alone. Pairs of cases only."""
    pairs, broken = 0, []
    for one in judged:
        for first, second in combinations_with_replacement(_some(one.distinct()), 2):
            pairs += 1
            entries, born = (*first.sample.entries, *second.sample.entries), first.sample.born
            together = _outcome(shop, one.ask, entries, born)
            for case in (first, second) if together != INELIGIBLE else ():
                alone = _outcome(shop, one.ask, case.sample.entries, born)
                if _ORDER.index(together) < _ORDER.index(alone):
                    less, more = record(case.sample.entries, born), record(entries, born)
                    broken.append(Broken(one.ask, less, more, (alone, together)))
    return pairs, broken


def _outcome(shop: Workshop, ask: Ask, entries: tuple[Entry, ...], born: date) -> str:
    return outcome(ask.bars, shop.sealed_entries(ask, entries, born), ask.reading)


def _some(cases: list[Case]) -> list[Case]:
    """Not more than so many, from all over the list."""
    return cases[:: -(-len(cases) // _MOST)] if cases else []


def _too_coarse(shop: Workshop, asks: list[Ask]) -> dict[str, tuple[str, ...]]:
    """Offences of which a registry says only the beginning, with the bars that are not settled then."""
    found: dict[str, dict[str, None]] = {}
    for word, ask in product(coarse_words(), asks):
        for bar in ask.bars if shop.grid.jurisdictions else ():
            if "offence" in bar.condition.says and _unsettled(shop, ask, bar, word):
                found.setdefault(word, {})[bar.id] = None
    return {word: tuple(bars) for word, bars in found.items()}


def _unsettled(shop: Workshop, ask: Ask, bar: Bar, word: str) -> bool:
    name = jurisdictions([ask])[0]
    for kind, disposition in product(bar.condition.says.get("kind", shop.grid.kinds), sorted(bar.dispositions)):
        built = build(Place(name, kind, disposition, word), {}, ask.day)
        if built and holds(bar, shop.sealed_entries(ask, (built.entry,), built.born), ask.reading) is None:
            return True
    return False
