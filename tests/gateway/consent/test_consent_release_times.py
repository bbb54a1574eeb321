"""When answers leave: on a grid, after the hold, and sometimes later by lot (DESIGN §1.2)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from gateway import consent
from gateway.clock import Stopped
from gateway.consent import decide, grid
from gateway.consent.models import Consent
from gateway.db import db
from tests.gateway.consent.people import ask

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "step", "before", "from_then", "after"),
    [
        ("2026-11-20T07:20:00", HOUR, "2026-11-20T07:00:00", "2026-11-20T08:00:00", "2026-11-20T08:00:00"),
        ("2026-11-20T08:00:00", HOUR, "2026-11-20T08:00:00", "2026-11-20T08:00:00", "2026-11-20T09:00:00"),
        ("2026-11-20T08:00:00.000001", HOUR, "2026-11-20T08:00:00", "2026-11-20T09:00:00", "2026-11-20T09:00:00"),
        ("2026-11-20T07:20:00", timedelta(days=1), "2026-11-20T00:00:00", "2026-11-21T00:00:00", "2026-11-21T00:00:00"),
        (
            "2026-11-20T23:59:59",
            timedelta(seconds=2),
            "2026-11-20T23:59:58",
            "2026-11-21T00:00:00",
            "2026-11-21T00:00:00",
        ),
    ],
)
def test_grid_times(moment: str, step: timedelta, before: str, from_then: str, after: str) -> None:
    """The grid time before, at or after, and after a moment."""
    assert grid.at_or_before(at(moment), step) == at(before)
    assert grid.at_or_after(at(moment), step) == at(from_then)
    assert grid.after(at(moment), step) == at(after)


def give(rate: float, draws: list[float]) -> Consent:
    """A consent given at 07:20 with a hold of a day and a grid of an hour, with the lots drawn as said."""
    request = ask()
    left = iter(draws)
    with db.write() as session:
        consent.observe_lateness(session, "cn/kindergarten", rate)
        row = session.get_one(Consent, request.id)
        assert decide.agree(session, row, draw=lambda: next(left))
    return row


@pytest.mark.parametrize(
    ("rate", "draws", "release"),
    [
        (0.0, [0.0], "2026-11-21T08:00:00"),
        (0.1, [0.1], "2026-11-21T08:00:00"),
        (0.1, [0.0999, 0.5], "2026-11-21T09:00:00"),
        (0.1, [0.01, 0.02, 0.9], "2026-11-21T10:00:00"),
        (1.0, [0.5] * 8, "2026-11-21T16:00:00"),
    ],
)
def test_release_time_is_fixed_at_consent(app: Flask, rate: float, draws: list[float], release: str) -> None:
    """The first grid time after the hold, moved on by a grid time for every lot under the rate; never for ever."""
    row = give(rate, draws)
    assert row.nominal_release_at == at("2026-11-21T08:00:00")
    assert row.release_at == at(release)


def test_lots_fall_at_the_observed_rate(app: Flask) -> None:
    """A fifth of the checks late: a fifth deferred, a fifth of those twice. (Bounds: five standard deviations.)"""
    with db.write() as session:
        consent.observe_lateness(session, "cn/kindergarten", 0.2)
        rate = consent.lateness(session, "cn/kindergarten")
        counts = Counter(decide.deferrals(rate, decide._chance) for _ in range(20_000))
    assert 0.785 < counts[0] / 20_000 < 0.815
    assert 0.147 < counts[1] / 20_000 < 0.173


def test_rate_is_nought_until_observed_and_a_share_always(app: Flask) -> None:
    """A policy without experience defers nobody; a rate is from 0 to 1."""
    with db.write() as session:
        assert consent.lateness(session, "cn/physician") == 0.0
        with pytest.raises(ValueError, match="between 0 and 1"):
            consent.observe_lateness(session, "cn/physician", 1.1)


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-20T07:20:00", "2026-11-21T08:00:00"),
        ("2026-11-21T07:59:59", "2026-11-21T08:00:00"),
        ("2026-11-21T08:00:00", "2026-11-21T09:00:00"),
        ("2026-11-21T08:59:59", "2026-11-21T09:00:00"),
        ("2026-11-21T09:00:00", "2026-11-21T10:00:00"),
    ],
)
def test_deferral_by_lot_looks_like_lateness(app: Flask, time: Stopped, now: str, shown: str) -> None:
    """What everybody is told does not depend on the lot: the nominal time, then the next grid time and the next."""
    plain, deferred = give(0.5, [0.9]), give(0.5, [0.1, 0.1, 0.9])
    assert plain.release_at != deferred.release_at
    assert consent.shown_release_at(plain, at(now)) == consent.shown_release_at(deferred, at(now)) == at(shown)


def test_no_release_time_before_consent(app: Flask) -> None:
    """There is none to be told."""
    assert consent.shown_release_at(ask().row, at("2026-11-20T07:20:00")) is None
