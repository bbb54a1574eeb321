"""What a *no* gives away: the categories that can lie behind it, for one ask and for two asks about one person.

A refusal that only one category can bring about names it; and who gets *no* from one ask and *yes* from another learns
that what there is lies in the difference. Sets are of records of one matter (or of several alike, where a bar counts):
two *no*s can also come from two different matters, and what asking again on another day gives away is not looked at.
For two asks, entries of the law that both policies have for home are looked at, with those of the laws that name
readers for them; of two homes, the entries of both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from policies.analysis.asks import Ask, jurisdictions
from policies.analysis.categories import Category, categories, named
from policies.analysis.places import Cell, thought_of
from policies.analysis.samples import Sample, Sort, Workshop
from policies.analysis.searching import bars_in, search
from policies.analysis.witness import Witness, witness
from policies.evaluator import INELIGIBLE
from policies.policy import Bar
from policies.vocabulary import offence_within

Answers = tuple[bool, ...]
"""For each ask: is it a no?"""


@dataclass
class Behind:
    """What can lie behind one answer, or one pair of answers.

    `once` are the places of which one matter brings it about, `often` those of which only several alike do.
    """

    once: int = 0
    often: int = 0
    best: tuple[int, Sample, int] | None = None

    @property
    def places(self) -> int:
        """All of them."""
        return self.once | self.often

    def add(self, shop: Workshop, sample: Sample, places: int) -> None:
        """A sample that brings these answers about, for all its places."""
        if sample.copies == 1:
            self.once |= places
        self.often |= places
        rank = 1000 * sample.copies + shop.grid.oddness(places)
        if self.best is None or rank < self.best[0]:
            self.best = (rank, sample, places)


@dataclass(frozen=True)
class Leak:
    """What lies behind these answers of these asks: categories, each cell, and a witness."""

    asks: tuple[Ask, ...]
    answers: Answers
    categories: tuple[Category, ...]
    once: tuple[Cell, ...]
    often: tuple[Cell, ...]
    witness: Witness

    @property
    def size(self) -> int:
        """How many categories it leaves open."""
        return len(self.categories)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All of them, those of which only several matters alike are refused too."""
        return (*self.once, *self.often)


def bars_on(ask: Ask, cells: Iterable[Cell]) -> list[Bar]:
    """The bars of an ask whose words let in one of these cells."""
    every = list(cells)
    return [bar for bar in ask.bars if any(_lets_in(bar, cell) for cell in every)]


def _lets_in(bar: Bar, cell: Cell) -> bool:
    word, kind = cell
    says = bar.condition.says
    named_so = "offence" not in says or offence_within(word, says["offence"]) is True
    excepted = offence_within(word, says.get("except_offence", ())) is True
    return named_so and not excepted and kind in says.get("kind", (kind,))


