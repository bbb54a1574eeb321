"""Samples: the finitely many cases on which the answers of some asks depend, each a concrete record.

Exhaustive, for records of a single matter (or of several alike, where a bar counts): over the offences, kinds and
dispositions of the closed words, and over what the bars in play say of a matter, joined with what the law's rules say
of the same facts. Not exhaustive: which seal levels a matter reaches by facts that no bar mentions (see `reaching`);
matters with more than two sentences; records of several different matters, which act on each other in most laws; and
entries under laws that the policies in question do not rest on, of which they read only what is open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from policies.analysis.asks import Ask, Seals, jurisdictions, outcome
from policies.analysis.building import build
from policies.analysis.dimensions import OF_SENTENCE, Facts, Want, region, regions, sentences, wants_of
from policies.analysis.places import Grid, Place, split
from policies.analysis.reaching import Ways
from policies.model import Entry, Sentence
from policies.policy import Bar
from policies.regime import Regime, SealRule
from policies.sealing import Sealed


@dataclass(frozen=True)
class Sample:
    """A record of one matter, or of several alike, that stands for every matter in its places with these facts.

    `apart`: several alike are a day apart; else all of one day.
    """

    place: Place
    facts: Facts
    entries: tuple[Entry, ...]
    born: date
    apart: bool = True

    @property
    def copies(self) -> int:
        """How many matters alike there are."""
        return len(self.entries)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The kinds of its sentences."""
        return tuple(one.kind for one in self.entries[0].sentences or ())


@dataclass(frozen=True)
class Sort:
    """Places that the bars in play and the rules of sealing do not tell apart, with those bars and rules."""

    places: int
    bars: tuple[Bar, ...]
    rules: tuple[SealRule, ...]


