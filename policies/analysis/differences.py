"""Compare two asks: does the one refuse anybody whom the other does not, or the reverse?

The two may be two policies, two versions, two roles, two readings of the law, or one ask under two laws.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.analysis.asks import Ask, holds, jurisdictions
from policies.analysis.categories import Category, categories
from policies.analysis.samples import Sample, Sort, Workshop
from policies.analysis.searching import bars_in, search
from policies.analysis.witness import Witness, witness
from policies.evaluator import may_read
from policies.policy import Bar


@dataclass(frozen=True)
class Difference:
    """One kind of difference: the stricter of the two, its bar, the category, and a witness of both outcomes.

    `side` says which of the two asks is the stricter, `a` or `b`. `beside` are other bars of the stricter one that
    hold of the witness; `unread` those of the milder one that mean the witness but may not read it.
    """

    side: str
    stricter: Ask
    milder: Ask
    bar: Bar
    category: Category | None
    kinds: tuple[str, ...]
    beside: tuple[str, ...]
    unread: tuple[str, ...]
    witness: Witness

    def told(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "refuses": self.side,
            "bar": self.bar.id,
            "category": self.category.told() if self.category else None,
            "kinds": list(self.kinds),
            "beside": list(self.beside),
            "unread": list(self.unread),
            "said": self.said(),
            "witness": self.witness.told(),
        }

    def said(self) -> str:
        """The difference in plain English."""
        what = self.category.said("en") if self.category else "any offence"
        text = f"{what}, by {self.bar.id}: for instance {self.witness.said()}"
        if self.unread:
            text += f"; {', '.join(self.unread)} of {self.milder.name} may not read it"
        return text


@dataclass
class _Found:
    """What was found of one kind of difference so far, with the best witness: few other bars, a usual matter."""

    cells: int = 0
    best: tuple[tuple[int, int], Sample, int] | None = None


def differences(first: Ask, second: Ask) -> list[Difference]:
    """Every kind of difference on the samples of the two, in the order of the stricter one's bars."""
    shop = Workshop([first, second])
    bars = list({id(bar): bar for bar in (*first.bars, *second.bars)}.values())
    found: dict[tuple[int, int, str], _Found] = {}
    for sort in shop.sorts(bars, jurisdictions([first, second])):
        for side, asks in enumerate(((first, second), (second, first))):
            for number, bar in enumerate(asks[0].bars):
                if any(bar is one for one in sort.bars):
                    _look(shop, sort, asks, (side, number), found)
    return list(_differences(shop, found, first, second))


def _look(
    shop: Workshop, sort: Sort, asks: tuple[Ask, Ask], key: tuple[int, int], found: dict[tuple[int, int, str], _Found]
) -> None:
    """Look for what the bar alone, or else with others, makes the first ask stricter on than the second."""
    bar = asks[0].bars[key[1]]
    best: tuple[int, Sample] | None = None
    for sample in search(shop, sort, [(asks[0], bar)], bars_in(asks[1], sort)):
        seals = shop.sealed(asks[0], sample)
        deciding = [one for one in asks[0].bars if holds(one, seals, asks[0].reading) is not False]
        if best is None or len(deciding) < best[0]:
            best = (len(deciding), sample)
        if best[0] == 1:
            break
    if best:
        _note(shop, found, bar, key, sort.places, best)


def _note(
    shop: Workshop,
    found: dict[tuple[int, int, str], _Found],
    bar: Bar,
    key: tuple[int, int],
    places: int,
    best: tuple[int, Sample],
) -> None:
    for word in bar.condition.says.get("offence", ("",)):
        if there := places & shop.grid.of_word(word):
            one = found.setdefault((*key, word), _Found())
            one.cells |= shop.grid.cells_of(there)
            rank = (best[0], shop.grid.oddness(there))
            if one.best is None or rank < one.best[0]:
                one.best = (rank, best[1], there)


def _differences(
    shop: Workshop, found: dict[tuple[int, int, str], _Found], first: Ask, second: Ask
) -> Iterator[Difference]:
    for (side, number, word), one in sorted(found.items(), key=lambda item: item[0][:2]):
        assert one.best is not None  # noqa: S101 - what was found has a witness
        _, sample, places = one.best
        stricter, milder = (first, second) if side == 0 else (second, first)
        proof = witness(shop, sample, places, [first, second])
        seals = shop.sealed(stricter, proof.sample)
        beside = [bar.id for bar in stricter.bars if holds(bar, seals, stricter.reading)]
        cells = shop.grid.cells(one.cells)
        yield Difference(
            "ab"[side],
            stricter,
            milder,
            stricter.bars[number],
            categories(cells, [word])[0] if word else None,
            tuple(kind for kind in shop.grid.kinds if any(kind == cell[1] for cell in cells)),
            tuple(name for name in beside if name != stricter.bars[number].id),
            tuple(_unread(shop, milder, proof)),
            proof,
        )


def _unread(shop: Workshop, ask: Ask, proof: Witness) -> Iterator[str]:
    for bar in ask.bars:
        for sealed in shop.sealed(ask, proof.sample):
            if bar.means(sealed.case) and may_read(bar, sealed, ask.reading) is False:
                yield bar.id
                break
