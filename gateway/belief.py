"""Whether the clock can be believed, before it leads to something that cannot be undone.

A clock that has jumped years ahead would have everything shredded, the keys destroyed, every lease repeated and
ended. So each turn writes down
when it was. If that was more than GAP ago, or in the future, or if the database server's clock is APART from ours,
then nothing of this is done until the time has been plausible for HELD: who runs the gateway has so long to
mend the clock. A gateway that stood still for days is late by as much.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway import clock, logs, vault
from gateway.db import db

APART = timedelta(days=1)
"""How far the database server's clock may be from ours."""

GAP = timedelta(hours=36)
"""How long after the last turn the next one may come: they are hourly, or daily where `keys turn` is run by hand."""

HELD = timedelta(days=1)
"""How long nothing is destroyed after a doubt."""

_NAME = "retention.clock"
_OWNER, _KEPT = "retention", "clock"

log = logs.get("retention")


def believed() -> bool:
    """Whether the time is plausible, and has been for long enough; the log says if not. Notes that it was seen."""
    now = clock.now()
    with db.write(_NAME) as session:
        theirs = _of_the_server(session)
        if theirs is not None and abs(theirs - now) > APART:
            log.error("clock_is_not_the_databases", seconds=int(abs(theirs - now).total_seconds()))
            return False  # not written down: what is wrong may be our clock alone
        try:
            seen, since = _kept(session)
        except vault.Tampered:  # one damaged row must not keep everybody's data
            vault.forget(session, _OWNER)
            seen = since = None
        if seen is not None and abs(now - seen) > GAP:
            log.error("clock_has_jumped", seconds=int(abs(now - seen).total_seconds()))
            since = now
        elif since is not None and now - since >= HELD:
            since = None
        _keep(session, now, since)
    return since is None


def believe() -> None:
    """Take the clock as it is: somebody has looked at it."""
    with db.write(_NAME) as session:
        _keep(session, clock.now(), None)


def doubted_since() -> datetime | None:
    """Since when nothing is destroyed because the clock is in doubt; None while it is believed. Reads only.

    Raises vault.Tampered.
    """
    with db.read() as session:
        return _kept(session)[1]


def _of_the_server(session: Session) -> datetime | None:
    if db.embedded:
        return None
    found: datetime = session.scalars(select(func.clock_timestamp())).one()
    return found


def _kept(session: Session) -> tuple[datetime | None, datetime | None]:
    try:
        kept = vault.get(session, _OWNER, _KEPT)
    except vault.Absent:
        return None, None
    since = kept["since"]
    return datetime.fromisoformat(kept["seen"]), None if since is None else datetime.fromisoformat(since)


def _keep(session: Session, seen: datetime, since: datetime | None) -> None:
    kept = {"seen": seen.isoformat(), "since": None if since is None else since.isoformat()}
    vault.put(session, _OWNER, _KEPT, kept, standing=True)
