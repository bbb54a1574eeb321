"""What holds for every record: adding a matter, forgetting a fact, the order of things, what is erased."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.evaluator import adjudicate
from policies.library import Library
from policies.model import Entry, Report, Sentence
from policies.policy import Policy
from policies.regime import LEVELS, Regime
from policies.sealing import seal
from tests.policies.records import entries, one_of, reports, words_of_policy, words_of_regime

LIBRARY = Library.shipped()
DAY = date(2026, 6, 1)
REGIMES = LIBRARY.regimes(DAY)
RANK = {"eligible": 0, "undetermined": 1, "ineligible": 2}
READINGS = st.sampled_from(["strict", "broad"])

LAWS = [regime for versions in LIBRARY.regime_versions.values() for regime in versions]
EACH_LAW = pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.id}-{law.version}")
EACH_POLICY = pytest.mark.parametrize("name", LIBRARY.policies())


def some(examples: int) -> settings:
    """So many random records; no clock, for a slow machine is no failure."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


def outcome(record: list[Report], policy: Policy, role: str, reading: str = "strict") -> str:
    """The outcome for a record under a policy."""
    return adjudicate(record, REGIMES, policy, role, DAY, reading).outcome


def asked(name: str, data: st.DataObject) -> tuple[Policy, str, list[Report]]:
    """A policy, one of its roles, and a record made of the policy's own words under one of the laws that it reads."""
    policy = LIBRARY.policy(name, DAY)
    jurisdictions = [policy.jurisdiction, *sorted(one for one in REGIMES if one.startswith(policy.jurisdiction))]
    record = data.draw(reports(data.draw(one_of(*jurisdictions)), words=words_of_policy(policy)))
    return policy, data.draw(one_of(*policy.roles)), record


@EACH_POLICY
@some(60)
@given(data=st.data(), reading=READINGS)
def test_adding_a_matter_never_moves_the_outcome_down(name: str, data: st.DataObject, reading: str) -> None:
    """ineligible > undetermined > eligible: one more entry never makes a better answer."""
    policy, role, record = asked(name, data)
    extra = data.draw(entries(policy.jurisdiction, words_of_policy(policy)))
    before = outcome(record, policy, role, reading)
    after = outcome([*record, Report(extra)], policy, role, reading)
    assert RANK[after] >= RANK[before]


@EACH_LAW
@some(80)
@given(data=st.data())
def test_adding_an_entry_never_makes_another_less_visible(law: Regime, data: st.DataObject) -> None:
    """Whatever joins a record, the entries that were there keep their level or become more open."""
    words = words_of_regime(law.id, date.fromisoformat(law.version))
    record = [report.entry for report in data.draw(reports(law.jurisdiction, words=words))]
    extra = data.draw(entries(law.jurisdiction, words))
    regimes = {law.jurisdiction: law}
    before = {sealed.entry.ref: sealed.levels for sealed in seal(record, regimes, DAY)}
    after = {sealed.entry.ref: sealed.levels for sealed in seal([*record, extra], regimes, DAY)}
    for ref, levels in before.items():
        assert LEVELS.index(after[ref][0]) <= LEVELS.index(levels[0])
        assert LEVELS.index(after[ref][-1]) <= LEVELS.index(levels[-1])


@EACH_POLICY
@some(60)
@given(data=st.data())
def test_forgetting_a_fact_never_flips_a_sure_answer(name: str, data: st.DataObject) -> None:
    """A date, an age, a trait list or a sentence list that goes missing may unsettle an answer, never turn it."""
    policy, role, record = asked(name, data)
    if not record:
        return
    number = data.draw(st.integers(0, len(record) - 1))
    poorer = forget(record[number].entry, data)
    before = outcome(record, policy, role)
    after = outcome([*record[:number], Report(poorer), *record[number + 1 :]], policy, role)
    assert {before, after} != {"eligible", "ineligible"}


@EACH_LAW
@some(80)
@given(data=st.data())
def test_forgetting_a_fact_never_changes_a_settled_level(law: Regime, data: st.DataObject) -> None:
    """What is settled with less is what is settled with more."""
    words = words_of_regime(law.id, date.fromisoformat(law.version))
    record = [report.entry for report in data.draw(reports(law.jurisdiction, words=words))]
    if not record:
        return
    number = data.draw(st.integers(0, len(record) - 1))
    # A finding of addiction that puts a person in a tier is an event: where none is shown, none was made.
    findings = any(tier.alike for way in law.interactions for tier in way.tiers)
    poorer = [*record[:number], forget(record[number], data, but=("drug",) * findings), *record[number + 1 :]]
    regimes = {law.jurisdiction: law}
    for full, less in zip(seal(record, regimes, DAY), seal(poorer, regimes, DAY), strict=True):
        assert set(full.levels) <= set(less.levels)


