"""Reading a TOML document strictly: every key is taken by name, every word is known, and an error has its place."""

import hashlib
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from policies import vocabulary
from policies.days import Duration

_REQUIRED: Any = object()

_FEW = 8
"""So many words of a closed set are listed in a message."""


class DocumentError(ValueError):
    """A document that cannot be used: `file`, `place` (table and key, or line) and `problem`, in that order."""

    def __init__(self, file: str, place: str, problem: str) -> None:
        super().__init__(f"{file}: {place}: {problem}" if place else f"{file}: {problem}")
        self.file = file
        self.place = place
        self.problem = problem


class Table:
    """One table of a document. Each `take_…` reads a key; `done` refuses the keys that nobody took."""

    def __init__(self, data: dict[str, Any], file: str, place: str = "") -> None:
        self.data = data
        self.file = file
        self.place = place
        self._taken: set[str] = set()
        self._possible: set[str] = set()

    def error(self, key: str, problem: str) -> DocumentError:
        """An error at `key` of this table."""
        return DocumentError(self.file, f"{self.place}.{key}".strip("."), problem)

    def may_have(self, keys: Iterable[str]) -> None:
        """Keys that could stand here: one of them may be meant by one that is not known."""
        self._possible.update(keys)

    def has(self, key: str) -> bool:
        """Is the key there?"""
        return key in self.data

    def _take(self, key: str, kinds: type | tuple[type, ...], what: str, default: Any) -> Any:
        self._taken.add(key)
        if key not in self.data:
            if default is _REQUIRED:
                raise self.error(key, f"is missing; it must be {what}")
            return default
        value = self.data[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise self.error(key, f"must be {what}")
        return value

    def take_text(self, key: str, default: Any = _REQUIRED) -> str:
        """A text that is not empty."""
        text: str = self._take(key, str, "a text in quotes", default)
        if text is not None and key in self.data and not text.strip():
            raise self.error(key, "is empty")
        return text

    def take_label(self, key: str, default: Any = _REQUIRED) -> dict[str, str]:
        """A text in English and Chinese: `{ en = "…", zh = "…" }`."""
        value = self._take(key, dict, "a text in two languages, { en = …, zh = … }", default)
        return self._label(key, value) if key in self.data else value

    def take_labels(self, key: str) -> tuple[dict[str, str], ...]:
        """A list of texts, each in English and Chinese; empty when absent."""
        values = self._take(key, list, "a list of { en = …, zh = … }", [])
        return tuple(self._label(key, value) for value in values)

    def _label(self, key: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or set(value) != {"en", "zh"} or not all(map(str, value.values())):
            raise self.error(key, "must be a text in two languages, { en = …, zh = … }")
        return {language: str(text) for language, text in value.items()}

    def take_flag(self, key: str, default: Any = False) -> bool:
        """True or false."""
        value: bool = self._take(key, bool, "true or false", default)
        return value

    def take_number(self, key: str, default: Any = _REQUIRED) -> int:
        """A whole number."""
        value: int = self._take(key, int, "a whole number", default)
        return value

    def take_share(self, key: str, default: Any = _REQUIRED) -> float:
        """A share from 0 to 1."""
        value = self._take(key, (int, float), "a share from 0 to 1", default)
        if not 0 <= value <= 1:
            raise self.error(key, "must be a share from 0 to 1")
        return float(value)

    def take_day(self, key: str, default: Any = _REQUIRED) -> date:
        """A day, written as TOML writes one: 2026-01-01 without quotes."""
        value: date = self._take(key, date, "a day such as 2026-01-01, without quotes", default)
        if isinstance(value, datetime):
            raise self.error(key, "must be a day such as 2026-01-01, without a time")
        return value

    def take_duration(self, key: str, default: Any = _REQUIRED) -> Duration:
        """An ISO 8601 duration of whole years, months, weeks, days."""
        value = self._take(key, str, "a duration such as P3Y", default)
        return self.duration(key, value) if key in self.data else value

    def duration(self, key: str, value: Any) -> Duration:
        """Read a duration that stands at `key`."""
        try:
            return Duration.parse(value)
        except (ValueError, TypeError):
            raise self.error(key, "must be a duration such as P3Y, P6M or P10D") from None

    def take_word(self, key: str, known: Iterable[str], default: Any = _REQUIRED) -> str:
        """One word of a closed set."""
        known = list(known)
        among = f" out of {', '.join(known)}" if len(known) <= _FEW else ""
        value: str = self._take(key, str, f"a word in quotes{among}", default)
        return self.known(key, value, known) if key in self.data else value

    def take_words(self, key: str, known: Iterable[str] | None, default: Any = _REQUIRED) -> tuple[str, ...]:
        """A list of words, of a closed set unless `known` is None; never empty when it is there."""
        values = self._take(key, list, "a list of words", default)
        if key not in self.data:
            return tuple(values)
        if not values or not all(isinstance(value, str) for value in values):
            raise self.error(key, "must be a list of words with at least one in it")
        if len(set(values)) != len(values):
            raise self.error(key, "names a word twice")
        return tuple(value if known is None else self.known(key, value, known) for value in values)

    def known(self, key: str, value: str, known: Iterable[str]) -> str:
        """Check a word against a closed set."""
        known = list(known)
        if value not in known:
            raise self.error(key, f'"{value}" is not known{vocabulary.nearest(value, known)}')
        return value

    def take_table(self, key: str) -> "Table | None":
        """A table within this one, or None."""
        value = self._take(key, dict, "a table", None)
        return None if value is None else Table(value, self.file, f"{self.place}.{key}".strip("."))

    def take_tables(self, key: str) -> list["Table"]:
        """The tables of an array `[[key]]`; empty when absent. A table is called by its `id` or title."""
        values = self._take(key, list, f"tables written [[{key}]]", [])
        if not all(isinstance(value, dict) for value in values):
            raise self.error(key, f"must be tables written [[{key}]]")
        names = [value.get("id", value.get("title", number)) for number, value in enumerate(values, 1)]
        places = [f"{self.place}.{key}[{name}]".strip(".") for name in names]
        return [Table(value, self.file, place) for place, value in zip(places, values, strict=True)]

    def take_any(self, key: str) -> Any:
        """A value that somebody else reads (a record, say)."""
        self._taken.add(key)
        if key not in self.data:
            raise self.error(key, "is missing")
        return self.data[key]

    def done(self) -> None:
        """Refuse every key that nobody took. Raises DocumentError with what it may have meant."""
        for key in self.data:
            if key not in self._taken:
                raise self.error(key, f"is not a known key{vocabulary.nearest(key, self._taken | self._possible)}")


def read(file: Traversable | Path, name: str) -> tuple[Table, str]:
    """Read a TOML file: its root table and its digest (`sha256:…` of the bytes). Raises DocumentError."""
    content = file.read_bytes()
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(name, "", f"is not TOML: {error}") from None
    except UnicodeDecodeError:
        raise DocumentError(name, "", "is not UTF-8 text") from None
    return Table(data, name), f"sha256:{hashlib.sha256(content).hexdigest()}"
