"""Sealing: the days that a statute gives, and what stays unsettled when a record is sparse. All days are literals."""

from datetime import date
from typing import Any

import pytest

from policies.answers import seal_row
from policies.evaluator import adjudicate
from policies.library import Library, NothingInForce
from policies.model import Report, read_record
from policies.sealing import seal

LIBRARY = Library.shipped()


def rows(regime_id: str, day: str, *entries: dict[str, Any], born: str | None = None) -> list[dict[str, Any]]:
    """Seal entries (criminal convictions for theft of an adult unless they say otherwise) and return the rows."""
    regime = LIBRARY.regime(regime_id, date.fromisoformat(day))
    usual = {
        "jurisdiction": regime.jurisdiction,
        "kind": "criminal",
        "offence": "theft",
        "disposition": "convicted",
        "age_at_decision": 31,
        "traits_complete": True,
    }
    record = read_record({"born": born, "entries": [{**usual, **entry} for entry in entries]})
    sealed = seal(record.entries, {regime.jurisdiction: regime}, date.fromisoformat(day), record.born)
    return [seal_row(one) for one in sealed]


def prison(start: str | None, length: str, **more: Any) -> dict[str, Any]:
    """A sentence of imprisonment."""
    return {"kind": "imprisonment", "started_on": start, "length": length, **more}


def test_length_in_days_is_calendar_arithmetic() -> None:
    """366 days from 1 January 2020 are exactly twelve months; from 1 January 2021 they are more."""
    leap, common = (
        rows("gb-eaw", "2026-06-01", {"decided_on": start, "sentences": [prison(start, "P366D")]})[0]
        for start in ("2020-01-01", "2021-01-01")
    )
    assert leap["since"] == "2022-01-01"
    assert (leap["rule"], common["rule"]) == ("custody-up-to-one-year", "custody-over-one-year")
    assert common["since"] == "2026-01-02"


def test_length_in_days_without_a_start_is_unsettled() -> None:
    """366 days against twelve months have no answer without a start, so the end stays open between two bands."""
    row = rows("gb-eaw", "2024-06-01", {"decided_on": "2020-01-01", "sentences": [prison(None, "P366D")]})[0]
    assert row["level"] is None
    assert row["between"] == ["open", "shallow"]


@pytest.mark.parametrize(
    ("start", "length", "spent"),
    [
        ("2024-02-29", "P12M", "2026-02-28"),
        ("2023-08-31", "P6M", "2025-02-28"),
        ("2023-12-31", "P2M", "2025-02-28"),
    ],
)
def test_month_ends_clamp(start: str, length: str, spent: str) -> None:
    """Months are added by the calendar and clamp to the end of a shorter month."""
    row = rows("gb-eaw", "2026-06-01", {"decided_on": start, "sentences": [prison(start, length)]})[0]
    assert row["since"] == spent


def test_unknown_age_leaves_both_bands_open() -> None:
    """A fine on a person of unknown age is spent after six or twelve months: between, in the half-year that differs."""
    entry = {"decided_on": "2026-01-01", "age_at_decision": None, "sentences": [{"kind": "fine"}]}
    assert rows("gb-eaw", "2026-06-30", entry)[0]["level"] == "open"
    assert rows("gb-eaw", "2026-07-01", entry)[0]["between"] == ["open", "shallow"]
    assert rows("gb-eaw", "2027-01-01", entry)[0]["level"] == "shallow"


def test_unknown_decision_is_bounded_by_act_and_start() -> None:
    """A fine without its day was decided between the act and the day asked about."""
    entry = {"acted_on": "2020-01-01", "sentences": [{"kind": "fine", "started_on": "2020-03-01"}]}
    row = rows("gb-eaw", "2021-03-01", entry)[0]
    assert row["level"] == "shallow"
    assert row["since"] is None
    assert rows("gb-eaw", "2020-12-31", entry)[0]["level"] == "open"


