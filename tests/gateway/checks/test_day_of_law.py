"""Which day it is under a policy: where its law is in force, not where this machine stands."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway import clock
from gateway.checks import deployment


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 20, 15, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 16, 0, tzinfo=UTC), date(2026, 11, 21)),
    ],
)
def test_a_chinese_policy_has_chinese_days(moment: datetime, day: date) -> None:
    """At 16:00 UTC the next day begins in China."""
    with clock.stopped(moment):
        assert deployment.today("cn/physician") == day


def test_a_check_is_decided_by_that_day(stage: Any) -> None:
    """The pinned day of a check is that of its law."""
    stage.time.at = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    assert stage.check(check_id).day == date(2026, 11, 21)
