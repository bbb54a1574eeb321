"""Reaching: for a matter of some sort, facts that bring it to each seal level that a law's rules give it.

The rules are not enumerated against each other, so that a law may have a hundred: for each rule that may speak of such
a matter, facts that meet its conditions are tried at the days around its period and at the usual ones, and of what
comes out one for each level and deciding rule is kept. Each is sealed by the engine itself, so a level that is found
is reached. One that only several rules together, or other matters, would bring about may be missed.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from typing import Any

from policies import vocabulary
from policies.analysis import usual
from policies.analysis.building import build
from policies.analysis.dimensions import OF_SENTENCE, WORDS, Facts, Want, around, meeting, moment, wants_of
from policies.analysis.places import Place
from policies.regime import LEVELS, Regime, SealRule
from policies.sealing import seal


def moments(rule: SealRule) -> Iterator[Want]:
    """The look-backs after which a rule takes effect."""
    if rule.clock not in LEVELS and not rule.never:
        yield moment(rule.clock, rule.period)
    for bound in (rule.or_earlier, rule.or_later):
        if bound is not None:
            yield moment(bound.clock, bound.period)


class Ways:
    """The ways to each level of one law on one day, worked out once for each sort of matter."""

    def __init__(self, regime: Regime, day: date) -> None:
        self.regime = regime
        self.day = day
        self._found: dict[Any, list[Facts]] = {}

    def of(
        self, place: Place, rules: Sequence[SealRule], sentences: Sequence[tuple[str, ...]], brief: bool
    ) -> list[Facts]:
        """Facts for each level that such a matter reaches, with one of these sentences, or with any if none is given.

        One for each level and deciding rule; `brief`: one for each level and sort of facts.
        """
        counted = place.disposition in vocabulary.meaning("counted")
        key = (tuple(rule.id for rule in rules), place.kind, counted, tuple(sentences), brief)
        if key not in self._found:
            found: dict[Any, Facts] = {}
            for fixed in [{"sentence": one} for one in sentences] or [Facts()]:
                self._search(place, rules, fixed, brief, found)
            stated = _stated(rules, self.day)
            self._found[key] = list(found.values()) or [_together(stated, {"sentence": one}) for one in sentences[:1]]
            self._found[key] = self._found[key] or [stated]
        return self._found[key]

    def _search(
        self, place: Place, rules: Sequence[SealRule], fixed: Facts, brief: bool, found: dict[Any, Facts]
    ) -> None:
        stated = _stated(rules, self.day)
        for tried in self._tries([rule for rule in rules if _may_fit(rule, fixed.get("sentence"))]):
            facts = _together({**stated, **tried}, fixed)
            built = build(place, facts, self.day)
            if built is None:
                continue
            sealed = seal([built.entry], {self.regime.jurisdiction: self.regime}, self.day, built.born)[0]
            if sealed.level is not None:
                readers = tuple(reader.opens_case(sealed.case) for reader in self.regime.readers.values())
                rule = sealed.reach.rule.id if sealed.reach and sealed.reach.rule else ""
                how = (frozenset(facts), facts.get("age_at_act")) if brief else rule
                found.setdefault((sealed.level, readers if sealed.level == "shallow" else (), how), facts)

    def _tries(self, rules: Sequence[SealRule]) -> Iterator[Facts]:
        ages: list[Facts] = [{"age_at_act": age} for age in usual.fact("at_act")]
        yield from ({**age, "decision": when} for age in ages for when in usual.days_before(self.day))
        for rule in rules:
            for facts in _met(rule.condition.says, self.day):
                yield facts
                yield from ({**facts, "decision": when} for when in usual.days_before(self.day))
                for want in moments(rule):
                    yield from ({**facts, want.dimension: when} for when in around(want, self.day) if when <= self.day)
        for condition in (condition for reader in self.regime.readers.values() for condition in reader.opens):
            yield from _met(condition.says, self.day)
        for tier in (tier for way in self.regime.interactions for tier in way.tiers if not tier.never):
            yield from ({tier.clock: when} for when in around(moment(tier.clock, tier.period), self.day))


def _may_fit(rule: SealRule, sentences: tuple[str, ...] | None) -> bool:
    wanted = rule.condition.says.get("sentence")
    return sentences is None or wanted is None or any(kind in wanted for kind in sentences)


def _together(facts: Facts, fixed: Facts) -> Facts:
    """The facts with those that are set; without a sentence, none about one."""
    joined = {**facts, **fixed}
    if fixed.get("sentence") == ():
        return {name: value for name, value in joined.items() if name == "sentence" or name not in OF_SENTENCE}
    return joined


def _stated(rules: Sequence[SealRule], day: date) -> Facts:
    """The facts that the rules ask for and that a full record therefore gives, at their usual values."""
    asked = {want.dimension for rule in rules for want in wants_of(rule.condition.says)}
    if any("points" in rule.condition.says for rule in rules):
        asked |= {"clean", *WORDS} - {"grade"}
    found: Facts = {name: usual.fact(name) for name in (*WORDS, "day_units") if name in asked}
    return {**found, "clean": usual.days_before(day)[0]} if "clean" in asked else found


def _met(says: Any, day: date) -> Iterator[Facts]:
    """Facts that meet a condition, as far as each of its parts can be met by itself."""
    found: Facts = {}
    for want in wants_of(says):
        value = meeting(want, day)
        if value is not None and (want.dimension != "sentence" or "sentence" not in found):
            found[want.dimension] = value
    yield found
    if "points" in says:
        yield from ({**found, **graded} for graded in _graded(day))


def _graded(day: date) -> Iterator[Facts]:
    """What a scale of points may look at."""
    words = [list(vocabulary.words(name)) for name in ("addiction", "conduct", "substance")]
    for addiction, conduct, substance, clean in product(*words, usual.days_before(day)):
        yield {"addiction": addiction, "conduct": conduct, "substance": substance, "clean": clean}
