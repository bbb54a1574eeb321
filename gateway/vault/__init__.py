"""Personal data at rest: encrypted under a key of its owner, found by a blind index, shredded by deleting the key.

    vault.put(session, check.id, "subject", {...})      vault.get(session, check.id, "subject")
    vault.index("reference", text)                      column.in_(vault.indexes("reference", text))
    vault.shred(session, check.id)

Every owner (a check, mostly) has a data key of its own, kept wrapped by a key-encryption key (KEK). What has an
end is under the KEK of the calendar month in which it began, and that KEK is destroyed when its data is due: so a
backup that was taken before does not undo shredding (`gateway.retention`). What has no end, our own signing keys,
is under a standing KEK.
"""

from gateway.vault.blind import BlindIndex, fits, index, indexes
from gateway.vault.errors import Absent, Shredded, Tampered, UnknownKek
from gateway.vault.fit import in_step, wrong_keys
from gateway.vault.items import forget, get, get_all, has, names, put, remove, sealed, shred
from gateway.vault.keks import Kek
from gateway.vault.models import VaultItem, VaultKek, VaultKey
from gateway.vault.ring import init, look_again

__all__ = [
    "Absent",
    "BlindIndex",
    "Kek",
    "Shredded",
    "Tampered",
    "UnknownKek",
    "VaultItem",
    "VaultKek",
    "VaultKey",
    "fits",
    "forget",
    "get",
    "get_all",
    "has",
    "in_step",
    "index",
    "indexes",
    "init",
    "look_again",
    "names",
    "put",
    "remove",
    "sealed",
    "shred",
    "wrong_keys",
]
