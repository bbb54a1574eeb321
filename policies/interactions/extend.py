"""`extend` and `reopen`: convictions in a rehabilitation period (Rehabilitation of Offenders Act 1974 s 6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from policies.cases import Case, Slot
from policies.days import LONG_AGO, NO_DAY, Span
from policies.interactions.reach import Reach, Stack, moved, together
from policies.regime import Interaction
from policies.truth import Truth, all_of, any_of, negation


def extend(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """A further conviction inside a rehabilitation period makes the shorter period end with the longer.

    Rehabilitation of Offenders Act 1974 s 6(4), both ways; s 6(5): a period that rests only on a prohibition
    (`silent`) extends nobody; s 6(6): a further conviction that is `not_further` does not count; s 1(1)(b): a
    further conviction with an excluded sentence makes the running one never spent. An excluded conviction has no
    period, so it extends no later one.
    """
    periods = _Periods(cases, stack[way.level], way)
    while periods.move():
        pass
    return moved(stack, way.level, periods.full, way)


class _Periods:
    """The periods of convictions while they pull at each other: the whole of each, and the part that may pull.

    A conviction is a further one if it falls into the whole period of another; but only the part that does not
    rest on a prohibition is passed on.
    """

    def __init__(self, cases: Sequence[Case], reaches: Sequence[Reach], way: Interaction) -> None:
        self.cases = cases
        self.full = [reach.span for reach in reaches]
        self.drag = [_dragging(case, reach, way) for case, reach in zip(cases, reaches, strict=True)]
        self.excluded = [any_of(part.excluded for part in reach.parts) for reach in reaches]
        taking_part = [way.means("of", case) for case in cases]
        counted = [negation(way.means("not_further", case)) for case in cases]
        self.pairs = [
            (first, further, all_of((taking_part[first], taking_part[further], counted[further])))
            for first in range(len(cases))
            for further in range(len(cases))
            if first != further and not together(cases[first], cases[further])
        ]

    def move(self) -> bool:
        """Let every pair pull once; returns whether any day has moved."""
        before = (list(self.full), list(self.drag))
        for first, further, may in self.pairs:
            if may is not False:
                self._pull_whole(first, further, may)
                self._pull_drag(first, further, may)
        return before != (self.full, self.drag)

    def _during(self, first: int, further: int, end: Span) -> Truth:
        decided = self.cases[further].decision
        return all_of((self.cases[first].decision.before(decided), decided.before(end)))

    def _pull_whole(self, first: int, further: int, may: Truth) -> None:
        counts = all_of((may, self._during(first, further, self.full[first])))
        if counts is False:
            return
        surely = counts is True
        if self.excluded[further] is True:
            self.full[first] = self.full[first].moved_to(NO_DAY, surely)
            return
        if self.excluded[first] is not True:
            sure = surely and self.excluded[first] is False
            self.full[further] = self.full[further].moved_to(self.drag[first], sure)
        self.full[first] = self.full[first].moved_to(self.drag[further], surely)

    def _pull_drag(self, first: int, further: int, may: Truth) -> None:
        counts = all_of((may, self._during(first, further, self.drag[first])))
        if counts is False or self.excluded[further] is True:
            return
        drags = self.drag[further]
        if self.excluded[first] is not True and drags.latest != LONG_AGO:
            sure = counts is True and self.excluded[first] is False and drags.earliest != LONG_AGO
            self.drag[further] = drags.moved_to(self.drag[first], sure)
        self.drag[first] = self.drag[first].moved_to(self.drag[further], counts is True)


def _dragging(case: Case, reach: Reach, way: Interaction) -> Span:
    """The end of the period that rests on sentences which may extend another conviction."""
    end = Span(LONG_AGO, LONG_AGO)
    for part in reach.parts:
        silent = any_of(
            all_of((condition.of_entry(case), condition.of_slot(part.slot, case)))
            for condition in way.conditions["silent"]
        )
        if silent is False:
            end = end.or_later(part.span)
        elif silent is None:
            end = Span(end.earliest, max(end.latest, part.span.latest))
    return end


def reopen(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """A discharge that was spent, is then found breached and re-sentenced, is unspent until the new period ends.

    Rehabilitation of Offenders Act 1974 s 6(3). The later sentences are those imposed or begun on or after the day
    on which the sentence meant by `of` was revoked.
    """
    reopened = [_reopened(case, reach, way) for case, reach in zip(cases, stack[way.level], strict=True)]
    return {**stack, way.level: reopened}


def _reopened(case: Case, reach: Reach, way: Interaction) -> Reach:
    condition = way.conditions["of"]
    breaches = [
        part.slot.sentence.revoked_on
        for part in reach.parts
        if part.slot.sentence and part.slot.sentence.revoked_on and any(c.of_slot(part.slot, case) for c in condition)
    ]
    if not breaches:
        return reach
    breach = min(breaches)
    first = Span(LONG_AGO, LONG_AGO)
    for part in reach.parts:
        if not _imposed_from(part.slot, breach):
            first = first.or_later(part.span)
    if first.latest >= breach or first.latest == LONG_AGO or reach.span.latest <= breach:
        return reach
    return replace(reach, before=(*reach.before, (first, breach)), by=(*reach.by, way))


def _imposed_from(slot: Slot, breach: date) -> bool:
    sentence = slot.sentence
    return sentence is not None and (sentence.decided_on or sentence.started_on or LONG_AGO) >= breach
