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
from policies.regime import LEVELS
from policies.sealing import seal
from tests.policies.records import entries, reports

LIBRARY = Library.shipped()
DAY = date(2026, 6, 1)
REGIMES = LIBRARY.regimes(DAY)
ROLES = [
    (LIBRARY.policy(name, DAY), role) for name in LIBRARY.policies() for role in LIBRARY.policy(name, DAY).roles[:2]
]
RANK = {"eligible": 0, "undetermined": 1, "ineligible": 2}
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
EACH_ROLE = pytest.mark.parametrize(("policy", "role"), ROLES, ids=lambda value: getattr(value, "id", value))
READINGS = st.sampled_from(["strict", "broad"])


def outcome(record: list[Report], policy: Policy, role: str, reading: str = "strict") -> str:
    """The outcome for a record under a policy."""
    return adjudicate(record, REGIMES, policy, role, DAY, reading).outcome


@EACH_ROLE
@SLOW
@given(record=reports(), extra=entries(), reading=READINGS)
def test_adding_a_matter_never_moves_the_outcome_down(
    policy: Policy, role: str, record: list[Report], extra: Entry, reading: str
) -> None:
    """ineligible > undetermined > eligible: one more entry never makes a better answer."""
    before = outcome(record, policy, role, reading)
    after = outcome([*record, Report(extra)], policy, role, reading)
    assert RANK[after] >= RANK[before]


@pytest.mark.parametrize("jurisdiction", ["cn", "gb-eaw"])
@pytest.mark.parametrize("day", [date(2018, 6, 1), date(2021, 6, 1), DAY])
@SLOW
@given(data=st.data())
def test_adding_an_entry_never_makes_another_less_visible(jurisdiction: str, day: date, data: st.DataObject) -> None:
    """Whatever joins a record, the entries that were there keep their level or become more open."""
    record = [report.entry for report in data.draw(reports(jurisdiction))]
    extra = data.draw(entries(jurisdiction))
    regimes = LIBRARY.regimes(day)
    before = {sealed.entry.ref: sealed.levels for sealed in seal(record, regimes, day)}
    after = {sealed.entry.ref: sealed.levels for sealed in seal([*record, extra], regimes, day)}
    for ref, levels in before.items():
        assert LEVELS.index(after[ref][0]) <= LEVELS.index(levels[0])
        assert LEVELS.index(after[ref][-1]) <= LEVELS.index(levels[-1])


@EACH_ROLE
@SLOW
@given(record=reports(), data=st.data())
def test_forgetting_a_fact_never_flips_a_sure_answer(
    policy: Policy, role: str, record: list[Report], data: st.DataObject
) -> None:
    """A date, an age, a trait list or a sentence list that goes missing may unsettle an answer, never turn it."""
    if not record:
        return
    number = data.draw(st.integers(0, len(record) - 1))
    poorer = forget(record[number].entry, data)
    before = outcome(record, policy, role)
    after = outcome([*record[:number], Report(poorer), *record[number + 1 :]], policy, role)
    assert {before, after} != {"eligible", "ineligible"}


@pytest.mark.parametrize("jurisdiction", ["cn", "gb-eaw"])
@SLOW
@given(data=st.data())
def test_forgetting_a_fact_never_changes_a_settled_level(jurisdiction: str, data: st.DataObject) -> None:
    """What is settled with less is what is settled with more."""
    record = [report.entry for report in data.draw(reports(jurisdiction))]
    if not record:
        return
    number = data.draw(st.integers(0, len(record) - 1))
    poorer = [*record[:number], forget(record[number], data), *record[number + 1 :]]
    for full, less in zip(seal(record, REGIMES, DAY), seal(poorer, REGIMES, DAY), strict=True):
        assert set(full.levels) <= set(less.levels)


def forget(entry: Entry, data: st.DataObject) -> Entry:
    """The entry with one fact less."""
    fact = data.draw(
        st.sampled_from(["acted_on", "decided_on", "age_at_act", "age_at_decision", "sentences", "traits", "start"])
    )
    if fact == "traits":
        return replace(entry, traits=frozenset(), traits_complete=False)
    if fact == "start":
        kept: tuple[Sentence, ...] | None = entry.sentences and tuple(
            replace(one, started_on=None) for one in entry.sentences
        )
        return replace(entry, sentences=kept)
    return replace(entry, **{fact: None})


@EACH_ROLE
@SLOW
@given(record=reports(), data=st.data())
def test_order_of_entries_and_bars_is_nothing(
    policy: Policy, role: str, record: list[Report], data: st.DataObject
) -> None:
    """The same record and the same bars in another order give the same outcome."""
    shuffled = data.draw(st.permutations(record))
    turned = replace(policy, bars=tuple(data.draw(st.permutations(policy.bars))))
    assert outcome(shuffled, turned, role) == outcome(record, policy, role)


@EACH_ROLE
@SLOW
@given(record=reports())
def test_erased_is_absent(policy: Policy, role: str, record: list[Report]) -> None:
    """An entry that is surely erased is as if it were not there."""
    erased = {
        sealed.entry.ref for sealed in seal([one.entry for one in record], REGIMES, DAY) if sealed.level == "erased"
    }
    assert outcome([one for one in record if one.entry.ref not in erased], policy, role) == outcome(
        record, policy, role
    )


@EACH_ROLE
@SLOW
@given(record=reports(), extra=entries())
def test_candidates_are_decided_by_both_worlds(policy: Policy, role: str, record: list[Report], extra: Entry) -> None:
    """With a candidate the outcome is sure only where it is the same without and with it."""
    without = outcome(record, policy, role)
    with_it = outcome([*record, Report(extra)], policy, role)
    answer = outcome([*record, Report(extra, sure=False)], policy, role)
    assert answer == (without if without == with_it else "undetermined")


@SLOW
@given(data=st.data())
def test_timelines_are_in_order_and_agree_with_the_level(data: st.DataObject) -> None:
    """Phases follow each other, and the phase of a day is the level of that day."""
    for jurisdiction in ("cn", "gb-eaw"):
        for sealed in seal([one.entry for one in data.draw(reports(jurisdiction))], REGIMES, DAY):
            starts = [phase.start for phase in sealed.timeline]
            known = [start for start in starts if start]
            assert all(earlier < later for earlier, later in pairwise(known))
            if None in starts or sealed.level is None:
                continue
            reached = [phase.level for phase in sealed.timeline if phase.start and phase.start <= DAY]
            assert (reached or ["open"])[-1] == sealed.level
