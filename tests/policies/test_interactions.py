"""The named interactions, each on a law made for the purpose. All days are literals."""

import tomllib
from datetime import date
from typing import Any

import pytest

from policies.answers import seal_row
from policies.documents import DocumentError, Table
from policies.model import read_record
from policies.regime import Regime
from policies.regime_file import read_regime
from policies.sealing import seal

HEAD = """
jurisdiction = "nz"
in_force = 2001-01-01
mode = "enacted"
checked = 2026-11-20
title = { en = "a law made for tests", zh = "测试用法律" }
cite = "Test Act"
"""

SEVEN_YEARS = """
[[seal]]
id = "seven"
level = "shallow"
clock = "decision"
period = "P7Y"
disposition = ["convicted"]
cite = "Test Act s 1"
"""

FELONY = """
[[seal]]
id = "felony"
level = "deep"
clock = "release-or-decision"
period = "P8Y"
traits = ["felony"]
disposition = ["convicted"]
cite = "Test Act s 2"
[[seal]]
id = "misdemeanor"
level = "deep"
clock = "release-or-decision"
period = "P3Y"
disposition = ["convicted"]
cite = "Test Act s 2"
"""

BY_DECISION = FELONY.replace("release-or-decision", "decision")


def law(*parts: str) -> Regime:
    """A regime of these parts."""
    return read_regime(Table(tomllib.loads(HEAD + "".join(parts)), "law.toml"), "nz", "2001-01-01", "sha256:0")


def way(name: str, level: str, settings: str = "", **meant: str) -> str:
    """An interaction, with one condition for each part that entries play."""
    tables = "".join(f"[[interaction.{part}]]\n{condition}\n" for part, condition in meant.items())
    return f'[[interaction]]\nname = "{name}"\nlevel = "{level}"\ncite = "Test Act s 9"\n{settings}\n{tables}'


CONVICTED = 'disposition = ["convicted"]'
PENDING = 'disposition = ["pending"]\nrunning = true'


def entry(decided: str | None, **more: Any) -> dict[str, Any]:
    """A conviction without sentences unless it says otherwise."""
    usual = {"jurisdiction": "nz", "kind": "criminal", "offence": "theft", "disposition": "convicted", "sentences": []}
    return {**usual, "traits_complete": True, "decided_on": decided, **more}


def felony(decided: str | None, **more: Any) -> dict[str, Any]:
    """A conviction for a felony."""
    return entry(decided, grade="felony-c", **more)


def misdemeanor(decided: str | None, **more: Any) -> dict[str, Any]:
    """A conviction for a misdemeanor."""
    return entry(decided, grade="misdemeanor-a", **more)


def pending(acted: str, **more: Any) -> dict[str, Any]:
    """A charge that has not been decided."""
    return entry(None, disposition="pending", acted_on=acted, **more)


