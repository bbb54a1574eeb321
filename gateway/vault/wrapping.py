"""The data keys of owners: made, wrapped, unwrapped, and brought under another key-encryption key."""

import secrets
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gateway import clock, logs
from gateway.db import db
from gateway.vault import cipher, keks
from gateway.vault.errors import Shredded, Tampered, UnknownKek
from gateway.vault.keks import Kek, Refused
from gateway.vault.models import VaultKek, VaultKey
from gateway.vault.ring import ring

_SAMPLE = b"sealgate kek sample"

log = logs.get("vault")


def data_key(session: Session, owner_id: str) -> bytes | None:
    """The data key of an owner; None of one that has nothing yet. Raises Shredded, Tampered, UnknownKek."""
    row = session.get(VaultKey, owner_id)
    return None if row is None else unwrapped(row)


def new_data_key(session: Session, owner_id: str, *, standing: bool) -> bytes:
    """Make the data key of an owner. Raises UnknownKek if another key has the id of the one that is to wrap it."""
    row = VaultKey(owner_id=owner_id, standing=standing, created_at=clock.now())
    kek = _heir(row)
    _registered(session, kek)
    made = _wrapped_new(row, kek)
    session.add(row)
    session.flush()
    return made


def made_data_key(owner_id: str) -> tuple[bytes, VaultKey]:
    """As `new_data_key` for an owner with an end, without a transaction: the key, and its row to be inserted."""
    row = VaultKey(owner_id=owner_id, standing=False, created_at=clock.now())
    kek = _heir(row)
    if kek.id not in ring().seen:  # the first of its period in this process
        with db.write() as session:
            _registered(session, kek)
    return _wrapped_new(row, kek), row


def _wrapped_new(row: VaultKey, kek: Kek) -> bytes:
    made = secrets.token_bytes(32)
    row.kek_id, row.wrapped = kek.id, kek.wrap(made, cipher.bound("key", row.owner_id, kek.id))
    return made


def stale() -> ColumnElement[bool]:
    """Which data keys are wrapped by another key than would wrap them now: those that a rotation moves."""
    wrapping = ring().wrapping
    periods = {period for kek in wrapping if (period := keks.period_of(kek.id)) is not None}
    newest = {kek.id for period in periods if (kek := keks.newest(wrapping, period)) is not None}
    standing, begun = keks.standing(wrapping), keks.for_new(wrapping, clock.now())
    ours = newest | {begun.id if begun else ""}
    outdated = or_(
        and_(VaultKey.standing, VaultKey.kek_id != (standing.id if standing else "")),
        and_(VaultKey.standing.is_(False), VaultKey.kek_id.not_in(ours)),
    )
    return and_(VaultKey.wrapped.is_not(None), outdated)


def opens(row: VaultKey) -> bool:
    """Whether a data key can be read. Raises UnknownKek if its KEK is not here."""
    try:
        unwrapped(row)
    except UnknownKek:
        raise
    except Tampered:
        return False
    return True


def move(session: Session, row: VaultKey, to: Kek | None = None) -> bool:
    """Wrap a data key by another KEK, by default by the one that would wrap it now; False if it does not open.

    Such a row was damaged, and nobody can read what is under it. Raises UnknownKek if its KEK is not here.
    """
    if not opens(row):
        log.error("vault_key_damaged", about=row.owner_id)
        return False
    kek = to or _heir(row)
    _registered(session, kek)
    wrapped = kek.wrap(unwrapped(row), cipher.bound("key", row.owner_id, kek.id))
    # Not if it was shredded since it was read: that must not be undone.
    same = and_(VaultKey.owner_id == row.owner_id, VaultKey.wrapped == row.wrapped)
    session.execute(update(VaultKey).where(same).values(kek_id=kek.id, wrapped=wrapped))
    return True


def under(session: Session, kek_id: str) -> int:
    """How many data keys a KEK wraps."""
    return session.scalar(select(func.count()).where(VaultKey.kek_id == kek_id)) or 0


def register(session: Session, kek: Kek) -> bool:
    """Note that a KEK is used here. False if another key is known under its id, or if it was destroyed."""
    known = ring().seen
    fresh: set[str] = session.info.setdefault("new keks", set())
    if kek.id in known or kek.id in fresh:
        return True
    row = session.get(VaultKek, kek.id)
    if row is None:
        try:
            with session.begin_nested():
                sample = kek.wrap(_SAMPLE, cipher.bound("kek", kek.id))
                session.add(VaultKek(id=kek.id, open_id=kek.id, sample=sample, used_from=clock.now()))
        except IntegrityError:  # another process was first
            row = session.get_one(VaultKek, kek.id)
        else:
            fresh.add(kek.id)  # as long as this transaction may still be rolled back
            return True
    if row.closed_at is not None or not is_the_one(kek, row):
        return False
    known.add(kek.id)
    return True


def is_the_one(kek: Kek, row: VaultKek) -> bool:
    """Whether a KEK is the one that was used under its id."""
    try:
        return kek.unwrap(row.sample, cipher.bound("kek", kek.id)) == _SAMPLE
    except Refused:
        return False


def _heir(row: VaultKey) -> Kek:
    """What wraps a row now: for what has no end the standing key, else its own period's newest, else this month's."""
    wrapping, period = ring().wrapping, keks.period_of(row.kek_id or "")
    if row.standing:
        kek = keks.standing(wrapping)
    else:
        kek = keks.newest(wrapping, period) if period else None
        kek = kek or keks.for_new(wrapping, clock.now())
    if kek is None:
        raise RuntimeError("there is no key-encryption key")
    return kek


def _registered(session: Session, kek: Kek) -> None:
    """Refuse another key than the one under this id, and one that was closed since: it is about to be destroyed.

    Asked in every transaction: whoever closes a key is alone, and may have done it on another machine.
    """
    fine: set[str] = session.info.setdefault("open keks", set())
    if kek.id in fine:
        return
    if not register(session, kek) or session.scalar(select(VaultKek.closed_at).where(VaultKek.id == kek.id)):
        log.error("kek_refused", kek=kek.id)
        raise UnknownKek(logged=kek.id)
    fine.add(kek.id)


def unwrapped(row: VaultKey | Row[*tuple[Any, ...]]) -> bytes:
    """The data key of a row with the columns of one. Raises Shredded, Tampered, UnknownKek."""
    if row.wrapped is None or row.kek_id is None:
        raise Shredded
    kek = ring().keks.get(row.kek_id)
    if kek is None:
        raise UnknownKek(logged=row.kek_id)
    try:
        return kek.unwrap(row.wrapped, cipher.bound("key", row.owner_id, row.kek_id))
    except Refused:
        raise Tampered(logged="vault_keys") from None
