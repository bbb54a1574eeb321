"""Searching: a sample on which some bars hold and others do not, without trying everything that cannot be.

The bars that may not hold are taken one after the other, those that ask least first: if even the first few cannot be
kept from holding where the wanted ones hold (any crime at all, openly read), no more is tried.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from policies.analysis.asks import Ask, holds
from policies.analysis.samples import Sample, Sort, Workshop
from policies.policy import Bar

Held = tuple[Ask, Bar]
"""A bar as one ask reads it."""


def search(
    shop: Workshop, sort: Sort, wanted: Sequence[Held], unwanted: Sequence[Held], brief: bool = False
) -> Iterator[Sample]:
    """The samples of a sort on which every wanted bar holds and no unwanted one surely does."""
    easy = sorted(unwanted, key=lambda held: len(held[1].condition.says))
    for number in range(1, len(easy)):
        if next(_found(shop, sort, wanted, easy[:number], True), None) is None:
            return
    yield from _found(shop, sort, wanted, easy, brief)


def _found(
    shop: Workshop, sort: Sort, wanted: Sequence[Held], unwanted: Sequence[Held], brief: bool
) -> Iterator[Sample]:
    bars = {id(bar): bar for _, bar in (*wanted, *unwanted)}
    for sample in shop.samples(replace(sort, bars=tuple(bars.values())), [bar for _, bar in wanted], brief):
        if all(_holds(shop, held, sample) for held in wanted) and not any(
            _holds(shop, held, sample) for held in unwanted
        ):
            yield sample


def _holds(shop: Workshop, held: Held, sample: Sample) -> bool:
    ask, bar = held
    return holds(bar, shop.sealed(ask, sample), ask.reading) is True


def bars_in(ask: Ask, sort: Sort) -> list[Held]:
    """The bars of an ask that may mean matters of a sort."""
    there = {id(bar) for bar in sort.bars}
    return [(ask, bar) for bar in ask.bars if id(bar) in there]
