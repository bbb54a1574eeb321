"""Personal data at rest: encrypted under a key of its owner, found by a blind index, shredded by deleting the key.

Every owner (a check, mostly) has a data key of its own, kept wrapped by a key-encryption key from the
configuration. Values are sealed with AES-256-GCM (NIST SP 800-38D) and bound to their owner and name, so that
a row moved to another owner or name is noticed. They are padded, so that a length tells nothing: a sealed
yes is as long as a sealed no.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway import clock
from gateway.db import Base, UtcDateTime, new_id
from gateway.problems import Problem

_BLOCK = 128
_SAMPLE = "sample"
_NONCE = 12


class Shredded(Problem):
    """The data was deleted because its time was up, or at the person's wish."""

    type = "data-deleted"
    title = "This data was deleted"
    status = 410
    meaning = "Personal data is deleted when its time is up. It cannot be brought back."


class Tampered(Problem):
    """A stored value does not decrypt: it was changed, moved or written under other keys."""

    type = "stored-data-damaged"
    title = "Stored data is damaged"
    status = 500
    meaning = "A stored value failed its check of integrity. The operator has been told which one."


class Absent(LookupError):
    """Nothing was put under this owner and name."""


class UnknownKek(Tampered):
    """A row is wrapped by a key-encryption key that the configuration does not have; `logged` is its id."""


class VaultKey(Base):
    """The wrapped data key of one owner; without `wrapped`, everything of the owner is shredded."""

    __tablename__ = "vault_keys"

    owner_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    kek_id: Mapped[str | None] = mapped_column(String(40), index=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    shredded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VaultItem(Base):
    """One sealed value."""

    __tablename__ = "vault_items"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("vault_keys.owner_id"))
    name: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class _Keys:
    def __init__(self, keks: Mapping[str, bytes], index_key: bytes) -> None:
        self.keks = {kek_id: AESGCM(kek) for kek_id, kek in keks.items()}
        self.current = next(iter(keks))
        self.index = index_key


_keys: _Keys | None = None


def init(keks: Mapping[str, bytes], index_key: bytes) -> None:
    """Set the key-encryption keys (the first is current) and the key of the blind index, 32 bytes each."""
    global _keys
    _keys = _Keys(keks, index_key)


def _our_keys() -> _Keys:
    if _keys is None:
        raise RuntimeError("vault.init(keks, index_key) has not been called")
    return _keys


def put(session: Session, owner_id: str, name: str, value: Any, room: int = _BLOCK) -> None:
    """Seal a JSON-able value under an owner and a name, over what was there. Raises Shredded, TypeError.

    `room` is how many bytes it takes up at least, where its length would tell something.
    """
    key = _data_key(session, owner_id) or _new_data_key(session, owner_id)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    sealed = _seal(key, _pad(text, room), "item", owner_id, name)
    item = _item(session, owner_id, name)
    if item is None:
        session.add(VaultItem(id=new_id("vlt"), owner_id=owner_id, name=name, sealed=sealed))
    else:
        item.sealed = sealed
    session.flush()


def get(session: Session, owner_id: str, name: str) -> Any:
    """The value put under this owner and name. Raises Shredded, Tampered, Absent, UnknownKek."""
    key = _data_key(session, owner_id)
    item = _item(session, owner_id, name)
    if key is None or item is None:
        raise Absent(name)
    try:
        return json.loads(_open(key, item.sealed, "item", owner_id, name))
    except (InvalidTag, ValueError):
        raise Tampered(logged=item.id) from None


def has(session: Session, owner_id: str, name: str) -> bool:
    """Whether a value is kept under this owner and name."""
    return _item(session, owner_id, name) is not None


def names(session: Session, owner_id: str) -> list[str]:
    """The names of all values kept under an owner."""
    return list(session.scalars(select(VaultItem.name).where(VaultItem.owner_id == owner_id)))


def remove(session: Session, owner_id: str, name: str) -> None:
    """Delete one value; the owner's others stay. Nothing happens if it is not there."""
    session.execute(delete(VaultItem).where(VaultItem.owner_id == owner_id, VaultItem.name == name))


