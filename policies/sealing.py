"""A regime and a person's entries → a seal level for each, with its days and its reason.

The version in force on the day asked about judges the whole record, past included. For each level the rules are
tried in order, for each sentence (or once for an entry without), and the first that fits gives the day; a rule
whose condition is unknown leaves it and the following open. Over the sentences the latest day counts, and a level
never starts before the one below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from policies.cases import Case, Slot, cases_of, decided_by
from policies.days import LONG_AGO, NEVER, NO_DAY, Span
from policies.interactions.named import INTERACTIONS
from policies.interactions.reach import Part, Reach, Stack
from policies.model import Entry
from policies.regime import LEVELS, Regime, SealRule
from policies.source import Source
from policies.truth import Truth, all_of, any_of


@dataclass(frozen=True, slots=True)
class Phase:
    """A level that an entry has from a day on; `start` None: the day is not settled."""

    level: str
    start: date | None


@dataclass(frozen=True)  # without slots: the levels are worked out once and kept
class Sealed:
    """One entry with its seal on the day asked about. `regime` None: no law is known for its jurisdiction."""

    case: Case
    regime: Regime | None
    reaches: Mapping[str, Reach]

    @property
    def entry(self) -> Entry:
        """The entry itself."""
        return self.case.entry

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Every level that the entry may have on the day: one when it is settled."""
        if self.regime is None:
            return LEVELS
        low = high = 0
        for number in range(len(LEVELS) - 1, 0, -1):
            reached = self._at(LEVELS[number], self.case.day)
            if reached is not False:
                high = max(high, number)
            if reached:
                low = number
                break
        return LEVELS[low : high + 1]

    @property
    def level(self) -> str | None:
        """The level on the day, or None when it is not settled."""
        levels = self.levels
        return levels[0] if len(levels) == 1 else None

    def _at(self, level: str, day: date) -> Truth:
        reach = self.reaches.get(level)
        if reach is None:
            return False
        now = reach.span.reached(day)
        before = [all_of((span.reached(day), day < until)) for span, until in reach.before]
        return any_of((now, *before))

    @property
    def reach(self) -> Reach | None:
        """What decides the level: how the entry reached it, or for an open entry what seals it next or never."""
        levels = self.levels
        following = levels[-1] if levels[-1] != "open" else "shallow"
        return self.reaches.get(following) or next(iter(self.reaches.values()), None)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the level comes from: the rule that decides it, and the interactions that moved its day."""
        reach = self.reach
        if reach is None:
            return ()
        rule = (reach.rule.source,) if reach.rule else ()
        return (*rule, *(way.source for way in reach.by))

    @property
    def timeline(self) -> tuple[Phase, ...]:
        """The levels in order, from the first to the last that the law foresees as things stand."""
        times = {level: [(reach.span, NEVER), *reach.before] for level, reach in self.reaches.items()}
        decided = self.case.decision.day
        days = {day for level in times.values() for span, until in level for day in (span.day, until)}
        known = sorted(day for day in days if day and day != NEVER and day > (decided or LONG_AGO))
        phases = [Phase("open", None)] if decided is None else []
        for day in [decided, *known] if decided else known:
            level = _level_on(day, times)
            if not phases or phases[-1].level != level:
                phases.append(Phase(level, day))
        for level, reach in self.reaches.items():
            if reach.span.day is None and not reach.span.never and not self._overtaken(level, reach.span):
                phases.insert(_place(phases, reach.span), Phase(level, None))
        return tuple(phases)

    def _overtaken(self, level: str, span: Span) -> bool:
        """Is a higher level surely reached before this one can be?"""
        higher = LEVELS[LEVELS.index(level) + 1 :]
        return any(self.reaches[name].span.latest <= span.earliest for name in higher if name in self.reaches)

    @property
    def since(self) -> date | None:
        """The first day of the level that the entry has on the day, where settled."""
        return self._around()[0]

    @property
    def until(self) -> date | None:
        """The first day of the level that comes next, where one does and its day is settled."""
        return self._around()[1]

    def _around(self) -> tuple[date | None, date | None]:
        level, phases = self.level, self.timeline
        if level is None:
            higher = LEVELS[LEVELS.index(self.levels[-1]) + 1 :]
            above = [phase for phase in phases if phase.level in higher]
            return None, above[0].start if above else None
        now = [
            n for n, phase in enumerate(phases) if phase.level == level and (phase.start or date.min) <= self.case.day
        ]
        if not now:
            return None, None
        following = phases[now[-1] + 1 :]
        return phases[now[-1]].start, following[0].start if following else None


def _level_on(day: date, times: Mapping[str, Sequence[tuple[Span, date]]]) -> str:
    """The highest level that an entry has on a day, of the times at each level that are known."""
    for level in reversed(LEVELS[1:]):
        if any(span.day and span.day <= day < until for span, until in times.get(level, ())):
            return level
    return "open"


def _place(phases: Sequence[Phase], span: Span) -> int:
    """Where a phase stands whose day is not settled: after those that begin before it can."""
    before = [number for number, phase in enumerate(phases) if phase.start is None or phase.start <= span.earliest]
    return before[-1] + 1 if before else 0


def seal(entries: Sequence[Entry], regimes: Mapping[str, Regime], day: date, born: date | None = None) -> list[Sealed]:
    """The seal of every entry that is there on `day`, each under the regime of its jurisdiction, in the given order."""
    there = [entry for entry in entries if decided_by(entry, day)]
    found: dict[int, Sealed] = {}
    for jurisdiction in dict.fromkeys(entry.jurisdiction for entry in there):
        numbers = [n for n, entry in enumerate(there) if entry.jurisdiction == jurisdiction]
        regime = regimes.get(jurisdiction)
        cases = cases_of([there[n] for n in numbers], day, born, regime.combined if regime else ())
        sealed = _sealed(cases, regime) if regime else [Sealed(case, None, {}) for case in cases]
        found.update(zip(numbers, sealed, strict=True))
    return [found[n] for n in range(len(there))]


def _sealed(cases: Sequence[Case], regime: Regime) -> list[Sealed]:
    """What has reached the level `absent_from` (erased, at the latest) is as if it were not there: what it does to
    the others is worked out without it."""
    absent = LEVELS[LEVELS.index(regime.absent_from) :]
    sealed = _round(cases, regime)
    kept = [one for one in sealed if not set(one.levels) <= set(absent)]
    if len(kept) < len(sealed):
        return _put_together(sealed, _sealed([one.case for one in kept], regime))
    there = [one for one in sealed if not set(one.levels) & set(absent)]
    if len(there) == len(sealed):
        return sealed
    # Whether the rest is there at all is not known: the others may be as they are with it or without.
    return _put_together(sealed, _sealed([one.case for one in there], regime), either=True)


def _round(cases: Sequence[Case], regime: Regime) -> list[Sealed]:
    reaches = _reaches(cases, regime)
    return [Sealed(case, regime, reach) for case, reach in zip(cases, reaches, strict=True)]


def _put_together(first: Sequence[Sealed], again: Sequence[Sealed], either: bool = False) -> list[Sealed]:
    found = {id(one.case): one for one in again}
    together = []
    for one in first:
        other = found.get(id(one.case), one)
        together.append(_either(one, other) if either else other)
    return together


def _either(one: Sealed, other: Sealed) -> Sealed:
    if one is other:
        return one
    reaches = {}
    for level in LEVELS[1:]:
        ways = [sealed.reaches[level] for sealed in (one, other) if level in sealed.reaches]
        if ways:  # a level that no rule gives in one of the two worlds is never reached there
            ends = [way.span for way in ways] + [NO_DAY] * (2 - len(ways))
            reaches[level] = replace(ways[0], span=ends[0].either(ends[1]))
    return Sealed(one.case, one.regime, reaches)


def _reaches(cases: Sequence[Case], regime: Regime) -> list[dict[str, Reach]]:
    """The levels of each entry: by the rules first, then as the interactions move them, in the document's order."""
    stack: Stack = {}
    for level, rules in regime.rules.items():
        if not _on_levels(rules):
            stack = {**stack, level: [_reach(case, rules, cases, {}) for case in cases]}
    for way in regime.interactions:
        stack = INTERACTIONS[way.name](cases, stack, way)
    found: list[dict[str, Reach]] = [{} for _ in cases]
    for level, rules in regime.rules.items():
        for number, case in enumerate(cases):
            lower = {name: reach.span for name, reach in found[number].items()}
            reach = _reach(case, rules, cases, lower) if _on_levels(rules) else stack[level][number]
            if reach.rule is not None:
                found[number][level] = _above_below(level, reach, found[number])
    return found


