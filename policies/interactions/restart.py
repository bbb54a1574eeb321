"""`restart` and `revoke`: a later matter sets the clock of an earlier one back."""

from collections.abc import Sequence

from policies.cases import Case
from policies.days import LONG_AGO, NEVER, NO_DAY, Span
from policies.interactions.reach import Comings, Reach, Stack, moved, together
from policies.regime import LEVELS, Interaction
from policies.truth import Truth, all_of, any_of, negation


def restart(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """A new matter before the older one is sealed restarts its clock: the new matter's start, the old one's length.

    New York Criminal Procedure Law 160.57(1)(b); where the level does not stay (Oregon Revised Statutes 137.225: a
    second clock from the most recent other conviction), every other matter counts. `of` restart, `by` make them,
    and of `pass_over` the newest one is passed over.
    """
    clocks = [case.latest(way.clock) for case in cases]
    may = [[_may_restart(one, other, cases, way) for other in range(len(cases))] for one in range(len(cases))]
    may = [
        [all_of((counts, negation(_passed(other, row, clocks, cases, way)))) for other, counts in enumerate(row)]
        for row in may
    ]
    spans = [reach.span for reach in stack[way.level]]
    comings: dict[int, list[tuple[Span, Span]]] = {one: [] for one in range(len(cases))}
    before: list[Span] = []
    while before != spans:
        before = list(spans)
        for one, reach in enumerate(stack[way.level]):
            for other, counts in enumerate(may[one]):
                running = cases[other].decision.before(spans[one]) if way.stays else True
                surely = all_of((counts, running))
                if surely is not False:
                    day = _counted_from(clocks[other], cases[one], reach, 1)
                    spans[one] = spans[one].moved_to(day, surely is True)
                if surely:
                    comings[one].append((cases[other].decision, day))
    return moved(stack, way.level, spans, way, comings)


def _may_restart(one: int, other: int, cases: Sequence[Case], way: Interaction) -> Truth:
    if one == other or together(cases[one], cases[other]):
        return False
    later = cases[one].decision.before(cases[other].decision) if way.stays else True
    return all_of((way.means("of", cases[one]), way.means("by", cases[other]), later))


def _passed(other: int, row: Sequence[Truth], clocks: Sequence[Span], cases: Sequence[Case], way: Interaction) -> Truth:
    """Is it the newest of the other matters, and such that it is passed over?"""
    if not way.conditions["pass_over"]:
        return False
    newer = [
        all_of((counts, negation(clocks[number].before(clocks[other]))))
        for number, counts in enumerate(row)
        if number != other and counts is not False
    ]
    return all_of((way.means("pass_over", cases[other]), *(negation(answer) for answer in newer)))


def _counted_from(day: Span, case: Case, reach: Reach, times: int) -> Span:
    """The first day of the level, if the entry's own period ran from `day`."""
    end = Span(LONG_AGO, LONG_AGO)
    for part in reach.parts:
        if part.rule is None:
            end = end.or_later(part.span)
        else:
            counted = part.rule.counted_from(day, case, part.slot, times)
            end = end.or_later(counted if part.sure else Span(min(counted.earliest, part.span.earliest), NEVER))
    return end


def revoke(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """A new matter committed before an earlier one is deep puts that one back to its start, at every level up to it.

    A proposal (Shen Yi; law nowhere): the clock is the new decision, the periods are those of the earlier matter's own
    rules, so many times (`same_times`) when both are of one sort.
    """
    levels = [level for level in LEVELS[1:] if LEVELS.index(level) <= LEVELS.index(way.level)]
    spans = {level: [reach.span for reach in stack[level]] for level in levels}
    comings: dict[str, dict[int, list[tuple[Span, Span]]]] = {level: {} for level in levels}
    moves = True
    while moves:
        moves = False
        for one in range(len(cases)):
            for other, new in enumerate(cases):
                counts = _revokes(one, other, cases, spans[way.level][one], way)
                if one == other or counts is False:
                    continue
                for level in levels:
                    day = _put_back(one, other, level, cases, stack, way)
                    after = spans[level][one].moved_to(day, counts is True)
                    moves = moves or after != spans[level][one]
                    spans[level][one] = after
                    if counts and (new.decision, day) not in comings[level].setdefault(one, []):
                        comings[level][one].append((new.decision, day))
    for level in levels:
        found: dict[int, Comings] = dict(comings[level])
        stack = moved(stack, level, spans[level], way, found)
    return stack


def _revokes(one: int, other: int, cases: Sequence[Case], deep: Span, way: Interaction) -> Truth:
    if one == other or together(cases[one], cases[other]):
        return False
    earlier, new = cases[one], cases[other]
    parts = (way.means("of", earlier), way.means("by", new))
    return all_of((*parts, earlier.decision.before(new.decision), new.act.before(deep)))


def _put_back(one: int, other: int, level: str, cases: Sequence[Case], stack: Stack, way: Interaction) -> Span:
    reach, new = stack[level][one], cases[other].decision
    if reach.rule is None:
        return NO_DAY
    same = _of_one_sort(one, other, cases, stack, way)
    times = {True: (way.same_times,), False: (1,), None: (1, way.same_times)}[same]
    days = [_counted_from(new, cases[one], reach, number) for number in times]
    return days[0].either(days[-1])


def _of_one_sort(one: int, other: int, cases: Sequence[Case], stack: Stack, way: Interaction) -> Truth:
    """Are both of the sort that one condition of `same` means; or, where there is none, judged by the same rule?"""
    sorts = way.conditions["same"]
    if sorts:
        return any_of(all_of((sort.holds(cases[one]), sort.holds(cases[other]))) for sort in sorts)
    reaches = stack[way.level][one], stack[way.level][other]
    rules = [reach.rule.id if reach.rule else None for reach in reaches]
    sure = all(part.sure for reach in reaches for part in reach.parts)
    return (rules[0] is not None and rules[0] == rules[1]) if sure else None
