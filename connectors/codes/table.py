"""Read a code table: a source's own codes → the words of the record format.

A table is a TOML file with `title`, `checked`, `note`, `own_words` (may the source also write our words?), the
`single` identifier types (a person has one of them at most, so that another number is another person), and one
table per set of words: `[offence]`, `[kind]`, `[disposition]`, `[sentence]`, … with rows
`"84-1" = { word = "drugs.use", label = "吸食、注射毒品" }`, the label being the source's own term.
A code that is not in the table has no word; the nearest match is never taken.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from connectors.ids import ID_TYPES
from policies.model import RecordError, read_record

SETS = (
    "jurisdiction",
    "kind",
    "offence",
    "grade",
    "trait",
    "disposition",
    "sentence",
    "substance",
    "addiction",
    "conduct",
)
"""The sets of words that a source may write in codes of its own."""

_SETTINGS = {"title": dict, "checked": object, "note": str, "own_words": bool, "single": list}


class CodeTableError(Exception):
    """A file that is not a code table: names the file, the place in it and what is wrong there."""

    def __init__(self, file: str, place: str, problem: str) -> None:
        where = ", ".join(part for part in (file, place) if part)
        super().__init__(f"{where}: {problem}" if where else problem)
        self.place = place
        self.problem = problem


@dataclass(frozen=True)
class CodeTable:
    """The codes of one source. `words[set][code]` is our word."""

    words: Mapping[str, Mapping[str, str]]
    own_words: bool = True
    single: frozenset[str] = frozenset()

    def word(self, kind: str, code: str) -> str | None:
        """Our word for a code of the set `kind`; None where the table does not know it."""
        found = self.words.get(kind, {}).get(code)
        if found is None and self.own_words and _is_ours(kind, code):
            return code
        return found


NO_CODES = CodeTable({})
"""For a source that writes the record format's own words."""


def shipped(name: str) -> CodeTable:
    """A code table that comes with the package, by name (`cn-sample`). Raises CodeTableError."""
    tables = {each.name: each for each in files("connectors.codes").iterdir() if each.name.endswith(".toml")}
    file = f"{name}.toml"
    if file not in tables:
        there = ", ".join(sorted(each.removesuffix(".toml") for each in tables))
        raise CodeTableError("", "", f"there is no code table {name}; there are {there}")
    return parse(tables[file].read_text("utf-8"), file)


def read(path: Path) -> CodeTable:
    """A code table from a file. Raises CodeTableError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CodeTableError(str(path), "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CodeTableError(str(path), "", "is not text in UTF-8") from None
    return parse(text, str(path))


def parse(text: str, file: str) -> CodeTable:
    """A code table from the text of its file; `file` is its name in messages. Raises CodeTableError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CodeTableError(file, "", f"is not TOML: {error}") from None
    words = {}
    for key, value in document.items():
        if key in SETS:
            words[key] = _rows(value, key, file)
        elif key not in _SETTINGS:
            raise CodeTableError(file, key, "is not a setting or a set of words")
        elif not isinstance(value, _SETTINGS[key]):
            raise CodeTableError(file, key, f"must be a {_SETTINGS[key].__name__}")
    if not any(words.values()) and not document.get("own_words"):
        raise CodeTableError(file, "", "is empty: it has no code, and does not say own_words = true")
    _check(words, file)
    return CodeTable(words, document.get("own_words", False), _single(document.get("single", ()), file))


def _single(types: Sequence[object], file: str) -> frozenset[str]:
    for each in types:
        if not isinstance(each, str) or each not in ID_TYPES:
            raise CodeTableError(file, "single", f"is a list of types of identifier; there are {', '.join(ID_TYPES)}")
    return frozenset(map(str, types))


def _rows(table: Any, kind: str, file: str) -> dict[str, str]:
    if not isinstance(table, dict):
        raise CodeTableError(file, kind, "must be a table of codes")
    rows = {}
    for code, row in table.items():
        if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("word", "label")):
            raise CodeTableError(file, f'{kind}."{code}"', "needs a word and a label")
        rows[code] = row["word"]
    return rows


_PLAIN = {"jurisdiction": "cn", "kind": "criminal", "offence": "other", "disposition": "convicted"}


def _with_word(kind: str, word: str) -> dict[str, Any]:
    """The smallest entry of the record format that uses `word`, a word of the set `kind`."""
    match kind:
        case "trait":
            return _PLAIN | {"traits": [word]}
        case "sentence":
            return _PLAIN | {"sentences": [{"kind": word}]}
        case "substance" | "addiction" | "conduct":
            return _PLAIN | {"drug": {kind: word}}
        case _:
            return _PLAIN | {kind: word}


@lru_cache(maxsize=4096)
def _is_ours(kind: str, word: str) -> bool:
    """Is it a word of the record format? The format's own reader is asked, so that there is one list of words."""
    try:
        read_record({"entries": [_with_word(kind, word)]})
    except RecordError:
        return False
    return True


def _check(words: Mapping[str, Mapping[str, str]], file: str) -> None:
    """Every word on the right must be one of ours: read them all as entries, and see which one is refused."""
    rows = [(kind, code, word) for kind, codes in words.items() for code, word in codes.items()]
    try:
        read_record({"entries": [_with_word(kind, word) for kind, _, word in rows]})
    except RecordError as error:
        found = re.match(r"entries\[(\d+)\]", error.field)
        kind, code, _ = rows[int(found[1])] if found else ("", "", "")
        raise CodeTableError(file, f'{kind}."{code}"', error.problem) from None