def _on_levels(rules: Sequence[SealRule]) -> bool:
    """Do rules of this level count from the day on which a lower level is reached?"""
    return any(rule.clock in LEVELS for rule in rules)


def _above_below(level: str, reach: Reach, below: Mapping[str, Reach]) -> Reach:
    if level == "erased":  # what is annulled is gone, whatever level it had
        return reach
    span = reach.span
    for lower in below.values():
        span = span.or_later(lower.span)
    return replace(reach, span=span)


def _reach(case: Case, rules: Sequence[SealRule], cases: Sequence[Case], lower: Mapping[str, Span]) -> Reach:
    if not rules:
        return Reach(NO_DAY, None, ())
    parts = tuple(_part(case, slot, rules, cases, lower) for slot in case.slots)
    span = parts[0].span
    for part in parts[1:]:
        span = span.or_later(part.span)
    ruled = [part for part in parts if part.rule]
    last = max(ruled, key=lambda part: (part.span.latest, part.span.earliest), default=None)
    return Reach(span, last.rule if last else None, parts)


def _part(case: Case, slot: Slot, rules: Sequence[SealRule], cases: Sequence[Case], lower: Mapping[str, Span]) -> Part:
    span: Span | None = None
    chosen: SealRule | None = None
    excluded: Truth = False
    for rule in rules:
        fits = _fits(rule, case, slot, cases, lower)
        if fits is False:
            continue
        start = rule.start(case, slot, lower)
        span = start if span is None else span.either(start)
        sure = chosen is None
        chosen = chosen or rule
        if rule.never:
            excluded = fits if chosen is rule else None
        if fits:
            return Part(slot, span, rule, excluded, sure)
    return Part(slot, span.either(NO_DAY) if span else NO_DAY, chosen, excluded, chosen is None)


def _fits(rule: SealRule, case: Case, slot: Slot, cases: Sequence[Case], lower: Mapping[str, Span]) -> Truth:
    fits = all_of((rule.condition.of_entry(case), rule.condition.of_slot(slot, case)))
    if fits is False or rule.no_other is None:
        return fits
    start = rule.start(case, slot, lower) if rule.no_other.before else NO_DAY
    answers = [
        all_of((rule.no_other.condition.holds(other), not rule.no_other.before or other.decision.before(start)))
        for other in cases
        if other is not case
    ]
    if answers.count(True) >= rule.no_other.at_least:
        return False
    return None if len(answers) - answers.count(False) >= rule.no_other.at_least else fits
