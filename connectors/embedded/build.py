"""Build a registry file from a source, whole or not at all."""

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from connectors.codes.table import CodeTable
from connectors.embedded.identity import KEY_BYTES
from connectors.embedded.source import Line, NotValid, Source, SourceError
from connectors.embedded.staging import Contradiction, Staging, Written
from connectors.embedded.translate import UnknownCode

Progress = Callable[[int, int], None]
"""Called with the work done and the work in all, every now and then and at the end."""

_EVERY = 1_000


@dataclass(frozen=True)
class BuildReport:
    """What was built: for the operator's eyes, not for a log (a code may be anything that stood in the source)."""

    people: int
    entries: int
    rejected: int
    unknown: tuple[UnknownCode, ...]
    not_valid: tuple[NotValid, ...]
    seconds: float
    bytes: int

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self)


def build(
    source: Path, target: Path, key: bytes, codes: CodeTable, progress: Progress, rejected: Path | None = None
) -> BuildReport:
    """Build the registry file `target` from `source` (.csv or .ndjson); an old file stays until the new one is whole.

    A bad line ends the build with SourceError, and nothing is changed. With `rejected`, bad lines are written to that
    file (JSON lines: line, column, problem, text) and left out, and about the people whom they name the registry will
    not answer until it is built without bad lines: a record with a line missing must not look clean. A line of which
    not even the person can be read ends the build all the same.

    Raises SourceError, also when a file cannot be read or written; ValueError for a key that is not 32 bytes long.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a registry key has {KEY_BYTES} bytes")
    began = time.monotonic()
    part = target.with_name(f"{target.name}.part-{secrets.token_hex(4)}")
    beside = part.with_name(f"{part.name}.staging")
    try:
        run = _Run(Source(source, codes, _latest_day()), source.stat().st_size, progress, rejected)
        for path in (part, beside):
            path.touch(mode=0o600, exist_ok=False)
        with closing(Staging(part, beside, key, codes.single)) as staging:
            written = run.through(staging)
        _put_in_place(part, target)
        run.told_of_writing(1.0)
    except sqlite3.Error as error:
        raise SourceError(str(target), 0, "", f"cannot be written: {error}") from None
    except OSError as error:
        file = target if error.filename in (None, str(part), str(beside)) else error.filename
        raise SourceError(str(file), 0, "", f"cannot be used: {error.strerror}") from None
    finally:
        for path in (part, beside):
            with suppress(OSError):
                path.unlink()
    seconds = round(time.monotonic() - began, 2)
    size = target.stat().st_size
    return BuildReport(written.people, written.entries, run.rejected, run.unknown(), run.not_valid(), seconds, size)


class _Run:
    """One way through a source. Reading counts four fifths of the work, sorting and writing the last."""

    def __init__(self, source: Source, size: int, progress: Progress, rejected: Path | None) -> None:
        self._source = source
        self._size = size
        self._total = size + size // 4
        self._progress = progress
        self._path = rejected
        self._out: TextIO | None = None
        self.rejected = 0

    def unknown(self) -> tuple[UnknownCode, ...]:
        """The codes without a word."""
        return tuple(self._source.translation.unknown.values())

    def not_valid(self) -> tuple[NotValid, ...]:
        """The identifiers of the wrong form, by type."""
        return tuple(self._source.not_valid.values())

    def through(self, staging: Staging) -> Written:
        """Read the source into `staging` and have it written."""
        if self._path is not None:
            # The lines hold personal data: nobody but the operator may read them.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._out = os.fdopen(descriptor, "w", encoding="utf-8")
        try:
            people = 0
            for people, line in enumerate(self._source.lines(), 1):
                self._take(line, staging)
                if people % _EVERY == 0:
                    self._progress(line.end, self._total)
            if not people:
                raise self._source.error(0, "", "names nobody; an empty registry would find everybody clean")
            return staging.write(self._contradicted, self.told_of_writing)
        finally:
            if self._out is not None:
                self._out.close()

    def _take(self, line: Line, staging: Staging) -> None:
        error = line.error
        if error is not None:
            self._reject(error, line.raw.decode("utf-8", "replace").rstrip("\r\n"))
            if line.person is None:
                problem = f"{error.problem}; it does not tell whose line it is, so it cannot be left out"
                raise self._source.error(line.number, error.column, problem)
        if line.person is not None:
            staging.add(line.person, line.number, held=error is not None)

    def _contradicted(self, error: Contradiction) -> None:
        self._reject(self._source.error(error.line, error.field, error.problem), "")

    def _reject(self, error: SourceError, text: str) -> None:
        if self._out is None:
            raise error
        told = {"line": error.line, "column": error.column, "problem": error.problem, "text": text}
        self._out.write(json.dumps(told, ensure_ascii=False) + "\n")
        self.rejected += 1

    def told_of_writing(self, share: float) -> None:
        """The share of sorting and writing that is done, from 0 to 1."""
        self._progress(self._size + int(share * (self._total - self._size)), self._total)


def _latest_day() -> date:
    """The day that it is where the day is furthest on (UTC+14): a registry writes the days of its own place."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def _put_in_place(part: Path, target: Path) -> None:
    """Onto the disk, then under its name: at no moment is there half a registry."""
    _sync(part, os.O_RDWR)
    part.replace(target)
    _sync(target.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
