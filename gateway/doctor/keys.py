"""The keys: whether they are those of the data, there in time, destroyed in time; and the terms."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, and_, func, select

from gateway import belief, clock
from gateway.config import Config
from gateway.db import db
from gateway.doctor.finding import FAULT, HINT, OK, Finding
from gateway.retention import due, reindex, rotate, terms
from gateway.retention.listed import Listed, listed
from gateway.vault import Tampered, VaultKey, fit, keks, keyfile
from gateway.vault.ring import key_file, named, ring

GRACE = timedelta(days=2)
"""How late shredding, or the end of a key, may be before it is a fault."""

AHEAD = timedelta(days=7)
"""How long before a month its key should be there: copies of the key file must have it before it is used."""


def fitting() -> Iterator[Finding]:
    """Whether the keys are those that the data was written with."""
    with db.read() as session:
        wrong = [*fit.lost(session), *fit.others(session)]
        index_wrong = [] if wrong else fit.wrong_index(session)
    for line in (*wrong, *index_wrong):
        yield Finding("keys", FAULT, line, "put the right keys back from your copy; the server does not start without")
    if not wrong and not index_wrong:
        yield Finding("keys", OK, f"{len(ring().keks)} keys in {named()} fit the data")


def file(config: Config) -> Iterator[Finding]:
    """Where the keys are, and who can read them."""
    path = key_file()
    if path is None:
        do = "`sealgate keys init FILE` makes a key file; without one, delete every backup when its term is over"
        yield Finding("key file", HINT, "there is none: a backup keeps readable what was shredded since", do)
        return
    if path.stat().st_mode & 0o077:
        yield Finding("key file", HINT, f"{path} can be read by others than its owner", f"chmod 600 {path}")
    if _beside(path, config.data):
        do = "copy it to another place than the database, or keep it in a folder of its own"
        yield Finding("key file", HINT, "it lies in the data folder: a copy of the folder has data and keys", do)
    if not keyfile.writable(path):
        do = "fine if `sealgate keys turn` runs elsewhere, every day, and its file is copied here"
        yield Finding("key file", HINT, "it cannot be changed from here", do)


def in_time() -> Iterator[Finding]:
    """Whether there is a key for what begins now and next month, and none that should be gone."""
    now, rows = clock.now(), listed()
    if key_file() is not None or any(keks.period_of(one.key) for one in rows):
        yield from _wanted(now)
    for one in rows:
        yield from _about(one, now)


def _wanted(now: datetime) -> Iterator[Finding]:
    for month, level in ((keks.month(now), FAULT), (keks.month(now + AHEAD), HINT)):
        if keks.newest(ring().wrapping, month) is None:
            yield Finding(
                "keys", level, f"the key of {month} is missing", "`sealgate keys add`, then copy the key file"
            )
            return


def _about(one: Listed, now: datetime) -> Iterator[Finding]:
    if one.state == "closed":
        do = f"take its line out of {named()} wherever it stands, then `sealgate keys turn`"
        yield Finding("keys", FAULT, f"the key {one.key} is over and still here: backups can be read with it", do)
    elif one.state == "due" and one.goes is not None and now > one.goes + GRACE:
        found = f"the key {one.key} should have been destroyed on {one.goes:%Y-%m-%d}"
        yield Finding("keys", FAULT, found, "`sealgate keys turn` says what stands in the way; does the server run?")
    elif one.state == "missing" and not one.under and key_file() is not None:
        do = f"copy the key file of the machine that made it; if it is lost, `sealgate keys destroy {one.key} --lost`"
        yield Finding("keys", FAULT, f"the key {one.key} was made and is not here", do)


def shredding(config: Config) -> Iterator[Finding]:
    """Whether what is due was shredded; and what the terms come to."""
    now, ours = clock.now(), terms.ours()
    with db.read() as session:
        late = session.scalar(select(func.count()).select_from(due.overdue(now - GRACE).subquery())) or 0
        unbound = session.scalar(select(func.count()).where(_without_period())) or 0
    if (since := _doubted_since()) is not None:
        found = f"nothing is destroyed since {since:%Y-%m-%d %H:%M} UTC, because the clock had jumped"
        do = "look at the clock; if it is right, `sealgate keys turn --clock-is-right`"
        yield Finding("shredding", FAULT, found, do)
    if late:
        found = f"the data of {late} checks should have been shredded"
        yield Finding("shredding", FAULT, found, "`sealgate keys turn` does it now; does the server run?")
    if unbound and any(keks.period_of(kek_id) for kek_id in ring().keks):
        found = f"{unbound} data keys of people are under a key that no month ends"
        yield Finding("shredding", HINT, found, "`sealgate keys rotate` brings them under this month's")
    yield Finding(
        "terms",
        OK,
        f"personal data goes {ours.keep.days} days after a check's end; {config.shred_term.days} days after it no copy "
        f"can be read, if no copy of the key file is kept for more than {ours.backup.days} days; that there was a "
        f"check is kept for {ours.metadata.days} days",
    )


def _doubted_since() -> datetime | None:
    try:
        return belief.doubted_since()
    except Tampered:  # the next turn begins anew
        return None


def rotations() -> Iterator[Finding]:
    """Whether a rotation was begun and not finished."""
    if key_file() is not None and rotate.unfinished():
        yield Finding("rotation", HINT, "a rotation of keys was begun", "`sealgate keys rotate` finishes it")
    if key_file() is not None and (ring().index_waits or reindex.behind()):
        found = "a rotation of the key of the blind index was begun"
        do = "`sealgate keys rotate --index` finishes it; if another machine has done so, copy its key file"
        yield Finding("rotation", HINT, found, do)


def _without_period() -> ColumnElement[bool]:
    standing = [kek_id for kek_id in ring().keks if keks.period_of(kek_id) is None]
    return and_(VaultKey.standing.is_(False), VaultKey.kek_id.in_(standing))


def _beside(path: Path, data: Path) -> bool:
    return path.resolve().is_relative_to(data.resolve())