def sealed(regime: Regime, day: str, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the entries on a day."""
    record = read_record({"entries": list(entries)})
    return [seal_row(one) for one in seal(record.entries, {"nz": regime}, date.fromisoformat(day))]


def levels(regime: Regime, day: str, *entries: dict[str, Any]) -> list[str]:
    """The level of each entry on a day; of an unsettled one both bounds."""
    return [row["level"] or "-".join(row["between"]) for row in sealed(regime, day, *entries)]


def phases(row: dict[str, Any]) -> list[str]:
    """The timeline of a row, one word and one day each."""
    return [f"{phase['level']} {phase['from']}" for phase in row["timeline"]]


class TestAllOrNothing:
    """No entry reaches the level while another one has not."""

    RETURNS = law(SEVEN_YEARS, way("all-or-nothing", "shallow", 'reached = "returns"', of=CONVICTED))
    STAYS = law(SEVEN_YEARS, way("all-or-nothing", "shallow", 'reached = "stays"', of=CONVICTED))

    def test_the_later_conviction_keeps_both_back(self) -> None:
        """Two convictions come to the level together, when the later one does."""
        first, second = entry("2016-03-01"), entry("2019-05-05")
        assert levels(self.RETURNS, "2026-05-04", first, second) == ["open", "open"]
        assert levels(self.RETURNS, "2026-05-05", first, second) == ["shallow", "shallow"]

    def test_one_that_had_reached_the_level_comes_back(self) -> None:
        """A new conviction ends the concealment of the old one until both are concealed."""
        row = sealed(self.RETURNS, "2026-06-01", entry("2010-02-28"), entry("2020-06-30"))[0]
        assert row["level"] == "open"
        assert phases(row) == ["open 2010-02-28", "shallow 2017-02-28", "open 2020-06-30", "shallow 2027-06-30"]

    def test_or_it_stays_where_the_law_says_so(self) -> None:
        """What was over when the new conviction came is over."""
        assert levels(self.STAYS, "2026-06-01", entry("2010-02-28"), entry("2020-06-30")) == ["shallow", "open"]
        assert levels(self.STAYS, "2026-06-01", entry("2014-02-28"), entry("2020-06-30")) == ["open", "open"]

    def test_a_chain_keeps_the_first_back_by_the_last(self) -> None:
        """The second falls into the time of the first, the third into the time that the second gave it."""
        row = sealed(self.STAYS, "2026-06-01", entry("2008-01-01"), entry("2014-12-31"), entry("2021-12-30"))[0]
        assert phases(row) == ["open 2008-01-01", "shallow 2028-12-30"]

    def test_one_that_never_comes_keeps_all_back(self) -> None:
        """All together or none."""
        never = '[[seal]]\nid = "never"\nlevel = "shallow"\nnever = true\noffence = ["sexual"]\ncite = "Test Act s 3"\n'
        regime = law(never, SEVEN_YEARS, way("all-or-nothing", "shallow", 'reached = "returns"', of=CONVICTED))
        assert levels(regime, "2026-06-01", entry("1999-01-01"), entry("1990-01-01", offence="sexual.assault")) == [
            "open",
            "open",
        ]

    def test_the_silent_wait_but_are_not_waited_for(self) -> None:
        """A silent conviction is kept back by the other and keeps nobody back."""
        silent = 'sentence = ["fine"]'
        regime = law(SEVEN_YEARS, way("all-or-nothing", "shallow", 'reached = "returns"', of=CONVICTED, silent=silent))
        fine = {"sentences": [{"kind": "fine"}]}
        assert levels(regime, "2026-06-01", entry("2016-01-01"), entry("2025-01-01", **fine)) == ["shallow", "open"]
        assert levels(regime, "2026-06-01", entry("2016-01-01", **fine), entry("2025-01-01")) == ["open", "open"]

    def test_until_a_higher_level(self) -> None:
        """What had reached the higher level when the new conviction came is not brought back."""
        deep = '[[seal]]\nid = "ten"\nlevel = "deep"\nclock = "decision"\nperiod = "P10Y"\ncite = "Test Act s 4"\n'
        regime = law(
            SEVEN_YEARS, deep, way("all-or-nothing", "shallow", 'reached = "returns"\nuntil = "deep"', of=CONVICTED)
        )
        assert levels(regime, "2026-06-01", entry("2010-01-01"), entry("2020-01-01")) == ["deep", "open"]
        assert levels(regime, "2026-06-01", entry("2010-01-02"), entry("2020-01-01")) == ["open", "open"]

    def test_a_day_that_is_not_known_leaves_both_worlds(self) -> None:
        """The other conviction may have come before or after the first was over."""
        unknown = entry(None, acted_on="2015-01-01")
        assert levels(self.STAYS, "2026-06-01", entry("2014-02-28"), unknown)[0] == "open-shallow"
        assert levels(self.RETURNS, "2021-12-31", entry("2014-02-28"), unknown) == ["open", "open"]


class TestRestart:
    """A new matter before the older one is sealed restarts its clock."""

    STAYS = law(
        FELONY, way("restart", "deep", 'reached = "stays"\nclock = "release-or-decision"', of=CONVICTED, by=CONVICTED)
    )
    RETURNS = law(
        BY_DECISION, way("restart", "deep", 'reached = "returns"\nclock = "decision"', of=CONVICTED, by=CONVICTED)
    )

    def test_the_new_clock_and_the_old_length(self) -> None:
        """A felony waits eight years from the new matter, the new misdemeanor its own three."""
        rows = sealed(self.STAYS, "2022-01-01", felony("2015-03-01"), misdemeanor("2021-07-01"))
        assert [row["until"] for row in rows] == ["2029-07-01", "2024-07-01"]

    def test_the_new_clock_is_the_release(self) -> None:
        """From release from incarceration, if there was any."""
        jail = {"kind": "imprisonment", "length": "P1Y", "started_on": "2021-07-01", "released_on": "2022-03-01"}
        rows = sealed(self.STAYS, "2022-04-01", felony("2015-03-01"), misdemeanor("2021-07-01", sentences=[jail]))
        assert [row["until"] for row in rows] == ["2030-03-01", "2025-03-01"]

    def test_after_the_seal_a_new_matter_changes_nothing(self) -> None:
        """On the day of sealing it is sealed; the day before, the clock restarts."""
        assert levels(self.STAYS, "2026-06-01", felony("2015-03-01"), misdemeanor("2023-03-01"))[0] == "deep"
        assert levels(self.STAYS, "2026-06-01", felony("2015-03-01"), misdemeanor("2023-02-28"))[0] == "open"

    def test_a_second_restart_counts_from_the_last(self) -> None:
        """Each new matter before the seal restarts the clock again."""
        rows = sealed(
            self.STAYS, "2026-05-30", misdemeanor("2018-01-01"), misdemeanor("2020-06-01"), felony("2023-05-31")
        )
        assert [row["until"] for row in rows] == ["2026-05-31", "2026-05-31", "2031-05-31"]

    def test_a_second_clock_from_any_other_matter(self) -> None:
        """Where the level does not stay, the newest other matter counts, whenever it came."""
        rows = sealed(self.RETURNS, "2021-10-01", felony("2010-03-03"), misdemeanor("2021-09-09"))
        assert [row["until"] for row in rows] == ["2029-09-09", "2024-09-09"]

    def test_matters_of_one_proceeding_do_not_restart_each_other(self) -> None:
        """What was decided together is one."""
        rows = sealed(
            self.RETURNS, "2021-10-01", felony("2010-03-03", proceeding="p"), misdemeanor("2021-09-09", proceeding="p")
        )
        assert rows[0]["level"] == "deep"

    def test_the_newest_violation_is_passed_over(self) -> None:
        """One violation counts for nothing; of two, the older one counts."""
        over = 'grade = ["violation"]'
        settings = 'reached = "returns"\nclock = "decision"'
        regime = law(BY_DECISION, way("restart", "deep", settings, of=CONVICTED, by=CONVICTED, pass_over=over))
        first, newest, older = (
            misdemeanor("2019-01-01"),
            entry("2025-01-01", grade="violation"),
            entry("2024-02-02", grade="violation"),
        )
        assert levels(regime, "2026-06-01", first)[0] == "deep"
        assert levels(regime, "2026-06-01", first, newest)[0] == "deep"
        assert sealed(regime, "2026-06-01", first, newest, older)[0]["until"] == "2027-02-02"
        assert sealed(regime, "2026-06-01", first, misdemeanor("2025-06-01"), older)[0]["until"] == "2028-06-01"

    def test_an_unknown_decision_of_the_new_matter_leaves_it_open(self) -> None:
        """It may have come before the seal, or after."""
        unknown = misdemeanor(None, acted_on="2020-01-01")
        assert levels(self.STAYS, "2026-06-01", felony("2015-03-01"), unknown)[0] == "open-deep"


class TestStay:
    """While a charge is pending the level does not come."""

    STAYS = law(BY_DECISION, way("stay", "deep", 'reached = "stays"', by=PENDING))
    RETURNS = law(BY_DECISION, way("stay", "deep", 'reached = "returns"', by=PENDING))

    def test_a_charge_keeps_an_entry_from_the_level(self) -> None:
        """As things stand there is no day at which it comes."""
        row = sealed(self.RETURNS, "2026-06-01", misdemeanor("2020-01-01"), pending("2026-05-01"))[0]
        assert (row["level"], row["until"], phases(row)) == ("open", None, ["open 2020-01-01"])

    def test_what_was_sealed_before_the_charge_stays(self) -> None:
        """The charge began after the seal."""
        assert levels(self.STAYS, "2026-06-01", misdemeanor("2020-01-01"), pending("2026-05-01"))[0] == "deep"
        began = entry("2022-12-31", disposition="pending")
        assert levels(self.STAYS, "2026-06-01", misdemeanor("2020-01-01"), began)[0] == "open"

    def test_when_a_charge_began_may_not_be_known(self) -> None:
        """An act before the seal, and no day of the charge."""
        assert levels(self.STAYS, "2026-06-01", misdemeanor("2020-01-01"), pending("2022-05-01"))[0] == "open-deep"

    def test_a_charge_that_is_over_keeps_nothing(self) -> None:
        """It no longer runs."""
        over = pending("2026-05-01", ended_on="2026-05-20")
        assert levels(self.RETURNS, "2026-06-01", misdemeanor("2020-01-01"), over)[0] == "deep"


class TestCap:
    """At most so many in a life."""

    CAP = law(BY_DECISION, way("cap", "deep", "most = 2", of='traits = ["felony"]'))

    def test_the_first_two_reach_the_level(self) -> None:
        """In the order of their days; a misdemeanor takes no place."""
        record = [felony("2010-01-01"), misdemeanor("2010-02-02"), felony("2011-01-01"), felony("2012-01-01")]
        assert levels(self.CAP, "2026-06-01", *record) == ["deep", "deep", "deep", "open"]

    def test_one_that_has_not_come_yet_takes_its_place_in_order(self) -> None:
        """The third is refused for good, not only until the others have come."""
        row = sealed(self.CAP, "2013-01-01", felony("2010-01-01"), felony("2011-01-01"), felony("2012-01-01"))[2]
        assert phases(row) == ["open 2012-01-01"]

    def test_two_that_cannot_be_told_apart_are_unsettled(self) -> None:
        """Of two decided on one day for the last place the law does not say which."""
        record = [felony("2010-01-01"), felony("2011-01-01"), felony("2011-01-01")]
        assert levels(self.CAP, "2026-06-01", *record) == ["deep", "open-deep", "open-deep"]

    def test_a_matter_of_unknown_grade_may_take_a_place(self) -> None:
        """Whether it is a felony decides about the last one."""
        unknown = entry("2010-06-01", traits_complete=False)
        record = [felony("2010-01-01"), unknown, felony("2011-01-01")]
        assert levels(self.CAP, "2026-06-01", *record)[2] == "open-deep"


class TestCountTier:
    """First, repeated and chronic."""

    AT_ONCE = """
[[seal]]
id = "at-once"
level = "deep"
clock = "decision"
cite = "Test Act s 5"
"""
    TIERS = """
[[interaction.tier]]
from = 2
clock = "decision"
period = "P3Y"
[[interaction.tier]]
from = 3
never = true
[[interaction.tier.or]]
addiction = ["serious"]
"""
    PERSON = law(AT_ONCE, way("count-tier", "deep", 'scope = "person"', of=CONVICTED) + TIERS)
    RECORD = law(AT_ONCE, way("count-tier", "deep", 'scope = "record"', of=CONVICTED) + TIERS)

    def test_all_share_the_tier_of_the_person(self) -> None:
        """One is deep at once; two wait three years from the last; three never come."""
        first, second, third = entry("2026-02-01"), entry("2027-05-05"), entry("2028-08-08")
        assert levels(self.PERSON, "2026-02-02", first) == ["deep"]
        assert [row["until"] for row in sealed(self.PERSON, "2027-05-06", first, second)] == ["2030-05-05"] * 2
        assert levels(self.PERSON, "2035-01-01", first, second, third) == ["open", "open", "open"]

    def test_or_each_counts_those_up_to_itself(self) -> None:
        """Switch b1 of the proposal: per record."""
        rows = sealed(self.RECORD, "2028-08-08", entry("2026-02-01"), entry("2027-05-05"), entry("2028-08-08"))
        assert [row["level"] for row in rows] == ["deep", "open", "open"]
        assert [row["until"] for row in rows] == [None, "2030-05-05", None]

    def test_decisions_of_one_day_or_one_proceeding_are_one(self) -> None:
        """One episode counts once."""
        assert levels(self.PERSON, "2026-03-01", entry("2026-02-01"), entry("2026-02-01")) == ["deep", "deep"]
        together = [entry("2026-02-01", proceeding="p"), entry("2026-02-09", proceeding="p")]
        assert levels(self.PERSON, "2026-03-01", *together) == ["deep", "deep"]

    def test_one_more_matter_never_makes_them_fewer(self) -> None:
        """A matter that lies between two others joins neither to the other."""
        first, second = entry("2026-02-01", proceeding="p"), entry("2026-02-09")
        between = entry("2026-02-09", proceeding="p")
        assert levels(self.PERSON, "2026-03-01", first, second) == ["open", "open"]
        assert levels(self.PERSON, "2026-03-01", first, second, between) == ["open", "open", "open"]

    def test_serious_addiction_is_the_last_tier_whatever_the_number(self) -> None:
        """A finding of it; where the record shows none, none was made."""
        serious = {"drug": {"addiction": "serious"}}
        record = entry("2026-02-01", drug={"addiction": "none"}), entry("2027-05-05", **serious)
        assert levels(self.PERSON, "2031-01-01", *record) == ["open", "open"]
        assert levels(self.PERSON, "2031-01-01", entry("2026-02-01")) == ["deep"]

    def test_an_unknown_day_may_be_the_day_of_another(self) -> None:
        """Two decisions, or one."""
        none = {"drug": {"addiction": "none"}}
        record = entry("2026-02-01", **none), entry(None, acted_on="2026-01-01", **none)
        assert levels(self.PERSON, "2026-03-01", *record) == ["open-deep", "open-deep"]


class TestRevoke:
    """A new matter before an earlier one is deep puts it back to its start."""

    PHASES = """
[[seal]]
id = "theft-shallow"
level = "shallow"
clock = "decision"
period = "P6M"
offence = ["theft"]
cite = "Test Act s 6"
[[seal]]
id = "vice-shallow"
level = "shallow"
clock = "decision"
period = "P6M"
offence = ["gambling"]
cite = "Test Act s 6"
[[seal]]
id = "theft-deep"
level = "deep"
clock = "decision"
period = "P24M"
offence = ["theft"]
cite = "Test Act s 6"
[[seal]]
id = "vice-deep"
level = "deep"
clock = "decision"
period = "P24M"
offence = ["gambling"]
cite = "Test Act s 6"
"""
    REVOKE = law(PHASES, way("revoke", "deep", "same_times = 2", of=CONVICTED, by=CONVICTED))

    def test_another_sort_puts_it_back_once(self) -> None:
        """Both levels run again from the new decision."""
        row = sealed(self.REVOKE, "2027-02-02", entry("2026-01-15"), entry("2027-02-01", offence="gambling"))[0]
        assert phases(row) == [
            "open 2026-01-15",
            "shallow 2026-07-15",
            "open 2027-02-01",
            "shallow 2027-08-01",
            "deep 2029-02-01",
        ]

    def test_the_same_sort_doubles_the_periods(self) -> None:
        """Twice the months when both are judged by the same rule; the new matter has its own."""
        rows = sealed(self.REVOKE, "2027-02-02", entry("2026-01-15"), entry("2027-02-01"))
        assert phases(rows[0])[-2:] == ["shallow 2028-02-01", "deep 2031-02-01"]
        assert phases(rows[1]) == ["open 2027-02-01", "shallow 2027-08-01", "deep 2029-02-01"]

    def test_after_deep_nothing_is_revoked(self) -> None:
        """The act counts: one committed on the day before, decided after, still revokes."""
        new = {"offence": "gambling"}
        late = entry("2028-02-01", acted_on="2028-01-15", **new)
        in_time = entry("2028-02-01", acted_on="2028-01-14", **new)
        unknown = entry("2028-02-01", **new)
        assert levels(self.REVOKE, "2028-06-01", entry("2026-01-15"), late)[0] == "deep"
        assert levels(self.REVOKE, "2028-06-01", entry("2026-01-15"), in_time)[0] == "open"
        assert levels(self.REVOKE, "2028-06-01", entry("2026-01-15"), unknown)[0] == "open-deep"

    def test_a_second_one_revokes_again(self) -> None:
        """It came after the first period, but inside the one that the first new matter gave."""
        record = entry("2026-01-15"), entry("2027-12-01", offence="gambling"), entry("2029-01-01", offence="gambling")
        assert phases(sealed(self.REVOKE, "2029-01-02", *record)[0])[-1] == "deep 2031-01-01"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (way("cap", "deep", of=CONVICTED), "most: is missing"),
        (way("cap", "deep", "most = 2"), r"of: is missing: \[\[interaction.of\]\]"),
        (way("all-or-nothing", "deep", of=CONVICTED), "reached: is missing"),
        (way("all-or-nothing", "deep", 'reached = "sometimes"', of=CONVICTED), "not known; there are returns, stays"),
        (way("stay", "deep", 'reached = "stays"\nmost = 2', by=CONVICTED), "most: is not a known key"),
        (way("merge", "deep"), '"merge" is not known'),
        ('[[seal]]\nid="x"\nlevel="shallow"\nclock="deep"\ncite="c"\n', '"deep" is not known'),
        ('[[seal]]\nid="x"\nlevel="shallow"\nclock="act"\ncite="c"\npoints={upto=3}\n', r"no|\[\[scale\]\]"),
        ('[[seal]]\nid="x"\nlevel="shallow"\nclock="act"\ncite="c"\nplus="years"\n', "custody, length"),
        ('[[seal]]\nid="x"\nlevel="shallow"\nclock="act"\ncite="c"\nno_other={at_least=0}\n', "1 or more"),
    ],
)
def test_a_mistake_is_refused_by_its_place(text: str, problem: str) -> None:
    """What an interaction lacks or does not know, by table and key."""
    with pytest.raises(DocumentError, match=problem):
        law(SEVEN_YEARS, text)


def test_only_a_proposal_amends() -> None:
    """An enacted law says itself what it says."""
    with pytest.raises(DocumentError, match="amends: is for proposals"):
        law('amends = "cn"\n', SEVEN_YEARS)


def test_a_bound_on_the_rules_own_clock_restarts_with_it() -> None:
    """Ten years, or seven under the newer law: a new matter sets both back."""
    either = """
[[seal]]
id = "either"
level = "deep"
clock = "decision"
period = "P7Y"
not_before = 2024-06-11
or_earlier = { clock = "decision", period = "P10Y", not_before = 2019-06-28 }
cite = "Test Act s 7"
"""
    regime = law(either, way("restart", "deep", 'reached = "stays"\nclock = "decision"', of=CONVICTED, by=CONVICTED))
    rows = sealed(regime, "2024-01-01", entry("2018-10-01"), entry("2023-06-01"))
    assert [row["until"] for row in rows] == ["2030-06-01", "2030-06-01"]
    rows = sealed(regime, "2021-01-01", entry("2012-05-01"), entry("2020-01-01"))
    assert [row["until"] for row in rows] == ["2027-01-01", "2027-01-01"]


def test_where_no_sentence_is_shown_none_delays() -> None:
    """The end that the register shows: none for an entry without a sentence, and none known without supervision."""
    shown = SEVEN_YEARS.replace('period = "P7Y"\n', 'period = "P7Y"\nor_later = { clock = "shown-end" }\n')
    regime = law(shown)
    assert levels(regime, "2026-01-01", entry("2010-01-01")) == ["shallow"]
    supervised = {"kind": "probation", "supervised_until": "2026-01-02"}
    assert levels(regime, "2026-01-01", entry("2010-01-01", sentences=[supervised])) == ["open"]