def test_extension_chains() -> None:
    """A third conviction inside a period that a second has extended extends the first again."""
    entries = [
        {
            "decided_on": "2020-01-01",
            "sentences": [{"kind": "community-order", "started_on": "2020-01-01", "length": "P1Y"}],
        },
        {
            "decided_on": "2020-12-01",
            "sentences": [{"kind": "community-order", "started_on": "2020-12-01", "length": "P2Y"}],
        },
        {
            "decided_on": "2022-11-01",
            "sentences": [{"kind": "community-order", "started_on": "2022-11-01", "length": "P2Y"}],
        },
    ]
    assert [row["since"] for row in rows("gb-eaw", "2026-06-01", *entries)] == ["2024-11-01"] * 3


def test_a_caution_is_neither_extended_nor_extends() -> None:
    """Cautions stand outside section 6."""
    caution = {"disposition": "conditionally-cautioned", "decided_on": "2026-01-01"}
    fine = {"decided_on": "2026-02-01", "sentences": [{"kind": "fine"}]}
    assert [row["until"] or row["since"] for row in rows("gb-eaw", "2026-03-01", caution, fine)] == [
        "2026-04-01",
        "2027-02-01",
    ]


def test_order_of_entries_is_nothing() -> None:
    """The same record in another order gives the same seals."""
    entries = [
        {"ref": "a", "decided_on": "2017-01-25", "sentences": [{"kind": "fine"}]},
        {"ref": "b", "decided_on": "2017-12-10", "sentences": [prison("2017-12-10", "P4M")]},
        {"ref": "c", "decided_on": "2018-01-10", "sentences": [prison("2018-01-10", "P8M")]},
    ]
    forth = {row["ref"]: row for row in rows("gb-eaw", "2026-06-01", *entries)}
    back = {row["ref"]: row for row in rows("gb-eaw", "2026-06-01", *reversed(entries))}
    assert forth == back


def test_no_law_for_the_day_is_refused() -> None:
    """Before the first version there is no answer, not a default one."""
    with pytest.raises(NothingInForce, match="2014-03-10"):
        LIBRARY.regime("gb-eaw", date(2014, 3, 9))
    with pytest.raises(NothingInForce, match="there is no regime"):
        LIBRARY.regime("atlantis", date(2026, 1, 1))


def test_an_age_that_is_not_given_follows_from_the_day_of_birth() -> None:
    """Born and acted settle whether a crime was a minor's; without the day of the act only the decision bounds it."""
    crime = {"decided_on": "2020-05-01", "sentences": [prison("2020-05-01", "P2Y")]}
    acted = {**crime, "acted_on": "2020-02-01"}
    assert rows("cn", "2026-06-01", acted, born="2002-02-02")[0]["level"] == "shallow"
    assert rows("cn", "2026-06-01", acted, born="2002-02-01")[0]["level"] == "open"
    assert rows("cn", "2026-06-01", crime, born="2002-02-01")[0]["between"] == ["open", "shallow"]
    assert rows("cn", "2026-06-01", crime, born="2002-06-01")[0]["level"] == "shallow"
    assert rows("cn", "2026-06-01", {**acted, "age_at_act": 30}, born="2010-02-01")[0]["level"] == "open"


def test_what_contradicts_itself_is_unknown() -> None:
    """A misdemeanour that is said to be a felony too: neither word is taken over the other, and a person looks."""
    day = date(2024, 6, 1)
    policy, regimes = LIBRARY.policy("us/twic", day), LIBRARY.regimes(day)

    def outcome(**says: Any) -> str:
        entry = {"jurisdiction": "us", "kind": "criminal", "offence": "explosives", "disposition": "convicted"}
        entry |= {"decided_on": "2023-09-12", "traits_complete": True, **says}
        record = read_record({"entries": [entry]})
        return adjudicate(list(map(Report, record.entries)), regimes, policy, policy.roles[0], day, "strict").outcome

    assert outcome(traits=["felony"]) == "ineligible"
    assert outcome(grade="misdemeanor-a") == "eligible"
    assert outcome(grade="misdemeanor-a", traits=["felony"]) == "undetermined"
