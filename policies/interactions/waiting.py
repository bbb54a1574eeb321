"""`all-or-nothing` and `stay`: an entry waits for another matter before it comes to a level."""

from collections.abc import Sequence

from policies.cases import Case
from policies.days import NO_DAY, Span
from policies.interactions.reach import Stack, moved
from policies.regime import Interaction
from policies.truth import Truth, all_of, negation


def all_or_nothing(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """No entry reaches the level while another one has not: all together, or none.

    Criminal Records (Clean Slate) Act 2004 (New Zealand) s 7 and s 8; BZRG § 38(1) (all convictions are shown while
    one must be), § 47(3) (none is deleted before all are ripe). `of` take part, unless they are `apart`; `silent`
    wait for the others, but nobody waits for them. Where the way `stays`, an entry that had reached the level when
    the other was decided keeps it; otherwise it comes back, unless it had by then reached the level `until`.
    """
    reaches = stack[way.level]
    waits = [all_of((way.means("of", case), negation(way.means("apart", case)))) for case in cases]
    awaited = [all_of((part, negation(way.means("silent", case)))) for part, case in zip(waits, cases, strict=True)]
    spans = [reach.span for reach in reaches]
    before: list[Span] = []
    while before != spans:
        before = list(spans)
        for one, case in enumerate(cases):
            for other, later in enumerate(cases):
                counts = all_of((waits[one], awaited[other], _not_yet(one, spans[one], later, stack, way)))
                if case is not later and counts is not False:
                    spans[one] = spans[one].moved_to(spans[other] if way.stays else reaches[other].span, counts is True)
    comings = {
        one: [(later.decision, reaches[other].span) for other, later in enumerate(cases) if awaited[other]]
        for one in range(len(cases))
    }
    return moved(stack, way.level, spans, way, comings)


def _not_yet(one: int, span: Span, later: Case, stack: Stack, way: Interaction) -> Truth:
    """Is it still open to the entry to be kept back, when the other matter was decided?"""
    if way.stays:
        return later.decision.before(span)
    return True if way.until is None else later.decision.before(stack[way.until][one].span)


def stay(cases: Sequence[Case], stack: Stack, way: Interaction) -> Stack:
    """While a matter meant by `by` (a pending charge) runs, no entry reaches the level.

    New York Criminal Procedure Law 160.57(1)(b)(iii); Oregon Revised Statutes 137.225. Where the way `stays`, an
    entry that had reached the level before the matter began keeps it. `of` wait; where none are named, all do.
    """
    spans = []
    for case, reach in zip(cases, stack[way.level], strict=True):
        span = reach.span
        meant = way.means("of", case) if way.conditions["of"] else True
        for other in cases:
            begun = other.decision.before(span) if way.stays else True
            counts = all_of((meant, way.means("by", other), begun))
            if other is not case and counts is not False:
                span = span.moved_to(NO_DAY, counts is True)
        spans.append(span)
    return moved(stack, way.level, spans, way)
