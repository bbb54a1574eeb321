"""Sealed values: put, got, shredded.

A value is bound to its owner and name, so that a row moved to another owner or name is noticed, and padded, so
that a length tells nothing: a sealed yes is as long as a sealed no.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import new_id
from gateway.vault import cipher, wrapping
from gateway.vault.errors import Absent, Tampered
from gateway.vault.models import VaultItem, VaultKey

_BLOCK = 128

_KEPT = (
    select(VaultKey.owner_id, VaultKey.kek_id, VaultKey.wrapped, VaultItem.id, VaultItem.name, VaultItem.sealed)
    .outerjoin(
        VaultItem,
        and_(VaultItem.owner_id == VaultKey.owner_id, VaultItem.name.in_(bindparam("names", expanding=True))),
    )
    .where(VaultKey.owner_id == bindparam("owner"))
)


def put(session: Session, owner_id: str, name: str, value: Any, room: int = _BLOCK, *, standing: bool = False) -> None:
    """Seal a JSON-able value under an owner and a name, over what was there. Raises Shredded, TypeError.

    `room` is how many bytes it takes up at least, where its length would tell something. `standing` is for an
    owner without an end, such as a signing key of ours; it counts when the first value is put.
    """
    key = wrapping.data_key(session, owner_id) or wrapping.new_data_key(session, owner_id, standing=standing)
    written = cipher.seal(key, _pad(_text(value), room), _place(owner_id, name))
    item = _item(session, owner_id, name)
    if item is None:
        session.add(VaultItem(id=new_id("vlt"), owner_id=owner_id, name=name, sealed=written))
    else:
        item.sealed = written
    session.flush()


def sealed(owner_id: str, values: Mapping[str, Any]) -> list[VaultKey | VaultItem]:
    """The rows (for `db.insert`) of an owner that has nothing yet, with JSON-able values by their names.

    Not inside a transaction. Raises UnknownKek, TypeError. The insert fails if another machine has closed the
    key-encryption key meanwhile: `look_again` then.
    """
    key, row = wrapping.made_data_key(owner_id)
    items = [
        VaultItem(
            id=new_id("vlt"),
            owner_id=owner_id,
            name=name,
            sealed=cipher.seal(key, _pad(_text(value), _BLOCK), _place(owner_id, name)),
        )
        for name, value in values.items()
    ]
    return [row, *items]


def get(session: Session, owner_id: str, name: str) -> Any:
    """The value put under this owner and name. Raises Shredded, Tampered, Absent, UnknownKek."""
    found = get_all(session, owner_id, (name,))
    if name not in found:
        raise Absent(name)
    return found[name]


def get_all(session: Session, owner_id: str, names: Collection[str]) -> dict[str, Any]:
    """The values that are kept under an owner by some names; others are left out. Raises as `get`, but not Absent."""
    rows = session.connection().execute(_KEPT, {"owner": owner_id, "names": list(names)}).all()
    if not rows:
        return {}
    key = wrapping.unwrapped(rows[0])
    found = {}
    for row in rows:
        if row.sealed is None:  # the owner has none of them
            continue
        try:
            found[row.name] = json.loads(cipher.unseal(key, row.sealed, _place(owner_id, row.name)))
        except (InvalidTag, ValueError):
            raise Tampered(logged=row.id) from None
    return found


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


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _pad(text: str, room: int) -> bytes:
    raw = text.encode()
    return raw + b" " * max(room - len(raw), -len(raw) % _BLOCK)  # JSON ignores spaces at its end
