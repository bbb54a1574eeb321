"""Bits: how much an answer says, if matters of each category are as frequent as the rates have it, and independent.

What is assumed: a rate counts people with a matter that at least one of the asks in question would count, where any
would; it is divided evenly over the offences of its row, and over the patterns of answers that an offence's cases
show; where only several matters alike are refused, over those people of the rate who have several (`repeat`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import log2, prod
from typing import Any

from policies.analysis.asks import Ask
from policies.analysis.categories import category_of, named
from policies.analysis.leaks import Answers, Leak
from policies.analysis.places import Cell
from policies.analysis.rates import Rates


@dataclass(frozen=True, slots=True)
class _Atom:
    """Independent of all others: somebody has a matter of this category that brings these answers about."""

    category: str
    answers: Answers
    share: float


@dataclass(frozen=True)
class Bits:
    """What the answers of one ask or of two say. `left_out`: cells of the sets that the rates say nothing of."""

    atoms: tuple[_Atom, ...]
    asks: int
    left_out: tuple[Cell, ...]

    def probability(self, answers: Answers, without: str | None = None) -> float:
        """How probable these answers are (and, if one is named, that there is no matter of a category)."""
        yes = [number for number, no in enumerate(answers) if not no]
        noes = [number for number, no in enumerate(answers) if no]
        # Inclusion and exclusion over the asks that say no: P(these yes) - P(these and more yes) + ...
        total = 0.0
        for more in product((False, True), repeat=len(noes)):
            quiet = {*yes, *(number for number, also in zip(noes, more, strict=True) if also)}
            total += (-1) ** sum(more) * self._silent(quiet, without)
        return total

    def _silent(self, quiet: set[int], without: str | None) -> float:
        gone = (
            atom.share
            for atom in self.atoms
            if any(atom.answers[number] for number in quiet) or atom.category == without
        )
        return prod(1 - share for share in gone)

    def entropy(self, which: Sequence[int]) -> float:
        """The entropy, in bits, of the answers of some of the asks together."""
        found = 0.0
        for some in product((False, True), repeat=len(which)):
            p = self._marginal(dict(zip(which, some, strict=True)))
            found -= p * log2(p) if p > 0 else 0.0
        return found

    def _marginal(self, fixed: Mapping[int, bool]) -> float:
        every = product((False, True), repeat=self.asks)
        return sum(self.probability(one) for one in every if all(one[n] == no for n, no in fixed.items()))

    def largest(self, answers: Answers, among: Sequence[str]) -> dict[str, Any] | None:
        """Of some categories, the one that these answers make most probable, with its probability before and after."""
        before = self.probability(answers)
        if before <= 0 or not among:
            return None
        found = []
        for category in among:
            prior = 1 - prod(1 - atom.share for atom in self.atoms if atom.category == category)
            found.append((1 - self.probability(answers, category) / before, prior, category))
        posterior, prior, category = max(found)
        return {"category": category, "prior": prior, "posterior": posterior}


def bits(asks: Sequence[Ask], leaks: Sequence[Leak], cells: Sequence[Cell], rates: Rates) -> Bits:
    """The bits of some asks, from what lies behind their answers. `cells` are all that can be."""
    names = named(bar for ask in asks for bar in ask.bars)
    share = rates.of_cells(cells)
    behind = {cell for leak in leaks for cell in leak.cells}
    left_out = tuple(sorted(cell for cell in behind if cell not in share))
    atoms = []
    for cell, rate in share.items():
        for answers, part in _patterns(cell, leaks, len(asks), rates.repeat or 0.0):
            atoms.append(_Atom(category_of(cell[0], names), answers, rate * part))
    return Bits(tuple(atoms), len(asks), left_out)


def _patterns(cell: Cell, leaks: Sequence[Leak], asks: int, repeat: float) -> Iterator[tuple[Answers, float]]:
    """The answers that a matter of this cell can bring about, each with its part of the rate."""
    once = [leak.answers for leak in leaks if cell in leak.once]
    often = [leak.answers for leak in leaks if cell in leak.often]
    nothing = (False,) * asks
    several = repeat if often else 0.0
    yield from ((answers, several / len(often)) for answers in often)
    rest = once or [nothing]
    yield from ((answers, (1 - several) / len(rest)) for answers in rest)
