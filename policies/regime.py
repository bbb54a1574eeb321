"""A regime version: one document that says which entries a law seals, from when, and who may read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from policies.cases import Case, Slot, lengthened
from policies.days import NO_DAY, ZERO, Duration, Span
from policies.rules import Condition
from policies.source import Source
from policies.truth import Truth, any_of

LEVELS: tuple[str, ...] = ("open", "shallow", "deep", "erased")
"""Seal levels, from the one that anybody may be told of to the one that nobody may."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A second day beside a rule's own: so long after another clock."""

    clock: str
    period: Duration
    not_before: date | None

    def day(self, case: Case, slot: Slot, rule: "SealRule", base: Span) -> Span:
        """The day, for this sentence. Where the clock is the rule's own it counts from where the rule does (`base`)."""
        start = base if self.clock == rule.clock else case.clock(self.clock, slot)
        return _floored(start.plus(self.period), self.not_before)


@dataclass(frozen=True, slots=True)
class Others:
    """Other matters of the person that keep a rule from fitting: at least so many that satisfy the condition.

    `before`: only those that were decided before the day that the rule gives.
    """

    condition: Condition
    at_least: int
    before: bool


@dataclass(frozen=True, slots=True)
class SealRule:
    """One rule that seals: which entries, to which level, how long after which day; or never.

    `clock` may be the name of a lower level: the day on which the entry reached that.
    """

    id: str
    level: str
    source: Source
    condition: Condition
    clock: str
    period: Duration
    plus: str | None
    never: bool
    or_earlier: Bound | None
    or_later: Bound | None
    not_before: date | None
    no_other: Others | None
    grace: Duration

    def start(self, case: Case, slot: Slot, reached: Mapping[str, Span]) -> Span:
        """The first day of the level for this sentence, if the rule fits. `reached`: the days of the lower levels."""
        if self.never:
            return NO_DAY
        if self.clock in LEVELS:
            return self.counted_from(reached.get(self.clock, NO_DAY), case, slot)
        return self.counted_from(case.clock(self.clock, slot), case, slot)

    def counted_from(self, day: Span, case: Case, slot: Slot, times: int = 1) -> Span:
        """The first day of the level if its period, so many times, runs from `day`."""
        if self.never:
            return NO_DAY
        base, day = day, lengthened(day.plus(self.period * times), self.plus, slot)
        if self.period != ZERO or self.plus:
            day = day.plus(self.grace)
        day = _floored(day, self.not_before)
        if self.or_earlier:
            day = day.or_earlier(self.or_earlier.day(case, slot, self, base))
        if self.or_later:
            day = day.or_later(self.or_later.day(case, slot, self, base))
        return day


def _floored(day: Span, not_before: date | None) -> Span:
    """The day, or a law's own first day where that is later."""
    return day.or_later(Span.on(not_before)) if not_before else day


@dataclass(frozen=True, slots=True)
class Reader:
    """Who may read `shallow` entries: a legal ground that a bar may name as its basis, and what the bar must show.

    `ranks` gives, for each reading of the law, the ranks of norm that open the seal; None: any rank does.
    `opens` says which shallow entries are opened: those that satisfy one of the conditions; none given: all.
    """

    id: str
    source: Source
    ranks: Mapping[str, frozenset[str]] | None
    opens: tuple[Condition, ...]

    def admits(self, rank: str, reading: str) -> bool:
        """Does a bar whose norm has this rank pass, under this reading?"""
        return self.ranks is None or rank in self.ranks.get(reading, frozenset())

    def opens_case(self, case: Case) -> Truth:
        """Is this entry, being shallow, opened?"""
        return any_of(condition.holds(case) for condition in self.opens) if self.opens else True


@dataclass(frozen=True, slots=True)
class Tier:
    """What `count-tier` makes of so many matters: a day so long after the last one's clock, or never.

    `alike` are conditions of which one, on one counted matter, puts a person in the tier whatever the number.
    """

    least: int
    never: bool
    clock: str
    period: Duration
    alike: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Interaction:
    """One of the named ways in which entries act on each other, tied to a level.

    `conditions` say which entries are meant, by the part they play; the rest are the settings of one way or another
    (`policies/regime_file.py` says which has which).
    """

    name: str
    level: str
    source: Source
    conditions: Mapping[str, tuple[Condition, ...]]
    stays: bool = True
    until: str | None = None
    clock: str = "decision"
    most: int = 0
    person: bool = True
    tiers: tuple[Tier, ...] = ()
    same_times: int = 1

    def means(self, part: str, case: Case) -> Truth:
        """Does an entry play this part?"""
        return any_of(condition.holds(case) for condition in self.conditions.get(part, ()))


@dataclass(frozen=True, slots=True)
class Regime:
    """One version of a jurisdiction's law of sealing, compiled.

    A proposal may amend an enacted regime (`amends`). An entry that has reached the level `absent_from` does nothing
    to the others any more.
    """

    id: str
    version: str
    jurisdiction: str
    title: Mapping[str, str]
    source: Source
    mode: str
    checked: date
    digest: str
    combined: tuple[str, ...]
    rules: Mapping[str, tuple[SealRule, ...]]
    interactions: tuple[Interaction, ...]
    readers: Mapping[str, Reader] = field(default_factory=dict)
    amends: str | None = None
    absent_from: str = "erased"
