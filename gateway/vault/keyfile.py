"""The key file: one key a line, changed as a whole or not at all, and read anew by every process that uses it.

    kek standing-1 Xk0…          for what has no end
    kek 2026-11 Xk0…             for what begins in that month
    next kek standing-2 Xk0…     known already, wraps nothing before `sealgate keys rotate`
    index 2 Xk0…                 the second key of the blind index

A key that is taken out is overwritten where it lay. What a disk or a file system keeps besides is out of our
hands: the file belongs on storage without snapshots, and copies of it live no longer than the backup term.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path
from typing import BinaryIO

from gateway.config import forms

HEAD = """\
# The keys of this deployment: keep this file private, keep a copy of it in another place than the copies of the
# database, and no copy longer than SEALGATE_BACKUP_TERM. `sealgate keys` changes it; a running server reads it anew.
"""

_LINE = re.compile(r"(next )?(kek|index) ([A-Za-z0-9._-]{1,40}) (\S+)")


class KeyFileError(Exception):
    """The key file cannot be used; the message says why, without a key."""

    def __init__(self, why: str) -> None:
        super().__init__(f"SEALGATE_KEY_FILE {why}")


@dataclass(frozen=True)
class Line:
    """One key. `waits` while it is known but not used for anything new."""

    use: str
    id: str
    key: bytes = field(repr=False)
    waits: bool = False

    def __str__(self) -> str:
        """As it stands in the file."""
        return f"{'next ' * self.waits}{self.use} {self.id} {forms.key_text(self.key)}"


def new(use: str, key_id: str, *, waits: bool = False) -> Line:
    """A fresh random key."""
    return Line(use, key_id, secrets.token_bytes(32), waits)


def read(path: Path) -> tuple[Line, ...]:
    """The keys in a file. Raises KeyFileError naming the line, never repeating it."""
    try:
        return parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"cannot be read ({type(error).__name__})") from None


def parse(text: str) -> tuple[Line, ...]:
    """The keys in a text. Raises KeyFileError naming the line."""
    lines = [
        _line(number, text.strip())
        for number, text in enumerate(text.splitlines(), 1)
        if text.strip() and not text.lstrip().startswith("#")
    ]
    ids = [(line.use, line.id) for line in lines]
    if len(set(ids)) != len(ids):
        raise KeyFileError("names a key twice")
    if len({line.key for line in lines}) != len(lines):
        raise KeyFileError("must hold a different key on each line")
    return tuple(lines)


def _line(number: int, text: str) -> Line:
    match = _LINE.fullmatch(text)
    if match is None:
        raise KeyFileError(f"line {number}: must be [next] kek ID KEY or [next] index NUMBER KEY")
    waits, use, key_id, key = match.groups()
    try:
        return Line(use, key_id, forms.key(key), waits is not None)
    except forms.Wrong as wrong:
        raise KeyFileError(f"line {number}: the key {wrong}") from None


def create(path: Path, lines: Iterable[Line]) -> None:
    """Write a new key file, for its owner's eyes alone. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    _fill(handle, lines)


def change(path: Path, changed: Callable[[tuple[Line, ...]], Iterable[Line]]) -> None:
    """Replace the file's keys by `changed(keys)`, in one step for whoever reads; the old bytes are overwritten.

    One change at a time on this machine. Raises KeyFileError, and what `changed` raises.
    """
    path = path.resolve()
    with _alone(path.parent) as folder:
        _sweep(path)
        before = read(path)
        after = tuple(changed(before))
        if after != before:
            _replace(path, after, folder)


def writable(path: Path) -> bool:
    """Whether this process may change the file: it must be able to put another one in its place."""
    path = path.resolve()
    return os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)


def without(lines: Iterable[Line], use: str, key_id: str) -> tuple[Line, ...]:
    """The keys but one."""
    return tuple(line for line in lines if (line.use, line.id) != (use, key_id))


def begun(lines: Iterable[Line], use: str) -> tuple[Line, ...]:
    """The keys, with those of a use that waited put to use, before the others as the current ones."""
    mine = [line for line in lines if line.use == use and line.waits]
    rest = [line for line in lines if not (line.use == use and line.waits)]
    started = [replace(line, waits=False) for line in mine]
    return tuple([*started, *rest] if use == "kek" else [*rest, *started])


@contextmanager
def _alone(folder: Path) -> Iterator[int]:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KeyFileError(f"cannot be changed ({type(error).__name__})") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _sweep(path: Path) -> None:
    """Overwrite and remove what a change that was killed left beside the file: keys that nobody would ever take out."""
    for left in path.parent.glob(f".{escape(path.name)}.{'[0-9a-f]' * 16}"):
        try:
            with left.open("r+b") as old:
                _overwrite(old)
            left.unlink()
        except OSError as error:
            raise KeyFileError(f"has a copy beside it that cannot be removed ({type(error).__name__})") from None


def _overwrite(file: BinaryIO) -> None:
    file.write(b"\0" * os.fstat(file.fileno()).st_size)
    file.flush()
    os.fsync(file.fileno())


def _replace(path: Path, lines: Iterable[Line], folder: int) -> None:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with path.open("r+b") as old:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            stood = os.fstat(old.fileno())
            if (stood.st_uid, stood.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(handle, stood.st_uid, stood.st_gid)  # changed by root, read by the server's user
            os.fchmod(handle, stood.st_mode & 0o777)
            _fill(handle, lines)
            fresh.rename(path)
            os.fsync(folder)  # before the old bytes go: after a power cut the name must not lead to them
            _overwrite(old)
    except OSError as error:
        with suppress(FileNotFoundError):
            fresh.unlink()
        raise KeyFileError(f"cannot be changed ({type(error).__name__})") from None


def _fill(handle: int, lines: Iterable[Line]) -> None:
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(HEAD + "".join(f"{line}\n" for line in lines))
        out.flush()
        os.fsync(out.fileno())
