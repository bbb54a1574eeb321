"""Base rates: how many people have a matter of each category, from a file of the regulator's own.

Nothing of the kind ships as a fact. A file has `[rate.<kind>]` tables with a share for an offence word (matched by
prefix, the longest counts; `"*"` for every other offence of the kind); `threshold`, the fewest categories that an
answer must leave open; and `repeat`, the share of those with a matter of a category who have several.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from policies import vocabulary
from policies.analysis.places import Cell
from policies.documents import DocumentError, Table

ANY = "*"


@dataclass(frozen=True)
class Rates:
    """What a file of base rates says. `note` says whose figures they are."""

    note: str
    threshold: int | None
    repeat: float | None
    rows: dict[tuple[str, str], float]

    def row_of(self, cell: Cell) -> tuple[str, str] | None:
        """The row that speaks of a cell; None where none does."""
        word, kind = cell
        named = [name for of, name in self.rows if of == kind and (word == name or word.startswith(name + "."))]
        best = max(named, key=len, default=ANY)
        return (kind, best) if (kind, best) in self.rows else None

    def of_cells(self, cells: Iterable[Cell]) -> dict[Cell, float]:
        """The rate of each cell: a row's, divided evenly over its cells."""
        rows: dict[tuple[str, str], list[Cell]] = {}
        for cell in cells:
            if (row := self.row_of(cell)) is not None:
                rows.setdefault(row, []).append(cell)
        return {cell: self.rows[row] / len(there) for row, there in rows.items() for cell in there}


def read_rates(text: str, name: str) -> Rates:
    """Read a file's text. Raises DocumentError with the place and what would be right."""
    try:
        table = Table(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(name, "", f"is not TOML: {error}") from None
    outer = table.take_table("rate")
    if outer is None:
        raise table.error("rate", "is missing: tables [rate.<kind>] with a share for each offence")
    rows = {}
    for kind in list(outer.data):
        inner = outer.take_table(outer.known(kind, kind, vocabulary.words("kind")))
        for word in list(inner.data) if inner else ():
            if inner is not None:
                known = (ANY, *vocabulary.words("offence"))
                rows[(kind, inner.known(word, word, known))] = inner.take_share(word)
    threshold = table.take_number("threshold") if table.has("threshold") else None
    repeat = table.take_share("repeat") if table.has("repeat") else None
    rates = Rates(table.take_text("note"), threshold, repeat, rows)
    table.done()
    return rates
