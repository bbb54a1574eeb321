"""From which age a person consents to a check alone, by jurisdiction: `ages.toml`, read strictly.

Where no law is on the shelf a caution of ours counts, which says so. The file is no version of anything: it decides who
is asked for consent today, never an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from policies import documents, vocabulary
from policies.documents import Table
from policies.source import Source, take_source

FILE = "ages.toml"


@dataclass(frozen=True, slots=True)
class Ages:
    """What a law, or our caution, says. Ages are in whole years."""

    alone: int
    """From this age on a person consents alone; before, a guardian joins."""
    adult: int
    """From this age on somebody may be the guardian."""
    note: str
    source: Source | None
    """The law; None for our caution."""
    checked: date | None

    def minor(self, born: date, day: date) -> bool:
        """Whether somebody needs a guardian on a day."""
        return age(born, day) < self.alone

    def may_guard(self, born: date, day: date) -> bool:
        """Whether somebody is old enough to be a guardian on a day."""
        return age(born, day) >= self.adult


def age(born: date, day: date) -> int:
    """Whole years on a day. A birthday of 29 February is kept on 1 March in a common year: the later, cautious day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def of(jurisdiction: str) -> Ages:
    """What counts in a jurisdiction: its row of the shipped file, else our caution."""
    rows, otherwise = _shipped()
    return rows.get(jurisdiction, otherwise)


def read(root: Traversable | Path) -> tuple[Mapping[str, Ages], Ages]:
    """The rows of the file under `root` by jurisdiction, and our caution. Raises DocumentError."""
    table, _ = documents.read(root / FILE, FILE)
    rows: dict[str, Ages] = {}
    for one in table.take_tables("age"):
        jurisdiction = one.take_word("jurisdiction", vocabulary.words("jurisdiction"))
        if jurisdiction in rows:
            raise one.error("jurisdiction", f'"{jurisdiction}" has a row already')
        rows[jurisdiction] = _row(one)
    otherwise = table.take_table("otherwise")
    if otherwise is None:
        raise table.error("otherwise", "is missing: what is done where no law is on the shelf")
    caution = _ages(otherwise, None, None)
    table.done()
    return rows, caution


def _row(table: Table) -> Ages:
    return _ages(table, take_source(table), table.take_day("checked"))


def _ages(table: Table, source: Source | None, checked: date | None) -> Ages:
    alone, adult = table.take_number("alone"), table.take_number("adult")
    if not 0 < alone <= adult:
        raise table.error("alone", "must be an age from 1 up to that of an adult")
    note = table.take_text("note")
    table.done()
    return Ages(alone, adult, note, source, checked)


@cache
def _shipped() -> tuple[Mapping[str, Ages], Ages]:
    return read(files("policies"))
