"""Key-encryption keys: what one must be able to do, and which of them wraps what.

A KEK whose id is a calendar month (`2026-11`, or `2026-11.2` for the second of that month) is that period's, and
wraps what begins in it. Every other id is a standing key's.

A key management service comes in here: a class with `id`, `wrap` and `unwrap` is a KEK, and the bytes of the key
need never be in this process. Destroying one is then an act in the service.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography.exceptions import InvalidTag

from gateway.vault import cipher

_PERIOD = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:\.([1-9]\d{0,3}))?")


class Refused(Exception):
    """A KEK does not open these bytes: they were changed, moved, or wrapped by another."""


class Kek(Protocol):
    """A key-encryption key."""

    @property
    def id(self) -> str:
        """Its name; it stands beside everything that it has wrapped."""

    def wrap(self, data_key: bytes, bound: bytes) -> bytes:
        """Encrypt a data key; what comes back opens only together with the same `bound`."""

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Decrypt what `wrap` gave. Raises Refused."""


@dataclass(frozen=True)
class LocalKek:
    """A KEK whose bytes are in the environment or in the key file."""

    id: str
    key: bytes = field(repr=False)

    def wrap(self, data_key: bytes, bound: bytes) -> bytes:
        """Encrypt a data key."""
        return cipher.seal(self.key, data_key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Decrypt a data key. Raises Refused."""
        try:
            return cipher.unseal(self.key, wrapped, bound)
        except InvalidTag:
            raise Refused from None


def period_of(kek_id: str) -> str | None:
    """The calendar month whose data a KEK wraps: `2026-11`; None of a standing key."""
    match = _PERIOD.fullmatch(kek_id)
    return match[1] if match else None


def month(moment: datetime) -> str:
    """The period of a moment in UTC."""
    return f"{moment:%Y-%m}"


def following(period: str) -> str:
    """The month after one."""
    year, number = int(period[:4]), int(period[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def standing(keks: Sequence[Kek]) -> Kek | None:
    """The standing KEK that wraps: the first that is listed."""
    return next((kek for kek in keks if period_of(kek.id) is None), None)


def newest(keks: Sequence[Kek], period: str) -> Kek | None:
    """The KEK of a period that wraps: the one with the highest number."""
    ours = [kek for kek in keks if period_of(kek.id) == period]
    return max(ours, key=lambda kek: _number(kek.id), default=None)


def for_new(keks: Sequence[Kek], now: datetime) -> Kek | None:
    """What wraps that which begins now: the key of this month, else of the latest before it, else the standing one.

    A month without a key of its own is the operator's slip (`sealgate doctor` says so). Its data goes under an older
    period's key then, which is kept as long as it takes: shredding comes late, but nothing is refused or lost.
    """
    begun = {period for kek in keks if (period := period_of(kek.id)) is not None and period <= month(now)}
    return newest(keks, max(begun)) if begun else standing(keks)


def next_id(known: Collection[str], kek_id: str) -> str:
    """The id of the key that follows a key: `2026-11` → `2026-11.2`, `standing-1` → `standing-2`."""
    stem = period_of(kek_id) or kek_id.rpartition("-")[0] or kek_id
    mark = "." if period_of(kek_id) else "-"
    number = 2
    while f"{stem}{mark}{number}" in known:
        number += 1
    return f"{stem}{mark}{number}"


def _number(kek_id: str) -> int:
    match = _PERIOD.fullmatch(kek_id)
    return int(match[2] or 1) if match else 0
