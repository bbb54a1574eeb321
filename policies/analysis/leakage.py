"""The leakage report: what each ask and each pair of asks gives away, in JSON form."""

from collections.abc import Sequence
from typing import Any

from policies.analysis.advice import advice
from policies.analysis.asks import Ask
from policies.analysis.bits import bits
from policies.analysis.leaks import Leak, Leaks, bars_on
from policies.analysis.rates import Rates

FEWEST = 2
"""How many categories an answer must leave open, unless somebody says another number."""

LOOKED_AT = "records of one matter, or of several alike where a bar counts; two answers can also come from two matters"
"""What the sets are about."""

_SAID = {True: "no", False: "yes"}


def report(asks: Sequence[Ask], rates: Rates | None = None, threshold: int | None = None) -> dict[str, Any]:
    """The whole report on some asks of one day, which there must be. `below` lists what is below the threshold."""
    if threshold is None:
        threshold = (rates.threshold if rates else None) or FEWEST
    leaks = Leaks.of(asks)
    single = [_single(leaks, ask, rates, threshold) for ask in asks]
    pairs = [_pair(leaks, first, second, rates, threshold) for first, second in leaks.pairs()]
    return {
        "day": asks[0].day.isoformat(),
        "reading": asks[0].reading,
        "threshold": threshold,
        "looked_at": LOOKED_AT,
        "rates": rates.note if rates else None,
        "asks": single,
        "pairs": pairs,
        "below": [one for row in (*single, *pairs) for one in row["sets"] if one["below"]],
    }


def _single(leaks: Leaks, ask: Ask, rates: Rates | None, threshold: int) -> dict[str, Any]:
    leak = leaks.single(ask)
    found = [leak] if leak else []
    row: dict[str, Any] = {
        **ask.told(),
        "sets": [_set(leaks, one, [], threshold) for one in found],
    }
    if rates:
        known = bits([ask], found, leaks.cells, rates)
        row["bits"] = {
            "no": known.probability((True,)),
            "entropy": known.entropy((0,)),
            "largest": known.largest((True,), [one.word for one in leak.categories] if leak else []),
            "no_rate": [list(cell) for cell in known.left_out],
        }
    return row


def _pair(leaks: Leaks, first: Ask, second: Ask, rates: Rates | None, threshold: int) -> dict[str, Any]:
    found = leaks.pair(first, second)
    sets = [_set(leaks, one, [other for other in found if other is not one], threshold) for one in found]
    smallest = min(sets, key=lambda one: one["size"], default=None)
    row: dict[str, Any] = {
        "asks": [first.name, second.name],
        "sets": sets,
        "smallest": {"answers": smallest["answers"], "size": smallest["size"]} if smallest else None,
    }
    if rates:
        known = bits([first, second], found, leaks.cells, rates)
        largest = [
            {"answers": [_SAID[no] for no in one.answers], **most}
            for one in found
            if (most := known.largest(one.answers, [category.word for category in one.categories]))
        ]
        alone = [known.entropy((0,)), known.entropy((1,))]
        row["bits"] = {
            "entropy": alone,
            "joint": known.entropy((0, 1)),
            "extra": [known.entropy((0, 1)) - alone[1], known.entropy((0, 1)) - alone[0]],
            "largest": max(largest, key=lambda one: one["posterior"], default=None),
            "no_rate": [list(cell) for cell in known.left_out],
        }
    return row


def _set(leaks: Leaks, leak: Leak, others: Sequence[Leak], threshold: int) -> dict[str, Any]:
    below = leak.size < threshold
    row: dict[str, Any] = {
        "asks": [ask.name for ask in leak.asks],
        "answers": [_SAID[no] for no in leak.answers],
        "size": leak.size,
        "categories": [one.told() for one in leak.categories],
        "only_several": [list(cell) for cell in leak.often],
        "below": below,
        "witness": leak.witness.told(),
    }
    if below:
        noes = [ask for ask, no in zip(leak.asks, leak.answers, strict=True) if no]
        row["bars"] = [{"ask": ask.name, "bar": bar.id} for ask in noes for bar in bars_on(ask, leak.cells)]
        row["advice"] = advice(leaks, leak, others, threshold)
    return row
