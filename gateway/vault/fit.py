"""Whether the keys that this process has are those that the data was written with: asked at every start."""

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import logs
from gateway.db import db
from gateway.vault import blind, items, wrapping
from gateway.vault.errors import Tampered
from gateway.vault.models import VaultKek, VaultKey
from gateway.vault.ring import named, ring

_SAMPLE = "sample"

log = logs.get("vault")


def wrong_keys(session: Session) -> list[str]:
    """What is wrong with the keys, held against what was written with them; empty when they fit.

    The first call writes the samples that later ones are held against. Other keys than before would make every
    link, number and stored value unknown, without an error at the start.
    """
    wrong = lost(session) or others(session) or wrong_index(session)
    if not wrong:
        for kek in ring().keks.values():
            wrapping.register(session, kek)
        if kept_sample(session) is None:
            keep_index_sample(session)
    return wrong


def in_step() -> bool:
    """Whether this process has every key of the blind index: without one it would find nothing, and not notice.

    A probe for `/readyz`. On other machines the key file may be changed before it is given to this one.
    """
    try:
        with db.read() as session:
            wrong = wrong_index(session)
    except (SQLAlchemyError, OSError, RuntimeError):
        return False
    if wrong:
        log.error("index_key_missing")
    return not wrong


def lost(session: Session) -> list[str]:
    """The KEKs that wrap something and are not here, each in a line with what to do."""
    used = select(VaultKey.kek_id).where(VaultKey.kek_id.is_not(None)).distinct().order_by(VaultKey.kek_id)
    return [
        f"{named()} has no key {kek}, by which data was sealed: put it back; if it is lost for good, give up what is "
        f"under it with `sealgate keys destroy {kek} --lost`"
        for kek in session.scalars(used)
        if kek not in ring().keks
    ]


def others(session: Session) -> list[str]:
    """The KEKs under whose id another key was used, each in a line."""
    known = session.scalars(select(VaultKek).where(VaultKek.destroyed_at.is_(None)).order_by(VaultKek.id))
    return [
        f"{named()} has another key under an id by which data was sealed: {row.id}"
        for row in known
        if row.id in ring().keks and not wrapping.is_the_one(ring().keks[row.id], row)
    ]


def keep_index_sample(session: Session) -> None:
    """Write the index of a known value, in the present generation."""
    items.put(session, _SAMPLE, "index", blind.index(_SAMPLE, _SAMPLE), standing=True)


def kept_sample(session: Session) -> str | None:
    """The index of a known value, as it was written; None before the first start. Raises Tampered."""
    return str(items.get(session, _SAMPLE, "index")) if items.has(session, _SAMPLE, "index") else None


def wrong_index(session: Session) -> list[str]:
    """What is wrong with the keys of the blind index, in a line; empty when they fit, or nothing was written yet."""
    try:
        kept = kept_sample(session)
    except Tampered:
        return ["the sample of the blind index in the vault is damaged: restore the database, or look who changed it"]
    if kept is None or blind.fits(kept, _SAMPLE, _SAMPLE):
        return []
    written = blind.generation(kept) or 1
    if written > len(ring().index_keys):
        return [f"{named()} has no key {written} of the blind index, by which rows are found: put it back"]
    return ["SEALGATE_INDEX_KEY is another one than that of the data"]
