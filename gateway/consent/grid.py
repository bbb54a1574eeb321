"""The release grid: the moments at which answers may leave, counted from midnight UTC on 1 January 1970."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at_or_before(moment: datetime, grid: timedelta) -> datetime:
    """The last grid time that is not after `moment`."""
    return _EPOCH + (moment - _EPOCH) // grid * grid


def at_or_after(moment: datetime, grid: timedelta) -> datetime:
    """The first grid time that is not before `moment`."""
    return _EPOCH - (_EPOCH - moment) // grid * grid


def after(moment: datetime, grid: timedelta) -> datetime:
    """The first grid time that is after `moment`."""
    return at_or_before(moment, grid) + grid
