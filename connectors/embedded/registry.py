"""The connector: asks a registry file.

Who is meant? An identifier that the registry holds, with the same name and birth date, is **sure**. The same
identifier with another name or birth date (or none on file), and the same name and birth date under another
identifier or none, are **candidates**. One thing rules a candidate out: the subject was surely found by a number
of which a person has one only, and the candidate has another number of that type.
"""

import sqlite3
import threading
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.base import BadAnswer, ConnectorError, Misconfigured, Query, Reply, Unavailable
from connectors.embedded.identity import plain_type
from connectors.embedded.store import FileError, Opened, Stamp, open_file
from policies.model import RecordError, Report, read_record

Person = dict[str, Any]


class EmbeddedRegistry:
    """A registry in one file. When the file is replaced, the next question goes to the new one."""

    def __init__(self, name: str, path: Path, key: bytes) -> None:
        self._name = name
        self._path = path
        self._key = key
        self._lock = threading.Lock()
        self._idle: list[Opened] = []

    @property
    def name(self) -> str:
        """The registry's name."""
        return self._name

    def ask(self, query: Query) -> Reply:
        """All that the file holds on the person. Raises Unavailable, Misconfigured or BadAnswer."""
        with self._open() as file:
            try:
                found = _Search(file, query).people()
                return Reply.of([report for person, sure in found for report in _reports(person, sure=sure)])
            except FileError as error:
                raise BadAnswer(self._name, f"the registry file {error}") from None
            except (sqlite3.Error, RecordError):
                raise BadAnswer(self._name, "the registry file is damaged, or older than the words in use") from None

    def ready(self) -> bool:
        """Is the file there, whole, and opened by the key?"""
        return self.problem() is None

    def problem(self) -> str | None:
        """What keeps the file from being asked, in words; None when nothing does."""
        try:
            with self._open():
                return None
        except ConnectorError as error:
            return error.problem

    def close(self) -> None:
        """Let go of the file. The next question opens it again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for file in idle:
            file.connection.close()

    def __del__(self) -> None:
        self.close()

    @contextmanager
    def _open(self) -> Iterator[Opened]:
        """The file as it is now: one that lies idle, or opened afresh when it was replaced or all are in use."""
        try:
            file = self._take(Stamp.of(self._path)) or open_file(self._path, self._key)
        except OSError as error:
            problem = f"the registry file {self._path.absolute()} cannot be opened: {error.strerror}"
            raise Unavailable(self._name, problem) from None
        except FileError as error:
            raise Misconfigured(self._name, f"the registry file {error}") from None
        try:
            yield file
        finally:
            with self._lock:
                self._idle.append(file)

    def _take(self, stamp: Stamp) -> Opened | None:
        with self._lock:
            stale = [file for file in self._idle if file.stamp != stamp]
            self._idle = [file for file in self._idle if file.stamp == stamp]
            found = self._idle.pop() if self._idle else None
        for file in stale:
            file.connection.close()
        return found


class _Search:
    """One question to one file."""

    def __init__(self, file: Opened, query: Query) -> None:
        self._file = file
        self._query = query
        self._settled: set[str] = set()
        """The identifier types by which the subject was surely found, of which a person has one only."""

    def people(self) -> list[tuple[Person, bool]]:
        """The people found, each with whether it is surely the subject."""
        names = [self._file.keys.of_name(name.full, self._query.born) for name in self._query.names]
        found = self._by_id({name.hex() for name in names})
        for row in dict.fromkeys(row for name in names for row in self._led_to("name", name)):
            person = self._known(row)
            if row not in found and not self._settled.intersection(person["types"]):
                found[row] = (person, False)
        return list(found.values())

    def _by_id(self, names: Set[str]) -> dict[bytes, tuple[Person, bool]]:
        """Who has one of the numbers. Surely the subject only if name and birth date are theirs too: a number that
        somebody gave for another person neither shows that person's record nor hides the subject's own."""
        found = {}
        for each in self._query.ids:
            blind = self._file.keys.of_id(each.type, each.value)
            held = {blind: self._person(blind)} | {row: self._known(row) for row in self._led_to("alias", blind)}
            for row, person in held.items():
                if person is None:
                    continue
                sure = not names.isdisjoint(person.get("names", ()))
                found[row] = (person, sure)
                if sure:
                    self._settled |= {plain_type(each.type)} & self._file.single
        return found

    def _led_to(self, table: str, blind: bytes) -> list[bytes]:
        rows = self._file.connection.execute(f"SELECT person FROM {table} WHERE blind = ?", (blind,))  # noqa: S608
        return [row[0] for row in rows]

    def _known(self, row: bytes) -> Person:
        person = self._person(row)
        if person is None:
            raise FileError("is damaged: it leads to a person who is not there")
        return person

    def _person(self, row: bytes) -> Person | None:
        found = self._file.connection.execute("SELECT body FROM person WHERE blind = ?", (row,)).fetchone()
        return None if found is None else self._file.seal.open(row, found[0])


def _reports(person: Person, *, sure: bool) -> list[Report]:
    if person.get("held"):
        raise FileError("lacks lines about this person that were refused when it was built")
    matters = person.get("matters", ())
    record = read_record({"entries": [matter["entry"] for matter in matters]})
    return [
        Report(entry, sure=sure, case=matter.get("case"), body=matter.get("body"))
        for entry, matter in zip(record.entries, matters, strict=True)
    ]
