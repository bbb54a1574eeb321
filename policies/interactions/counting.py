"""`cap` and `count-tier`: how many matters a person has decides what becomes of each."""

from collections.abc import Sequence

from policies.cases import Case
from policies.days import NEVER, NO_DAY, Span
from policies.interactions.reach import Reach, Stack, moved
from policies.regime import Interaction, Tier
from policies.truth import Truth, all_of, any_of, negation


def cap(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """At most so many entries in a life reach the level: the first in the order of their days.

    Michigan Compiled Laws 780.621g (two felonies, four misdemeanors). Of two that come on the same day the one decided
    first goes before; where that does not settle it, both are unsettled.
    """
    reaches = stack[way.level]
    meant = [way.means("of", case) for case in cases]
    spans = []
    for one, reach in enumerate(reaches):
        ahead = [
            all_of((meant[other], not reaches[other].span.never, _ahead(other, one, cases, reaches)))
            for other in range(len(cases))
            if other != one
        ]
        full = ahead.count(True) >= way.most
        maybe = full or len(ahead) - ahead.count(False) >= way.most
        span = reach.span
        if meant[one] is not False and maybe:
            span = span.moved_to(NO_DAY, full and meant[one] is True)
        spans.append(span)
    return moved(stack, way.level, spans, way)


def _ahead(one: int, other: int, cases: Sequence[Case], reaches: Sequence[Reach]) -> Truth:
    """Does the one come to the level ahead of the other?"""
    day, than = reaches[one].span, reaches[other].span
    if day.day is None or day != than:
        sooner = day.before(than)
        return None if sooner is False and than.before(day) is not True else sooner
    decided, other_decided = cases[one].decision, cases[other].decision
    same = decided.day is not None and decided == other_decided
    return None if same else decided.before(other_decided)


def count_tier(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """The first matter, repeated ones and chronic ones: each number of matters has its own day.

    A proposal (Han Ke; law nowhere). `of` are counted, decisions of one day or of one proceeding as one. Of the tiers
    whose number is reached the latest day counts; by `person` for all counted matters alike, otherwise each
    matter counts those up to itself.
    """
    meant = [way.means("of", case) for case in cases]
    spans = []
    comings: dict[int, list[tuple[Span, Span]]] = {}
    for one, reach in enumerate(stack[way.level]):
        counted = [
            (case, part if way.person else all_of((part, negation(cases[one].decision.before(case.decision)))))
            for case, part in zip(cases, meant, strict=True)
        ]
        counted = [(case, part) for case, part in counted if part is not False]
        span = _tiered(reach.span, meant[one], counted, way)
        spans.append(span)
        # For the time that is over: what each matter made of it together with those before.
        comings[one] = [
            (last.decision, _tiered(reach.span, meant[one], [(c, p) for c, p in counted if not _after(c, last)], way))
            for last, _ in counted
        ]
    return moved(stack, way.level, spans, way, comings)


def _after(case: Case, other: Case) -> bool:
    """Was it surely decided after the other?"""
    return other.decision.before(case.decision) is True


def _tiered(span: Span, meant: Truth, counted: Sequence[tuple[Case, Truth]], way: Interaction) -> Span:
    """The day of a matter when these are counted."""
    if meant is False:
        return span
    for tier in way.tiers:
        applies = _applies(tier, counted)
        if applies is not False:
            span = span.moved_to(_tier_day(tier, counted), applies is True and meant is True)
    return span


def _applies(tier: Tier, counted: Sequence[tuple[Case, Truth]]) -> Truth:
    sure = [case for case, part in counted if part]
    # A matter whose day is not known may be of the same day as another.
    least = max(_number([case for case in sure if case.decision.day]), bool(sure))
    most = _number([case for case, _ in counted])
    reached = True if least >= tier.least else None if most >= tier.least else False
    # What puts a person in a tier whatever the number is a finding: one that the record does not show was not made.
    shown = [part for case, part in counted if any(condition.holds(case) for condition in tier.alike)]
    return any_of((reached, *shown))


def _number(cases: Sequence[Case]) -> int:
    """How many matters there are of which no two were decided on one day or in one proceeding.

    The greatest such number, so that one more matter never makes it less: each is an edge between a day and a
    proceeding, and the number is that of a largest matching.
    """
    days = [case.decision.day or number for number, case in enumerate(cases)]
    names = [case.entry.proceeding for case in cases]
    proceedings = [number if name is None else name for number, name in enumerate(names)]
    taken: dict[object, int] = {}

    def place(number: int, tried: set[object]) -> bool:
        for other in [n for n, day in enumerate(days) if day == days[number]]:
            proceeding = proceedings[other]
            if proceeding not in tried:
                tried.add(proceeding)
                if proceeding not in taken or place(taken[proceeding], tried):
                    taken[proceeding] = number
                    return True
        return False

    first_of_day = [number for number, day in enumerate(days) if days.index(day) == number]
    return sum(place(number, set()) for number in first_of_day)


def _tier_day(tier: Tier, counted: Sequence[tuple[Case, Truth]]) -> Span:
    """So long after the last matter's clock."""
    if tier.never:
        return NO_DAY
    days = [(case.latest(tier.clock), part) for case, part in counted]
    earliest = max((day.earliest for day, part in days if part), default=days[0][0].earliest)
    return Span(earliest, max((day.latest for day, _ in days), default=NEVER)).plus(tier.period)
