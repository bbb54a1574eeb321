"""The keys that this process has: given once, or in a key file that is read anew whenever it was changed."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway import logs
from gateway.config import ConfigError
from gateway.vault import keks, keyfile
from gateway.vault.keks import Kek, LocalKek

AGAIN_SECONDS = 1.0
"""How long after a file could not be read it is tried again."""

_TRIES = 5

log = logs.get("vault")


@dataclass(frozen=True)
class Ring:
    """Every key there is at a moment. Those that wait are known, and used for nothing new."""

    keks: Mapping[str, Kek]
    index_keys: tuple[bytes, ...] = field(repr=False)
    waiting: frozenset[str] = frozenset()
    index_waits: bool = False
    seen: set[str] = field(default_factory=set)
    """Ids of KEKs that the database is known to have as they are here."""

    @property
    def wrapping(self) -> tuple[Kek, ...]:
        """The KEKs that wrap, the current standing one before the older ones."""
        return tuple(kek for kek in self.keks.values() if kek.id not in self.waiting)

    @property
    def generation(self) -> int:
        """Which key of the blind index, counted from 1, is the newest that is written with."""
        return len(self.index_keys) - self.index_waits


class _Source:
    def __init__(self, fixed: Ring, file: Path | None) -> None:
        self._fixed = fixed
        self.file = file
        self._read = (self._stamp(), _with_file(fixed, file)) if file else (None, fixed)
        self._failed: tuple[object, float] = (None, 0.0)

    def ring(self) -> Ring:
        stamp, now = self._stamp(), time.monotonic()
        if self.file is not None and stamp != self._read[0] and (stamp != self._failed[0] or now >= self._failed[1]):
            try:
                self._read = (stamp, _with_file(self._fixed, self.file))
            except ConfigError:
                log.error("key_file_unreadable")  # go on with what was read; a half-made file must not stop the house
                self._failed = (stamp, now + AGAIN_SECONDS)  # it may be given its owner later, or its rest
        return self._read[1]

    def _stamp(self) -> tuple[int, int, int] | None:
        if self.file is None:
            return None
        try:
            found = os.stat(self.file)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


_source: _Source | None = None


def init(given: Mapping[str, bytes | Kek], index_key: bytes, key_file: Path | None = None) -> None:
    """Set the keys: KEKs by id, the current standing one first, and the first key of the blind index, 32 bytes each.

    With a key file its keys come as well. Raises ConfigError when they cannot be used together.
    """
    global _source
    fixed = {key_id: LocalKek(key_id, key) if isinstance(key, bytes) else key for key_id, key in given.items()}
    _source = _Source(Ring(fixed, (index_key,)), key_file)
    if keks.standing(ring().wrapping) is None:
        raise ConfigError([f"{named()} has no standing key; the ids of all are those of periods, such as 2026-11"])


def ring() -> Ring:
    """The keys as they are now. Raises RuntimeError before `init`."""
    if _source is None:
        raise RuntimeError("vault.init(keks, index_key) has not been called")
    return _source.ring()


def look_again() -> None:
    """Ask the database about every KEK again before it is used: an insert of what one has wrapped has failed."""
    ring().seen.clear()


def key_file() -> Path | None:
    """The key file, if this deployment has one."""
    return None if _source is None else _source.file


def named() -> str:
    """The variable that says where the KEKs are, for messages."""
    return "SEALGATE_KEKS" if key_file() is None else "SEALGATE_KEY_FILE"


def _with_file(fixed: Ring, file: Path) -> Ring:
    lines = _read(file)
    wraps = [line for line in lines if line.use == "kek"]
    indexes = [line for line in lines if line.use == "index"]
    if [line.id for line in indexes] != [str(number) for number in range(2, len(indexes) + 2)]:
        raise _wrong("must number the keys of the blind index from 2 on, SEALGATE_INDEX_KEY being the first")
    if any(line.waits for line in indexes[:-1]):
        raise _wrong("may have only its last key of the blind index wait")
    if {line.key for line in lines} & set(fixed.index_keys):
        raise _wrong("must not hold SEALGATE_INDEX_KEY")
    return Ring(
        keks={
            **{line.id: LocalKek(line.id, line.key) for line in wraps},
            **fixed.keks,
        },  # the file's are the newer ones
        index_keys=(*fixed.index_keys, *(line.key for line in indexes)),
        waiting=frozenset(line.id for line in wraps if line.waits),
        index_waits=bool(indexes) and indexes[-1].waits,
    )


def _read(file: Path) -> tuple[keyfile.Line, ...]:
    """A file that is being replaced may be seen half overwritten, for a moment."""
    for left in reversed(range(_TRIES)):
        try:
            return keyfile.read(file)
        except keyfile.KeyFileError as error:
            if not left:
                raise ConfigError([str(error)]) from None
            time.sleep(0.01)
    raise AssertionError


def _wrong(what: str) -> ConfigError:
    return ConfigError([f"SEALGATE_KEY_FILE {what}"])
