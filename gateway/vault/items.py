"""Sealed values: put, got, shredded.

A value is bound to its owner and name, so that a row moved to another owner or name is noticed, and padded, so
that a length tells nothing: a sealed yes is as long as a sealed no.
"""

import json
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import new_id
from gateway.vault import cipher, wrapping
from gateway.vault.errors import Absent, Tampered
from gateway.vault.models import VaultItem, VaultKey

_BLOCK = 128


def put(session: Session, owner_id: str, name: str, value: Any, room: int = _BLOCK, *, standing: bool = False) -> None:
    """Seal a JSON-able value under an owner and a name, over what was there. Raises Shredded, TypeError.

    `room` is how many bytes it takes up at least, where its length would tell something. `standing` is for an
    owner without an end, such as a signing key of ours; it counts when the first value is put.
    """
    key = wrapping.data_key(session, owner_id) or wrapping.new_data_key(session, owner_id, standing=standing)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    sealed = cipher.seal(key, _pad(text, room), _place(owner_id, name))
    item = _item(session, owner_id, name)
    if item is None:
        session.add(VaultItem(id=new_id("vlt"), owner_id=owner_id, name=name, sealed=sealed))
    else:
        item.sealed = sealed
    session.flush()


def get(session: Session, owner_id: str, name: str) -> Any:
    """The value put under this owner and name. Raises Shredded, Tampered, Absent, UnknownKek."""
    key = wrapping.data_key(session, owner_id)
    item = _item(session, owner_id, name)
    if key is None or item is None:
        raise Absent(name)
    try:
        return json.loads(cipher.unseal(key, item.sealed, _place(owner_id, name)))
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


def shred(session: Session, owner_id: str) -> bool:
    """Delete the owner's key, and with it everything of the owner for good; whether there was anything."""
    session.flush()
    session.execute(delete(VaultItem).where(VaultItem.owner_id == owner_id))
    alive = and_(VaultKey.owner_id == owner_id, VaultKey.wrapped.is_not(None))
    gone = {"wrapped": None, "kek_id": None, "shredded_at": clock.now()}
    # In one statement: of two that shred at the same time one finds that it was done.
    return bool(session.execute(update(VaultKey).where(alive).values(gone).returning(VaultKey.owner_id)).all())


def forget(session: Session, owner_id: str) -> None:
    """Shred, and delete even that there was something: afterwards the owner is one that never was."""
    shred(session, owner_id)
    session.execute(delete(VaultKey).where(VaultKey.owner_id == owner_id))


def _item(session: Session, owner_id: str, name: str) -> VaultItem | None:
    return session.scalars(
        select(VaultItem).where(VaultItem.owner_id == owner_id, VaultItem.name == name)
    ).one_or_none()


def _place(owner_id: str, name: str) -> bytes:
    return cipher.bound("item", owner_id, name)


def _pad(text: str, room: int) -> bytes:
    raw = text.encode()
    return raw + b" " * max(room - len(raw), -len(raw) % _BLOCK)  # JSON ignores spaces at its end
