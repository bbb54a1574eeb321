"""The turn of the months: the key of each is made in time, and destroyed when all that it wraps is due.

A backup of the database holds wrapped data keys and what is sealed under them. So that it does not undo shredding,
the key that wraps them goes as well. Each step is a short transaction and finds by itself what is to be done:

    make      the keys of this month and the next are in the key file
    move      what will not be over when a key goes is brought under the present one, and what other machines have
              sealed by keys that a rotation had replaced under those that replaced them
    close     nothing is under a key whose time is up: from now on it wraps nothing
    take out  it is taken out of the key file, and overwritten there
    note      the log says that it is destroyed
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from gateway import audit, clock, logs, work
from gateway.belief import believed
from gateway.db import db
from gateway.retention import due, terms
from gateway.retention.pace import breathe
from gateway.vault import VaultKek, VaultKey, keks, keyfile, wrapping
from gateway.vault.keks import Kek
from gateway.vault.keyfile import KeyFileError, Line
from gateway.vault.ring import key_file, ring

BATCH = 200
"""How many data keys one transaction moves: others want to write meanwhile."""

log = logs.get("retention")


class KeyKept(Exception):
    """A key cannot be made or destroyed; the message says why, and what to do."""


@dataclass
class Turned:
    """What a turn came to, by the ids of keys."""

    added: list[str] = field(default_factory=list)
    moved: int = 0
    destroyed: list[str] = field(default_factory=list)


@work.every("retention.keys", seconds=due.PERIOD_SECONDS)
def tick() -> None:
    """Do what is due, if the clock is to be believed."""
    if not believed():
        return
    try:
        done = turn()
    except KeyFileError:
        log.error("key_file_unusable")
        return
    for kek_id in done.added:
        log.info("key_added", kek=kek_id)
    for kek_id in done.destroyed:
        log.info("key_destroyed", kek=kek_id)


def turn() -> Turned:
    """Make, move, close, take out and note what is due. Raises KeyFileError."""
    now, done = clock.now(), Turned()
    file = key_file()
    if file is not None and keyfile.writable(file):
        done.added = add(keks.month(now), keks.following(keks.month(now)))
    _note_all()
    for kek, period in past(now):
        if now >= terms.ours().moves(period):
            done.moved += move(_late(kek.id, period), lambda: keks.for_new(ring().wrapping, now))
    done.moved += move(_behind(), lambda: None)
    due.shred_due()
    for kek_id in over(now):
        _close(kek_id)
    done.destroyed = finish()
    return done


def add(*periods: str) -> list[str]:
    """Make the keys of periods that have none; returns their ids. Raises KeyFileError, KeyKept."""
    file = key_file()
    if file is None:
        raise KeyKept("there is no key file: name one in SEALGATE_KEY_FILE, or add the key to SEALGATE_KEKS yourself")
    missing = [period for period in periods if keks.newest(tuple(ring().keks.values()), period) is None]
    with db.read() as session:
        gone = session.scalars(select(VaultKek.id).where(VaultKek.destroyed_at.is_not(None))).all()
    ids = [keks.next_id(gone, period) if period in gone else period for period in missing]

    def added(lines: tuple[Line, ...]) -> list[Line]:
        there = {line.id for line in lines}
        return [*lines, *(keyfile.new("kek", kek_id) for kek_id in ids if kek_id not in there)]

    if ids:
        keyfile.change(file, added)
    return [kek_id for kek_id in ids if _noted(kek_id)]


def destroy(kek_id: str, *, at_once: bool = False) -> None:
    """Destroy a key before its time, if nothing that is not due is under it. Raises KeyKept, KeyFileError.

    One that a rotation superseded is kept for a backup term, so that the backups of before can be restored, unless it
    is to go `at_once`: it may have leaked.
    """
    if kek_id not in ring().keks:
        raise KeyKept(f"there is no key {kek_id} here; if it is lost for good, say --lost")
    if kek_id in in_use(clock.now()):
        raise KeyKept(f"{kek_id} is in use: what begins now, or has no end, is wrapped by it")
    due.shred_due()
    with db.read() as session:
        left, row = wrapping.under(session, kek_id), session.get(VaultKek, kek_id)
    if row is not None and row.superseded_at is not None and not at_once:
        until = row.superseded_at + terms.ours().backup
        if clock.now() < until:
            raise KeyKept(
                f"backups of before the rotation need {kek_id} until {until:%Y-%m-%d}; to do without, say --now"
            )
    if left:
        raise KeyKept(f"{left} data keys are under {kek_id} and not due yet; {_when(kek_id)}")
    _close(kek_id)
    if kek_id not in finish():
        raise KeyKept(f"the key file cannot be changed from here: take {kek_id} out of it, then `sealgate keys turn`")


def give_up(kek_id: str) -> int:
    """Shred all that is under a key that is lost for good, and note it as destroyed; returns how much it was.

    Raises KeyKept if it is not lost, or if our own signing keys are under it.
    """
    if kek_id in ring().keks:
        raise KeyKept(f"{kek_id} is not lost: it is here")
    under = VaultKey.kek_id == kek_id
    with db.read() as session:
        if session.scalar(select(VaultKey.owner_id).where(under, VaultKey.standing).limit(1)):
            raise KeyKept(f"the gateway's own signing keys are under {kek_id}: without it there is no deployment")

    shredded = due.batches(select(VaultKey.owner_id).where(under), due.shred)
    with db.write() as session:
        known = session.get(VaultKek, kek_id)
        if known is not None and known.closed_at is None:
            known.close(clock.now())
    finish()
    return shredded


def finish() -> list[str]:
    """Take closed keys out of the key file, and note those that are not here any more as destroyed.

    Taken out even if another machine has noted it already: it had a copy of the file without the key.
    """
    closed, left = VaultKek.closed_at.is_not(None), VaultKek.destroyed_at.is_(None)
    with db.read() as session:
        ids = session.scalars(select(VaultKek.id).where(closed)).all()
        unnoted = session.scalars(select(VaultKek.id).where(closed, left)).all()
    _take_out(kek_id for kek_id in ids if kek_id in ring().keks)
    gone = [kek_id for kek_id in unnoted if kek_id not in ring().keks]
    if not gone:
        return []
    with db.write() as session:
        for row in session.scalars(select(VaultKek).where(closed, left, VaultKek.id.in_(gone))).all():
            row.destroyed_at = clock.now()
            audit.record(session, "key.destroyed", row.id, use="period" if keks.period_of(row.id) else "standing")
    return gone


def move(
    which: ColumnElement[bool], to: Callable[[], Kek | None], told: Callable[[int], None] = lambda _count: None
) -> int:
    """Bring data keys under another KEK, in short transactions; returns how many. Those that are damaged stay.

    `to` may be None for the KEK that would wrap it now. Raises vault.UnknownKek.
    """
    after, done = "", 0
    while True:
        with db.write() as session:
            query = select(VaultKey).where(which, VaultKey.owner_id > after).order_by(VaultKey.owner_id).limit(BATCH)
            rows = session.scalars(query).all()
            done += sum(wrapping.move(session, row, to()) for row in rows)
        told(len(rows))
        if len(rows) < BATCH:
            return done
        after = rows[-1].owner_id
        breathe()


def in_use(now: datetime) -> set[str]:
    """The KEKs that wrap what begins now, and what has no end."""
    wrap = ring().wrapping
    return {kek.id for kek in (keks.standing(wrap), keks.for_new(wrap, now)) if kek is not None}


def past(now: datetime) -> list[tuple[Kek, str]]:
    """The KEKs of periods that are over, with the period; not one that must still stand in for this month's."""
    found = [(kek, keks.period_of(kek.id)) for kek in ring().keks.values() if kek.id not in in_use(now)]
    return [(kek, period) for kek, period in found if period is not None and period < keks.month(now)]


