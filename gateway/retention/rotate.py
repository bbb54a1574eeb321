"""New key-encryption keys in the place of old ones, while the gateway runs. Killed in the midst, the next call goes on.

A new standing key is made and a new one for each month that has one, and every data key is wrapped anew; the month
that a data key belongs to stays the same. The old keys stay in the file for a backup term, so that the backups which
need them can be restored, and are then destroyed by the turn (`keys.py`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from gateway import audit, clock
from gateway.db import db
from gateway.retention import keys
from gateway.retention.keys import KeyKept
from gateway.vault import VaultKek, VaultKey, keks, keyfile, wrapping
from gateway.vault.keyfile import Line
from gateway.vault.ring import key_file, ring

NO_FILE = "there is no key file: name one in SEALGATE_KEY_FILE"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Rotated:
    """What a rotation came to. `resumed` if it finished one that was begun before."""

    resumed: bool
    current: tuple[str, ...]
    moved: int
    damaged: int = 0


def rotate_keks(told: Progress = lambda _done, _total: None) -> Rotated:
    """Wrap every data key by a new KEK. Raises keyfile.KeyFileError, vault.UnknownKek, KeyKept.

    Without a key file the new one stands first in SEALGATE_KEKS already, and nothing is made here.
    """
    resumed = unfinished()
    if not resumed:
        _add_successors()
    if key_file() is not None:
        change(lambda lines: keyfile.begun(lines, "kek"))
    with db.read() as session:
        total = session.scalar(select(func.count()).where(wrapping.stale())) or 0
    seen = 0

    def each(count: int) -> None:
        nonlocal seen
        seen += count
        told(seen, total)

    moved = keys.move(wrapping.stale(), lambda: None, each)
    return Rotated(resumed, _supersede(), moved, seen - moved)


def add_waiting() -> list[str]:
    """Add the keys of the next rotation without using them, to be given to other machines first; returns their ids."""
    if key_file() is None:
        raise KeyKept(NO_FILE)
    if ring().waiting:
        raise KeyKept(f"the next keys are there already: {', '.join(sorted(ring().waiting))}")
    _add_successors()
    return sorted(ring().waiting)


def change(changed: Callable[[tuple[Line, ...]], Iterable[Line]]) -> None:
    """Change the key file. Raises KeyKept where there is none, keyfile.KeyFileError."""
    file = key_file()
    if file is None:
        raise KeyKept(NO_FILE)
    keyfile.change(file, changed)


def unfinished() -> bool:
    """Whether a rotation was begun and not finished, or its keys wait: then no others are made."""
    outdated = [kek.id for kek in _outdated()]
    with db.read() as session:
        done = session.scalars(
            select(VaultKek.id).where(VaultKek.id.in_(outdated), VaultKek.superseded_at.is_not(None))
        ).all()
        left = session.scalar(select(VaultKey.owner_id).where(wrapping.stale()).limit(1))
    return bool(ring().waiting) or bool(set(outdated) - set(done)) or (left is not None and not outdated)


def _outdated() -> list[keks.Kek]:
    """The KEKs that have a successor."""
    wrap, standing = ring().wrapping, keks.standing(ring().wrapping)
    found = []
    for kek in wrap:
        period = keks.period_of(kek.id)
        heir = keks.newest(wrap, period) if period else standing
        if heir is not None and heir.id != kek.id:
            found.append(kek)
    return found


def _add_successors() -> None:
    """A waiting key after every key that wraps: the standing one, and the newest of each period."""
    if key_file() is None:
        return
    wrap, outdated = ring().wrapping, {kek.id for kek in _outdated()}
    with db.read() as session:
        used = {*session.scalars(select(VaultKek.id)), *ring().keks}
    after = {kek.id: keks.next_id(used, kek.id) for kek in wrap if kek.id not in outdated}

    def added(lines: tuple[Line, ...]) -> list[Line]:
        there = {line.id for line in lines}
        fresh = [keyfile.new("kek", new, waits=True) for new in after.values() if new not in there]
        return [*lines, *fresh]

    change(added)


def _supersede() -> tuple[str, ...]:
    """Note the keys under which nothing is left that opens; returns the ids of those that wrap now."""
    now = clock.now()
    with db.write() as session:
        for kek in _outdated():
            rows = session.scalars(select(VaultKey).where(VaultKey.kek_id == kek.id)).all()
            known = session.get(VaultKek, kek.id) if wrapping.register(session, kek) else None
            if known is not None and known.superseded_at is None and not any(wrapping.opens(row) for row in rows):
                known.superseded_at = now
                audit.record(session, "key.rotated", kek.id, use="kek")
    outdated = {kek.id for kek in _outdated()}
    return tuple(kek.id for kek in ring().wrapping if kek.id not in outdated)
