from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway import clock


def test_now_is_in_utc() -> None:
    """The time has a zone, and it is UTC."""
    assert clock.now().tzinfo is UTC


def test_a_stopped_clock_moves_when_told() -> None:
    """A stopped clock stands still, moves forward on demand, and runs again afterwards."""
    noon = datetime(2026, 11, 20, 20, 0, tzinfo=timezone(timedelta(hours=8)))
    with clock.stopped(noon) as stopped:
        assert clock.now() == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
        assert stopped.forward(timedelta(hours=1)) == clock.now() == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert clock.now() != datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


def test_a_clock_without_a_zone_is_refused() -> None:
    """Nobody can say when a time without a zone was."""
    with pytest.raises(ValueError, match="time zone"), clock.stopped(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass
