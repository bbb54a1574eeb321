"""What the bars of one ask do: which never decide, which cannot see what they name, and what they leave unsettled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies.analysis.asks import Ask, holds, jurisdictions
from policies.analysis.categories import Category, categories, named
from policies.analysis.samples import Sample, Sort, Workshop
from policies.analysis.witness import Witness, witness
from policies.evaluator import may_read
from policies.policy import Bar
from policies.sealing import Sealed


@dataclass(frozen=True)
class Idle:
    """A bar without which no answer would be another: it never holds, or whenever it holds others (`by`) do too.

    `doubtful`: those others rest on norms that are contested or not surely read, and this bar does not.
    """

    ask: Ask
    bar: Bar
    by: tuple[Bar, ...]
    doubtful: bool

    def told(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "roles": list(self.ask.roles),
            "reading": self.ask.reading,
            "bar": self.bar.id,
            "covered_by": [bar.id for bar in self.by],
            "covered_by_doubtful": self.doubtful,
        }


@dataclass(frozen=True)
class Blind:
    """What a bar names and may not read: categories of which it reads none (`never`), and those of which some.

    `why` says by which rules of which laws it is sealed (what is never read, if there is such a category), and what
    the bar lacks there.
    """

    ask: Ask
    bar: Bar
    never: tuple[Category, ...]
    sometimes: tuple[Category, ...]
    reads: tuple[Category, ...]
    why: tuple["Hidden", ...]
    witness: Witness

    @property
    def wholly(self) -> bool:
        """Can the bar read nothing of what it names?"""
        return not self.reads

    def told(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "reading": self.ask.reading,
            "bar": self.bar.id,
            "wholly": self.wholly,
            "never": [one.told() for one in self.never],
            "sometimes": [one.told() for one in self.sometimes],
            "why": [one.told() for one in self.why],
            "witness": self.witness.told(),
        }


@dataclass(frozen=True)
class Hidden:
    """How one law hides matters from a bar: the level, its rules, and what the bar lacks (`LACKS`)."""

    jurisdiction: str
    level: str
    rules: tuple[str, ...]
    lacks: str

    def told(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "jurisdiction": self.jurisdiction,
            "level": self.level,
            "rules": list(self.rules),
            "lacks": self.lacks,
        }


LACKS = {
    "level": "no reader may read it",
    "reader": "the bar names no reader of that law",
    "rank": "the reader does not admit the rank of the bar's norm",
    "part": "the reader does not open these",
}


@dataclass
class Case:
    """A sample with what there is to know of it: its seals, and which bars hold."""

    sort: Sort
    sample: Sample
    sealed: list[Sealed]
    holding: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass
class Bars:
    """The bars of an ask over all samples."""

    shop: Workshop
    ask: Ask
    cases: list[Case] = field(default_factory=list)

    @classmethod
    def of(cls, shop: Workshop, ask: Ask) -> "Bars":
        """Every sample of the ask, judged."""
        found = cls(shop, ask)
        for sort in shop.sorts(ask.bars, jurisdictions([ask])):
            for sample in shop.samples(sort):
                sealed = shop.sealed(ask, sample)
                answers = {bar.id: holds(bar, sealed, ask.reading) for bar in sort.bars}
                holding = tuple(name for name, answer in answers.items() if answer)
                unknown = tuple(name for name, answer in answers.items() if answer is None)
                found.cases.append(Case(sort, sample, sealed, holding, unknown))
        return found

    def idle(self) -> Iterator[Idle]:
        """The bars that never decide."""
        for bar in self.ask.bars:
            cases = [case.holding for case in self.cases if bar.id in case.holding]
            if all(len(holding) > 1 for holding in cases):
                others = tuple(_cover([set(holding) - {bar.id} for holding in cases], self.ask.bars))
                doubtful = any(other.source.doubtful for other in others) and not bar.source.doubtful
                yield Idle(self.ask, bar, others, doubtful)

    def blind(self) -> Iterator[Blind]:
        """The bars that may not read some of what they name."""
        for bar in self.ask.bars:
            seen = unseen = 0
            hidden: list[Case] = []
            for case in self.cases:
                if bar.means(case.sealed[0].case) is not True or case.sample.copies > 1:
                    continue
                readable = may_read(bar, case.sealed[0], self.ask.reading)
                seen |= case.sort.places if readable else 0
                if readable is False:
                    unseen |= case.sort.places
                    hidden.append(case)
            if hidden:
                yield self._blind(bar, seen, unseen, hidden)

    def _blind(self, bar: Bar, seen: int, unseen: int, hidden: Sequence[Case]) -> Blind:
        grid = self.shop.grid
        seen_cells, unseen_cells = grid.cells_of(seen), grid.cells_of(unseen)
        hidden_here = [case for case in hidden if grid.cells_of(case.sort.places) & ~seen_cells] or list(hidden)
        first = hidden_here[0]
        places = first.sort.places & ~grid.places_in(seen_cells) or first.sort.places
        return Blind(
            self.ask,
            bar,
            self._said(unseen_cells & ~seen_cells, bar),
            self._said(unseen_cells & seen_cells, bar),
            self._said(seen_cells, bar),
            _why(bar, hidden_here, self.ask.reading),
            witness(self.shop, first.sample, places, [self.ask]),
        )

    def _said(self, cells: int, bar: Bar) -> tuple[Category, ...]:
        return tuple(categories(self.shop.grid.cells(cells), named([bar])))

    def undetermined(self) -> Iterator[tuple[tuple[str, ...], Witness]]:
        """Outcomes that stay open though every fact is known: the bars that are unknown, and one witness of each."""
        seen: set[tuple[str, ...]] = set()
        for case in self.cases:
            if case.unknown and not case.holding and case.unknown not in seen:
                seen.add(case.unknown)
                yield case.unknown, witness(self.shop, case.sample, case.sort.places, [self.ask])

    def beyond(self) -> Iterator[tuple[Bar, Witness]]:
        """What a bar reads although nothing gives it the right to; there should be nothing."""
        for case in self.cases:
            for bar in case.sort.bars:
                if may_read(bar, case.sealed[0], self.ask.reading) and not entitled(bar, case.sealed[0], self.ask):
                    yield bar, witness(self.shop, case.sample, case.sort.places, [self.ask])

    def distinct(self) -> list[Case]:
        """One case for each way in which the bars and the law answer."""
        found: dict[Any, Case] = {}
        for case in self.cases:
            rule = case.sealed[0].reach.rule.id if case.sealed[0].reach and case.sealed[0].reach.rule else ""
            found.setdefault((case.holding, case.unknown, case.sealed[0].level, rule, case.sample.copies), case)
        return list(found.values())


def _cover(holdings: list[set[str]], bars: Sequence[Bar]) -> Iterator[Bar]:
    """Bars of which one holds in each case, as few as a greedy choice finds."""
    left = holdings
    while left:
        best = max(bars, key=lambda bar: sum(bar.id in holding for holding in left))
        yield best
        left = [holding for holding in left if best.id not in holding]


def entitled(bar: Bar, sealed: Sealed, ask: Ask) -> bool:
    """May a bar read an entry, as its basis and its rank alone have it? What the evaluator reads is held against this.

    At each level that the entry may have it is open, or sealed lightly under a law that names the bar's basis as a
    reader and admits its rank.
    """
    readers = ask.law[sealed.entry.jurisdiction].readers
    bases = [readers[name] for name in bar.basis if name in readers]
    opened = any(reader.admits(bar.rank, ask.reading) and reader.opens_case(sealed.case) for reader in bases)
    return all(level == "open" or (level == "shallow" and opened) for level in sealed.levels)


def _why(bar: Bar, cases: Sequence[Case], reading: str) -> tuple[Hidden, ...]:
    rules: dict[tuple[str, str, str], dict[str, None]] = {}
    for case in cases:
        sealed = case.sealed[0]
        rule = sealed.reach.rule.id if sealed.reach and sealed.reach.rule else ""
        key = (sealed.entry.jurisdiction, sealed.level or "unsettled", _lacks(bar, sealed, reading))
        rules.setdefault(key, {})[rule] = None
    return tuple(Hidden(law, level, tuple(ids), lacks) for (law, level, lacks), ids in rules.items())


def _lacks(bar: Bar, sealed: Sealed, reading: str) -> str:
    if sealed.level != "shallow" or sealed.regime is None:
        return "level"
    bases = [sealed.regime.readers[name] for name in bar.basis if name in sealed.regime.readers]
    if not bases:
        return "reader"
    return "part" if any(reader.admits(bar.rank, reading) for reader in bases) else "rank"
