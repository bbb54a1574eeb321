"""Read people and their entries from CSV or NDJSON, a line at a time, however long the file is.

A line is a physical line in both forms, so that one bad line spoils no other.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from connectors.codes.table import CodeTable
from connectors.embedded import columns
from connectors.embedded.columns import CellError
from connectors.embedded.identity import plain_id, plain_name, plain_type
from connectors.embedded.translate import FieldError, Translation
from connectors.ids import ID_TYPES
from policies.model import write_entry


class SourceError(Exception):
    """A file of a build that cannot be used. `line` counts from 1 (0: the whole file), `column` is a column or a field.

    The text never repeats what the line holds.
    """

    def __init__(self, file: str, line: int, column: str, problem: str) -> None:
        place = ", ".join(part for part in (file, line and f"line {line}", column) if part)
        super().__init__(f"{place}: {problem}")
        self.line = line
        self.column = column
        self.problem = problem


@dataclass(slots=True)
class Person:
    """What one line says of one person. `matters`: `{"entry": …, "case": …, "body": …}` in the record format."""

    ids: list[tuple[str, str]]
    names: list[str]
    born: date | None
    matters: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """One line: the person as far as it could be read, and what is wrong with the line, if anything.

    `end` is the number of bytes of the source up to the end of this line.
    """

    number: int
    end: int
    raw: bytes
    person: Person | None
    error: SourceError | None = None


@dataclass(slots=True)
class NotValid:
    """Identifiers that no check can carry, since their form or check digit is wrong: on how many lines, which first.

    They are kept: the person may be found by another identifier or by name. For the operator to put right.
    """

    type: str
    count: int
    first_line: int

    def __str__(self) -> str:
        lines = "line" if self.count == 1 else "lines"
        return f"{self.type} not valid: {self.count} {lines}, first line {self.first_line}"


class Source:
    """A file of people. Iterate over `lines()`; `translation.unknown` then has the codes without a word, `not_valid`
    the identifiers of the wrong form. `latest` is the last day on which something may have happened: this day."""

    def __init__(self, path: Path, codes: CodeTable, latest: date) -> None:
        self.path = path
        self.translation = Translation(codes, latest)
        self.not_valid: dict[str, NotValid] = {}
        self._header: list[str] = []
        if path.suffix not in (".csv", ".ndjson"):
            raise self.error(0, "", "must be a .csv or a .ndjson file")

    def error(self, line: int, column: str, problem: str) -> SourceError:
        """An error of this source, at a line and a column."""
        return SourceError(str(self.path), line, column, problem)

    def lines(self) -> Iterator[Line]:
        """Every line that is not blank. Raises SourceError where the header is wrong, OSError."""
        with self.path.open("rb") as stream:
            start, number = self._read_header(stream) if self.path.suffix == ".csv" else (0, 0)
            for number, raw in enumerate(stream, number + 1):  # noqa: B020 - goes on from the header's line
                start += len(raw)
                if raw.strip():
                    yield self._line(number, start, raw)

    def _read_header(self, stream: BinaryIO) -> tuple[int, int]:
        raw = stream.readline()
        try:
            self._header = [cell.strip() for cell in _cells(_text(raw.removeprefix(b"\xef\xbb\xbf")))]
            columns.check_header(self._header)
        except CellError as bad:
            raise self.error(1, bad.column, bad.problem) from None
        return len(raw), 1

    def _line(self, number: int, end: int, raw: bytes) -> Line:
        line = Line(number, end, raw, None)
        try:
            if self._header:
                self._from_csv(line)
            else:
                self._from_json(line)
        except CellError as bad:
            line.error = self.error(number, bad.column, bad.problem)
        return line

    def _from_csv(self, line: Line) -> None:
        found = _cells(_text(line.raw))
        if len(found) != len(self._header):
            raise CellError("", f"has {len(found)} cells, the header has {len(self._header)}")
        cells = {name: cell.strip() for name, cell in zip(self._header, found, strict=True) if cell.strip()}
        if ("id" in cells) != ("id_type" in cells):
            raise CellError("id_type" if "id" in cells else "id", "is missing")
        line.person = _identified(
            [(cells["id_type"], cells["id"])] if "id" in cells else [],
            [cells["name"]] if "name" in cells else [],
            self._birth(cells.get("born")),
        )
        self._look_at(line.person, "id_type", line.number)
        document = columns.entry(cells)
        if document is not None:
            about = {name: cells[name] for name in columns.REPORT if name in cells}
            try:
                line.person.matters.append(self._matter(document, about, line.number))
            except FieldError as error:
                raise CellError(columns.column_of(error.field), error.problem) from None

    def _from_json(self, line: Line) -> None:
        try:
            document = json.loads(_text(line.raw))
        except (ValueError, RecursionError):
            raise CellError("", "is not a JSON object") from None
        if not isinstance(document, dict):
            raise CellError("", "is not a JSON object")
        _only(document, "", ("ids", "names", "born", "entries"))
        ids, names = _objects(document, "ids"), _objects(document, "names")
        for each in ids:
            _only(each, "ids[].", ("type", "value"))
        for each in names:
            _only(each, "names[].", ("full", "script"))
        line.person = _identified(
            [(_string(each, "ids[].", "type"), _string(each, "ids[].", "value")) for each in ids],
            [_string(each, "names[].", "full") for each in names],
            self._birth(document.get("born")),
        )
        self._look_at(line.person, "ids[].type", line.number)
        for place, entry in enumerate(_objects(document, "entries")):
            about = {name: _string(entry, "entries[].", name) for name in columns.REPORT if entry.get(name) is not None}
            bare = {name: value for name, value in entry.items() if name not in columns.REPORT}
            try:
                line.person.matters.append(self._matter(bare, about, line.number))
            except FieldError as error:
                raise CellError(f"entries[{place}].{error.field}", error.problem) from None

    def _birth(self, born: object) -> date | None:
        if born is None:
            return None
        try:
            day = date.fromisoformat(born) if isinstance(born, str) and len(born) == 10 else None
        except ValueError:
            day = None
        if day is None:
            raise CellError("born", "must be a day such as 1990-05-20")
        if day > self.translation.latest:
            raise CellError("born", "is in the future")
        return day

    def _look_at(self, person: Person, place: str, line: int) -> None:
        kinds = {plain_type(kind) for kind, _ in person.ids}
        if not kinds <= ID_TYPES.keys():
            raise CellError(place, f"is not a type of identifier; there are {', '.join(ID_TYPES)}")
        for kind in {plain_type(kind) for kind, value in person.ids if ID_TYPES[plain_type(kind)](plain_id(value))}:
            self.not_valid.setdefault(kind, NotValid(kind, 0, line)).count += 1

    def _matter(self, document: dict[str, Any], about: dict[str, str], line: int) -> dict[str, Any]:
        return {"entry": write_entry(self.translation.entry(document, line)), **about}


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise CellError("", "is not text in UTF-8") from None


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise CellError("", "is not a line of CSV: look at its quotes") from None


def _identified(ids: list[tuple[str, str]], names: list[str], born: date | None) -> Person:
    if not all(kind.strip() and plain_id(value) for kind, value in ids):
        raise CellError("id", "is empty")
    if not all(plain_name(name) for name in names):
        raise CellError("name", "has no letters")
    if not ids and not (names and born):
        raise CellError("", "says too little of the person: an id, or a name with born, is needed")
    return Person(ids, names, born)


def _objects(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise CellError(name, "must be a list of objects")
    return found


def _only(document: dict[str, Any], place: str, names: tuple[str, ...]) -> None:
    if not document.keys() <= set(names):
        raise CellError(place.rstrip("."), f"holds a field that is none of {', '.join(names)}")


def _string(document: dict[str, Any], place: str, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise CellError(place + name, "must be text")
    return value