def shred(session: Session, owner_id: str) -> None:
    """Delete the owner's key, and with it everything of the owner for good. May be repeated."""
    session.execute(delete(VaultItem).where(VaultItem.owner_id == owner_id))
    row = session.get(VaultKey, owner_id)
    if row is not None and row.wrapped is not None:
        row.wrapped = row.kek_id = None
        row.shredded_at = clock.now()
    session.flush()


def rewrap(session: Session) -> int:
    """Wrap every data key with the current key-encryption key; returns how many were not.

    Afterwards the older key-encryption keys may be taken out of the configuration and destroyed.
    """
    keys = _our_keys()
    rows = session.scalars(select(VaultKey).where(VaultKey.wrapped.is_not(None), VaultKey.kek_id != keys.current)).all()
    for row in rows:
        _wrap(row, _unwrap(row))
    session.flush()
    return len(rows)


def wrong_keys(session: Session) -> list[str]:
    """What is wrong with the configured keys, held against what was written with them; empty when they fit.

    The first call writes the sample that later ones are held against. Other keys than before would make every
    link, number and stored value unknown, without an error at the start.
    """
    keys = _our_keys()
    used = session.scalars(select(VaultKey.kek_id).where(VaultKey.kek_id.is_not(None)).distinct())
    wrong = [f"SEALGATE_KEKS has no key {kek}, by which data was sealed" for kek in used if kek not in keys.keks]
    if wrong:
        return wrong
    sample = index(_SAMPLE, _SAMPLE)
    if not has(session, _SAMPLE, "index"):
        put(session, _SAMPLE, "index", sample)
        return []
    try:
        before = get(session, _SAMPLE, "index")
    except Tampered:
        return ["SEALGATE_KEKS has another key under an id by which data was sealed"]
    return [] if before == sample else ["SEALGATE_INDEX_KEY is another one than that of the data"]


def index(kind: str, value: str) -> str:
    """The keyed blind index of a value, in hex: equal for equal values of one kind, meaningless without the key."""
    domain = hmac.digest(_our_keys().index, b"sealgate blind index\0" + kind.encode(), hashlib.sha256)
    return hmac.digest(domain, value.encode(), hashlib.sha256).hex()


def _item(session: Session, owner_id: str, name: str) -> VaultItem | None:
    return session.scalars(
        select(VaultItem).where(VaultItem.owner_id == owner_id, VaultItem.name == name)
    ).one_or_none()


def _data_key(session: Session, owner_id: str) -> AESGCM | None:
    row = session.get(VaultKey, owner_id)
    return None if row is None else AESGCM(_unwrap(row))


def _new_data_key(session: Session, owner_id: str) -> AESGCM:
    row = VaultKey(owner_id=owner_id, created_at=clock.now())
    data_key = secrets.token_bytes(32)
    _wrap(row, data_key)
    session.add(row)
    session.flush()
    return AESGCM(data_key)


def _wrap(row: VaultKey, data_key: bytes) -> None:
    keys = _our_keys()
    row.kek_id = keys.current
    row.wrapped = _seal(keys.keks[keys.current], data_key, "key", row.owner_id, keys.current)


def _unwrap(row: VaultKey) -> bytes:
    if row.wrapped is None or row.kek_id is None:
        raise Shredded
    kek = _our_keys().keks.get(row.kek_id)
    if kek is None:
        raise UnknownKek(logged=row.kek_id)
    try:
        return _open(kek, row.wrapped, "key", row.owner_id, row.kek_id)
    except InvalidTag:
        raise Tampered(logged="vault_keys") from None


def _seal(key: AESGCM, plain: bytes, *bound: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + key.encrypt(nonce, plain, _bound(bound))


def _open(key: AESGCM, sealed: bytes, *bound: str) -> bytes:
    if len(sealed) < _NONCE + 16:
        raise InvalidTag
    return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(bound))


def _bound(parts: tuple[str, ...]) -> bytes:
    """Associated data that no two different lists of parts share."""
    return b"sealgate vault 1" + b"".join(len(raw).to_bytes(4, "big") + raw for raw in (p.encode() for p in parts))


def _pad(text: str, room: int) -> bytes:
    raw = text.encode()
    return raw + b" " * max(room - len(raw), -len(raw) % _BLOCK)  # JSON ignores spaces at its end