def forget(entry: Entry, data: st.DataObject, but: tuple[str, ...] = ()) -> Entry:
    """The entry with one fact less, `but` not one of these."""
    facts = ["acted_on", "decided_on", "age_at_act", "age_at_decision", "sentences", "grade", "drug", "traits", "start"]
    fact = data.draw(one_of(*(one for one in facts if one not in but)))
    if fact == "traits":
        return replace(entry, traits=frozenset(), traits_complete=False)
    if fact == "start":
        kept: tuple[Sentence, ...] | None = entry.sentences and tuple(
            replace(one, started_on=None) for one in entry.sentences
        )
        return replace(entry, sentences=kept)
    return replace(entry, **{fact: None})


@EACH_POLICY
@some(40)
@given(data=st.data())
def test_order_of_entries_and_bars_is_nothing(name: str, data: st.DataObject) -> None:
    """The same record and the same bars in another order give the same outcome."""
    policy, role, record = asked(name, data)
    shuffled = data.draw(st.permutations(record))
    turned = replace(policy, bars=tuple(data.draw(st.permutations(policy.bars))))
    assert outcome(shuffled, turned, role) == outcome(record, policy, role)


@EACH_LAW
@some(40)
@given(data=st.data())
def test_order_of_entries_is_nothing_to_a_law(law: Regime, data: st.DataObject) -> None:
    """Each entry has the same level and the same days, wherever in the record it stands."""
    words = words_of_regime(law.id, date.fromisoformat(law.version))
    record = [report.entry for report in data.draw(reports(law.jurisdiction, words=words))]
    shuffled = data.draw(st.permutations(record))
    regimes = {law.jurisdiction: law}
    one, other = (
        {sealed.entry.ref: (sealed.levels, sealed.timeline) for sealed in seal(entries, regimes, DAY)}
        for entries in (record, shuffled)
    )
    assert one == other


@EACH_LAW
@some(60)
@given(data=st.data())
def test_erased_is_absent(law: Regime, data: st.DataObject) -> None:
    """An entry that is surely erased is as if it were not there: the others are sealed as they are without it."""
    words = words_of_regime(law.id, date.fromisoformat(law.version))
    record = [report.entry for report in data.draw(reports(law.jurisdiction, words=words))]
    regimes = {law.jurisdiction: law}
    with_all = seal(record, regimes, DAY)
    kept = [sealed.entry for sealed in with_all if sealed.level != "erased"]
    assert [one.levels for one in with_all if one.level != "erased"] == [one.levels for one in seal(kept, regimes, DAY)]


@EACH_POLICY
@some(40)
@given(data=st.data())
def test_candidates_are_decided_by_both_worlds(name: str, data: st.DataObject) -> None:
    """With a candidate the outcome is sure only where it is the same without and with it."""
    policy, role, record = asked(name, data)
    extra = data.draw(entries(policy.jurisdiction, words_of_policy(policy)))
    without = outcome(record, policy, role)
    with_it = outcome([*record, Report(extra)], policy, role)
    answer = outcome([*record, Report(extra, sure=False)], policy, role)
    assert answer == (without if without == with_it else "undetermined")


@EACH_LAW
@some(60)
@given(data=st.data())
def test_timelines_are_in_order_and_agree_with_the_level(law: Regime, data: st.DataObject) -> None:
    """Phases follow each other, and the phase of a day is the level of that day."""
    words = words_of_regime(law.id, date.fromisoformat(law.version))
    for sealed in seal(
        [one.entry for one in data.draw(reports(law.jurisdiction, words=words))], {law.jurisdiction: law}, DAY
    ):
        starts = [phase.start for phase in sealed.timeline]
        known = [start for start in starts if start]
        assert all(earlier < later for earlier, later in pairwise(known))
        if None in starts or sealed.level is None:
            continue
        reached = [phase.level for phase in sealed.timeline if phase.start and phase.start <= DAY]
        assert (reached or ["open"])[-1] == sealed.level