def over(now: datetime) -> list[str]:
    """The keys whose time is up: those of periods, and those that a rotation superseded a backup term ago."""
    periods = {kek.id for kek, period in past(now) if now >= terms.ours().closes(period)}
    superseded = VaultKek.superseded_at <= now - terms.ours().backup
    with db.read() as session:
        former = session.scalars(select(VaultKek.id).where(superseded, VaultKek.destroyed_at.is_(None))).all()
    return sorted(periods | (set(former) - in_use(now)))


def _late(kek_id: str, period: str) -> ColumnElement[bool]:
    """What is under a key and will not be over when it goes."""
    over = due.ended_ids(terms.ours().closes(period) - terms.ours().keep)
    return and_(VaultKey.kek_id == kek_id, VaultKey.wrapped.is_not(None), VaultKey.owner_id.not_in(over))


def _behind() -> ColumnElement[bool]:
    """What was sealed after a rotation by a machine that had not got its keys yet.

    Judged by what the database says is superseded: such a machine takes its own keys for the newest.
    """
    former = select(VaultKek.id).where(VaultKek.superseded_at.is_not(None), VaultKek.id.in_(ring().keks))
    return and_(wrapping.stale(), VaultKey.kek_id.in_(former))


def _close(kek_id: str) -> None:
    """Mark a key that is about to be destroyed, if nothing is under it.

    What does not open although its key is the right one was damaged, and nobody can read it: it must not keep the key.
    """
    kek = ring().keks.get(kek_id)
    with db.write() as session:
        if kek is not None and wrapping.register(session, kek):
            left = session.scalars(select(VaultKey).where(VaultKey.kek_id == kek_id)).all()
            for row in left:
                if not wrapping.opens(row):
                    due.shred(session, row.owner_id)
        noted = session.get(VaultKek, kek_id)
        if noted is not None and noted.closed_at is None and not wrapping.under(session, kek_id):
            noted.close(clock.now())


def _note_all() -> None:
    """Write down every key that is here, so that another one under the same id is noticed before it has wrapped."""
    new = [kek for kek in ring().keks.values() if kek.id not in ring().seen]
    if new:
        with db.write() as session:
            for kek in new:
                wrapping.register(session, kek)


def _noted(kek_id: str) -> bool:
    """Write down that a new key is used; if another machine has made one of the same id, take ours out again."""
    with db.write() as session:
        ours = wrapping.register(session, ring().keks[kek_id])
    if not ours:
        log.error("key_made_elsewhere", kek=kek_id)
        _take_out([kek_id])
    return ours


def _take_out(kek_ids: Iterable[str]) -> None:
    file, out = key_file(), set(kek_ids)
    if file is not None and out and keyfile.writable(file):
        keyfile.change(file, lambda lines: [line for line in lines if not (line.use == "kek" and line.id in out)])


def _when(kek_id: str) -> str:
    period = keks.period_of(kek_id)
    if period is None:
        return "`sealgate keys rotate` moves them"
    return (
        f"what is late is moved from under it on {terms.ours().moves(period):%Y-%m-%d}, and it goes on "
        f"{terms.ours().closes(period):%Y-%m-%d}"
    )