class Workshop:
    """Makes samples on one day for some asks; what it has found out of a law serves them all."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        self.day = asks[0].day
        self.grid = Grid(jurisdictions(asks))
        self._seals = Seals()
        self._regimes: dict[str, list[Regime]] = {name: [] for name in self.grid.jurisdictions}
        for name, ask in product(self.grid.jurisdictions, asks):
            if name in ask.law and not any(ask.law[name] is one for one in self._regimes[name]):
                self._regimes[name].append(ask.law[name])
        self._ways = {id(one): Ways(one, self.day) for regimes in self._regimes.values() for one in regimes}
        self._by_law = {name: list(self._sorts_of(name)) for name in self.grid.jurisdictions}
        self._places: dict[int, int] = {}
        self.possible = self.grid.possible(bar.condition.says for ask in asks for bar in ask.bars)

    def _sorts_of(self, name: str) -> Iterator[Sort]:
        """The places of a jurisdiction by the rules of sealing that may speak of them."""
        rules = [rule for regime in self._regimes[name] for level in regime.rules.values() for rule in level]
        atoms: dict[tuple[int, ...], int] = {(): self.grid.mask({}, jurisdiction=name)}
        for number, rule in enumerate(rules):
            atoms = split(atoms, number, self.grid.mask(rule.condition.says, jurisdiction=name))
        for key, places in atoms.items():
            yield Sort(places, (), tuple(rules[number] for number in key))

    def places(self, bar: Bar) -> int:
        """The places that a bar's words let in, of those that can be."""
        if id(bar) not in self._places:
            self._places[id(bar)] = self.grid.mask(bar.condition.says, bar.dispositions) & self.possible
        return self._places[id(bar)]

    def sorts(self, bars: Sequence[Bar], names: Sequence[str], within: int | None = None) -> Iterator[Sort]:
        """The sorts of matters that some of these bars may mean, in some jurisdictions and of the places `within`."""
        atoms: dict[tuple[int, ...], int] = {(): self.grid.mask({}) if within is None else within}
        for number, bar in enumerate(bars):
            atoms = split(atoms, number, self.places(bar))
        laws = [sort for name in names for sort in self._by_law.get(name, ())]
        for key, places in atoms.items():
            for law in laws if key else ():
                if there := places & law.places:
                    yield Sort(there, tuple(bars[number] for number in key), law.rules)

    def samples(self, sort: Sort, meet: Sequence[Bar] = (), brief: bool = False) -> Iterator[Sample]:
        """Every sample of a sort, each record once.

        `meet`: only those whose facts are as these of the bars ask. `brief`: of the rules of sealing that lead to a
        level alike, one will do.
        """
        place = self.grid.place((sort.places & -sort.places).bit_length() - 1)
        counts = sorted({1} | {bar.at_least for bar in sort.bars})
        seen: set[tuple[Entry, ...]] = set()
        tried: set[frozenset[tuple[str, Any]]] = set()
        for facts in self._facts(place, sort, meet, brief):
            if (key := frozenset(facts.items())) in tried:
                continue
            tried.add(key)
            for count, apart in [(1, True)] + [(count, apart) for count in counts[1:] for apart in (True, False)]:
                sample = self._sample(place, facts, count, apart)
                if sample and sample.entries not in seen:
                    seen.add(sample.entries)
                    yield sample

    def _sample(self, place: Place, facts: Facts, count: int, apart: bool) -> Sample | None:
        built = build(place, facts, self.day)
        if built is None:
            return None
        entries = tuple(_earlier(built.entry, number if apart else 0) for number in range(count))
        return Sample(place, facts, entries, built.born, apart)

    def _facts(self, place: Place, sort: Sort, meet: Sequence[Bar], brief: bool) -> Iterator[Facts]:
        wants = _by_dimension(sort.bars)
        must = _by_dimension(meet)
        sets: list[list[tuple[str, ...]]] = [[]]
        if asked := wants.pop("sentence", None):
            law = [one for rule in sort.rules for one in wants_of(rule.condition.says) if one.dimension == "sentence"]
            sets = [one for one in sentences(asked, law, self.day) if self._meets(must.get("sentence", ()), one[0])]
        values = [
            [(name, value) for value in regions(name, wants[name], self.day) if self._meets(must.get(name, ()), value)]
            for name in sorted(wants)
        ]
        for regime, some in product(self._regimes[place.jurisdiction], sets):
            for way in self._ways[id(regime)].of(place, sort.rules, some, brief):
                for chosen in product(*values):
                    fixed = {name: self._near(wants[name], value, way.get(name, value)) for name, value in chosen}
                    yield _consistent({**way, **fixed})

    def _meets(self, wants: Sequence[Want], value: Any) -> bool:
        """Are they met, as one reading at least of a document's `boundary` has it?"""
        return all(any(want.met(value, self.day)) for want in wants)

    def _near(self, wants: Sequence[Want], value: Any, other: Any) -> Any:
        """The other value, if the wants answer it alike."""
        alike = other == value or region(wants, other, self.day) == region(wants, value, self.day)
        return other if alike else value

    def sealed(self, ask: Ask, sample: Sample) -> list[Sealed]:
        """The seals of a sample's entries under the law of an ask."""
        return self.sealed_entries(ask, sample.entries, sample.born)

    def sealed_entries(self, ask: Ask, entries: tuple[Entry, ...], born: date) -> list[Sealed]:
        """The seals of a record's entries under the law of an ask."""
        return self._seals.of(ask, entries, born)

    def outcome(self, ask: Ask, sample: Sample) -> str:
        """What an ask answers on a sample."""
        return outcome(ask.bars, self.sealed(ask, sample), ask.reading)

    def at(self, sample: Sample, places: int) -> Iterator[Sample]:
        """The same facts at some of these places, the most usual first: as is usual there, then exactly the same."""
        for place in self.grid.some(places, sample.place):
            for facts in (sample.facts, {"sentence": sample.sentences, **sample.facts}):
                moved = self._sample(place, facts, sample.copies, sample.apart)
                if moved is not None:
                    yield moved


def _by_dimension(bars: Sequence[Bar]) -> dict[str, list[Want]]:
    found: dict[str, list[Want]] = {}
    for want in (want for bar in bars for want in wants_of(bar.condition.says)):
        found.setdefault(want.dimension, []).append(want)
    return found


def _consistent(facts: Facts) -> Facts:
    """Without a sentence, no facts about one."""
    if facts.get("sentence") != ():
        return facts
    return {name: value for name, value in facts.items() if name == "sentence" or name not in OF_SENTENCE}


def _earlier(entry: Entry, days: int) -> Entry:
    """The same matter, all of it so many days earlier."""
    if not days:
        return entry
    sentences = tuple(replace(one, **_dates_earlier(one, days)) for one in entry.sentences or ())
    return replace(entry, sentences=sentences, **_dates_earlier(entry, days))


def _dates_earlier(what: Entry | Sentence, days: int) -> dict[str, Any]:
    values = {field.name: getattr(what, field.name) for field in fields(what)}
    return {name: value - timedelta(days=days) for name, value in values.items() if isinstance(value, date)}
