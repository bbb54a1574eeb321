"""A day that has not come yet, in a registry's answer, is a mistake and not a reason to leave the entry out."""

from datetime import date

import pytest

from gateway.checks import look
from gateway.checks.run import fix
from gateway.db import db
from tests.stage import reports


@pytest.mark.parametrize(
    "entry",
    [
        {"offence": "drugs.use", "decided_on": "2202-05-05"},
        {"offence": "drugs.use", "decided_on": "2026-11-21"},
        {"offence": "drugs.use", "acted_on": "2202-05-05"},
        {"offence": "drugs.use", "acted_on": "2202-05-04", "decided_on": "2202-05-05"},
    ],
)
def test_a_typo_makes_nobody_eligible(stage, entry: dict[str, str]) -> None:
    """An entry that bars, with its year mistyped, does not become a yes: a person looks at it."""
    stage.police.answers["BARRED"] = reports(entry)
    _, review_id = stage.opened(stage.caller(), "BARRED")
    assert review_id


def days(stage, check_id: str) -> list[tuple[date | None, date | None]]:
    """When the entries of a check were acted and decided, as a look gives them."""
    asked = fix(check_id)
    assert asked is not None
    return [(one.entry.acted_on, one.entry.decided_on) for one in look.ask_everyone(asked, "check")]


def test_only_days_that_have_not_come_are_unknown(stage) -> None:
    """Today (in the law's country, where the 21st has not begun at 9:07 UTC) stays; the days after it do not."""
    stage.police.answers["BARRED"] = reports(
        {"offence": "theft", "acted_on": "2026-11-01", "decided_on": "2026-11-20"},
        {"offence": "theft", "acted_on": "2026-11-20", "decided_on": "2026-11-21"},
        {"offence": "theft"},
    )
    check_id = stage.caller().asked("BARRED")
    assert stage.act(check_id)
    assert days(stage, check_id) == [
        (date(2026, 11, 1), date(2026, 11, 20)),
        (date(2026, 11, 20), None),
        (None, None),
    ]


def test_what_was_decided_since_the_pinned_day_stays(stage) -> None:
    """The day of a check is fixed once; an entry of a later day that has come keeps its day, and is left out."""
    stage.police.answers["BARRED"] = reports({"offence": "drugs.use", "decided_on": "2026-11-22"})
    check_id = stage.caller().asked("BARRED")
    assert stage.act(check_id)
    assert fix(check_id) is not None
    stage.time.at = stage.time.at.replace(day=24)
    assert days(stage, check_id) == [(None, date(2026, 11, 22))]
    with db.read() as session:
        asked = look.question(session, stage.check(check_id))
    assert asked.day == date(2026, 11, 20)
    assert look.adjudicated(asked, look.ask_everyone(asked, "check")).outcome == "eligible"