@dataclass
class Leaks:
    """The sets behind the answers of some asks, worked out once for each ask and from there for each pair."""

    shop: Workshop
    asks: Sequence[Ask]
    _no: dict[tuple[int, str], list[tuple[int, Sample]]] = field(default_factory=dict)

    @classmethod
    def of(cls, asks: Sequence[Ask]) -> "Leaks":
        """For some asks of one day."""
        return cls(Workshop(asks), asks)

    @property
    def cells(self) -> list[Cell]:
        """Every cell that can be."""
        return self.shop.grid.cells(self.shop.grid.cells_of(self.shop.possible))

    def single(self, ask: Ask) -> Leak | None:
        """What lies behind a no of one ask; None where it never says no."""
        behind = Behind()
        for name in jurisdictions([ask]):
            for places, sample in self._refused(ask, name):
                behind.add(self.shop, sample, places)
        return self._leak((ask,), (True,), behind)

    def pair(self, first: Ask, second: Ask) -> list[Leak]:
        """What lies behind each pair of answers of two asks that are not both yes, where any matter brings it about."""
        found = {(True, False): Behind(), (False, True): Behind(), (True, True): Behind()}
        names = scope(first, second)
        masks = [self._mask(ask) for ask in (first, second)]
        for name in names:
            for ask, other, answers in ((first, masks[1], (True, False)), (second, masks[0], (False, True))):
                for places, sample in self._refused(ask, name):
                    if alone := places & ~other:
                        found[answers].add(self.shop, sample, alone)
        bars = list({id(bar): bar for bar in (*first.bars, *second.bars)}.values())
        for sort in self.shop.sorts(bars, names, masks[0] & masks[1]):
            for answers, behind in found.items():
                self._look(sort, (first, second), answers, behind)
        leaks = (self._leak((first, second), answers, behind) for answers, behind in found.items())
        return [leak for leak in leaks if leak is not None]

    def _look(self, sort: Sort, asks: tuple[Ask, ...], answers: Answers, behind: Behind) -> None:
        """Look in a sort for a matter that brings these answers about, and if there is none for several alike.

        A no is some bar's: only what that bar means is looked at, against all bars of an ask that is to say yes.
        """
        cells = self.shop.grid.cells_of
        if not cells(sort.places) & ~cells(behind.once):
            return
        saying = [bars_in(ask, sort) for ask in asks]
        yes = [held for bars, no in zip(saying, answers, strict=True) for held in bars if not no]
        several = None
        for meet in product(*(bars for bars, no in zip(saying, answers, strict=True) if no)):
            for sample in search(self.shop, sort, meet, yes, brief=True):
                if tuple(self._no_of(ask, sample) for ask in asks) == answers:
                    if sample.copies == 1:
                        behind.add(self.shop, sample, sort.places)
                        return
                    several = several or sample
        if several:
            behind.add(self.shop, several, sort.places)

    def pairs(self) -> Iterator[tuple[Ask, Ask]]:
        """Every two of the asks that do not have the same bars."""
        for number, first in enumerate(self.asks):
            yield from ((first, second) for second in self.asks[number + 1 :] if first.bars != second.bars)

    def _no_of(self, ask: Ask, sample: Sample) -> bool:
        return self.shop.outcome(ask, sample) == INELIGIBLE

    def _mask(self, ask: Ask) -> int:
        mask = 0
        for bar in ask.bars:
            mask |= self.shop.places(bar)
        return mask

    def _refused(self, ask: Ask, name: str) -> list[tuple[int, Sample]]:
        """The places of one jurisdiction of which a matter may be refused, each with a sample that is."""
        key = (id(ask), name)
        if key not in self._no:
            self._no[key] = []
            for sort in self.shop.sorts(ask.bars, [name]):
                behind = Behind()
                self._look(sort, (ask,), (True,), behind)
                if behind.best:
                    self._no[key].append((sort.places, behind.best[1]))
        return self._no[key]

    def _witness(self, asks: tuple[Ask, ...], answers: Answers, sample: Sample, places: int) -> Witness:
        def fits(outcomes: Sequence[str]) -> bool:
            return tuple(outcome == INELIGIBLE for outcome in outcomes) == answers

        return witness(self.shop, sample, places, asks, fits)

    def _leak(self, asks: tuple[Ask, ...], answers: Answers, behind: Behind) -> Leak | None:
        if behind.best is None:
            return None
        grid = self.shop.grid
        bars = [bar for ask in asks for bar in ask.bars]
        kinds = {kind for bar in bars for kind in bar.condition.says.get("kind", ())}
        every = thought_of(grid.cells(grid.cells_of(behind.places)), kinds)
        once = set(grid.cells(grid.cells_of(behind.once)))
        _, sample, places = behind.best
        return Leak(
            asks,
            answers,
            tuple(categories(every, named(bars))),
            tuple(cell for cell in every if cell in once),
            tuple(cell for cell in every if cell not in once),
            self._witness(asks, answers, sample, places),
        )


def scope(first: Ask, second: Ask) -> tuple[str, ...]:
    """The jurisdictions whose entries two asks are compared on."""
    if first.policy.jurisdiction == second.policy.jurisdiction:
        return jurisdictions([first, second])
    homes = (first.policy.jurisdiction, second.policy.jurisdiction)
    return tuple(name for name in homes if name in first.law and name in second.law)
