"""The blind index: what a value is found by without being kept, and how its key is changed.

A value's index is a keyed hash (HMAC-SHA-256), meaningless without the key, and says which generation of the key it
is of. The next generation is the hash of the one before under the new key:

    1:…   HMAC(key 1, value)          2:…   HMAC(key 2, HMAC(key 1, value))

So what is stored can be brought to the next generation without the value, which is not kept or was shredded long
ago. Whoever has learnt an old key can do nothing with what was brought on. All keys are kept, in their order.
"""

import hashlib
import hmac
import re
from typing import Any

from sqlalchemy import String
from sqlalchemy.types import TypeDecorator

from gateway.vault.ring import ring

_FORM = re.compile(r"([1-9]\d{0,3}):([0-9a-f]{64})")


class BlindIndex(TypeDecorator[str]):
    """A column of blind indexes; a rotation of their key finds every column of this type."""

    impl = String(72)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """As it is."""
        return value


def index(kind: str, value: str) -> str:
    """The blind index of a value as it is written: equal for equal values of one kind, meaningless without the keys."""
    return _all(kind, value)[ring().generation - 1]


def indexes(kind: str, value: str) -> tuple[str, ...]:
    """Every index that a value may be kept under, whichever generation its row is of."""
    return _all(kind, value)


def fits(stored: str | None, kind: str, value: str) -> bool:
    """Whether a stored index, of whichever generation, is this value's; in time that does not depend on it."""
    return stored is not None and any(hmac.compare_digest(stored, each) for each in _all(kind, value))


def generation(stored: str) -> int | None:
    """Which generation a stored index is of; None of what is none."""
    match = _FORM.fullmatch(stored)
    return int(match[1]) if match else None


def brought_on(stored: str) -> str:
    """A stored index in the generation that is written now. Raises LookupError for one of a key that is not there."""
    match = _FORM.fullmatch(stored)
    keys = ring()
    if match is None or int(match[1]) > len(keys.index_keys):
        raise LookupError("an index of a key that is not there")
    digest = bytes.fromhex(match[2])
    for key in keys.index_keys[int(match[1]) : keys.generation]:
        digest = _next(key, digest)
    return f"{max(keys.generation, int(match[1]))}:{digest.hex()}"


def _all(kind: str, value: str) -> tuple[str, ...]:
    first, *later = ring().index_keys
    domain = hmac.digest(first, b"sealgate blind index\0" + kind.encode(), hashlib.sha256)
    digests = [hmac.digest(domain, value.encode(), hashlib.sha256)]
    for key in later:
        digests.append(_next(key, digests[-1]))
    return tuple(f"{number}:{digest.hex()}" for number, digest in enumerate(digests, 1))


def _next(key: bytes, digest: bytes) -> bytes:
    return hmac.digest(key, b"sealgate blind index, next\0" + digest, hashlib.sha256)
