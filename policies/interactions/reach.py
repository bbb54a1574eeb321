"""When an entry reaches a level, and how that day is moved: what every interaction takes and returns.

Days are spans, and adding an entry never makes another one less visible: days only move later.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from policies.cases import Case, Slot
from policies.days import Span
from policies.regime import Interaction, SealRule
from policies.truth import Truth


@dataclass(frozen=True, slots=True)
class Part:
    """What one sentence of an entry contributes: the first day, by which rule; `excluded`: one that says never.

    `sure`: the rule surely is the one that fits.
    """

    slot: Slot
    span: Span
    rule: SealRule | None
    excluded: Truth
    sure: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """When an entry reaches a level. `rule` None: no rule of the level speaks of it.

    `before` holds earlier times at the level that ended again: from a day, until a day. `by` are the interactions
    that moved the day.
    """

    span: Span
    rule: SealRule | None
    parts: tuple[Part, ...]
    before: tuple[tuple[Span, date], ...] = ()
    by: tuple[Interaction, ...] = ()


Stack = Mapping[str, Sequence[Reach]]
"""For each level, the reach of every entry, in the order of the cases."""

Act = Callable[[Sequence[Case], Stack, Interaction], Stack]
"""An interaction: from the days that the rules gave to the days that the law makes of them."""


def together(one: Case, other: Case) -> bool:
    """Were both decided in one proceeding? Then neither is further."""
    return one.entry.proceeding is not None and one.entry.proceeding == other.entry.proceeding


Comings = Sequence[tuple[Span, Span]]
"""Later matters that keep an entry from a level: the decision of each, and the day that the entry then waits for."""


def moved(
    stack: Stack, level: str, spans: Sequence[Span], way: Interaction, comings: Mapping[int, Comings] | None = None
) -> Stack:
    """The stack with the entries of a level moved to `spans` by an interaction.

    `comings` has, for an entry that comes back from the level, what brought it back.
    """
    reaches = list(stack[level])
    for number, (reach, span) in enumerate(zip(reaches, spans, strict=True)):
        if span != reach.span:
            before = _before(reach.span, (comings or {}).get(number, ()))
            reaches[number] = replace(reach, span=span, before=(*reach.before, *before), by=(*reach.by, way))
    return {**stack, level: reaches}


def _before(first: Span, comings: Comings) -> Iterator[tuple[Span, date]]:
    """The times at a level that later matters ended, as far as all days are known."""
    current = first
    for decision, waits in sorted(comings, key=lambda coming: (coming[0].earliest, coming[1].earliest)):
        if current.day is None or decision.day is None:
            return
        if waits.earliest >= decision.day > current.day:
            yield current, decision.day
        current = current.or_later(waits)
