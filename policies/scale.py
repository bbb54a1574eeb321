"""Graded assessment: a document's scale of points, and how many an entry has on it.

For each axis the first row that fits gives the points. Where the record does not say which row fits, an entry has a
range of points, and a condition that the whole range does not settle is unknown.
"""

from collections.abc import Sequence
from itertools import groupby

from policies.cases import Case
from policies.documents import Table
from policies.rules import Condition, Points, compile_condition
from policies.source import Source, take_source

_Row = tuple[Condition, int]

_OF_A_ROW = ("axis", "points", "cite", "cite_zh", "confidence", "contested", "note")


def read_scale(tables: Sequence[Table], boundary: str, source: Source) -> Points | None:
    """Compile the rows `[[scale]]` of a document; None where it has none. Raises DocumentError.

    A row is cited as the document is, unless it says its own.
    """
    rows: list[tuple[str, _Row]] = []
    for table in tables:
        axis, points = table.take_text("axis"), table.take_number("points")
        take_source(table, source)
        rest = {key: value for key, value in table.data.items() if key not in _OF_A_ROW}
        conditions = Table(rest, table.file, table.place)
        rows.append((axis, (compile_condition(conditions, boundary), points)))
        conditions.done()
    if not rows:
        return None
    rows.sort(key=lambda row: row[0])  # stable: within an axis the order of the document stays
    axes = [[row for _, row in group] for _, group in groupby(rows, key=lambda row: row[0])]

    def count(case: Case) -> tuple[int, int]:
        ranges = [_on_axis(axis, case) for axis in axes]
        return sum(low for low, _ in ranges), sum(high for _, high in ranges)

    return count


def _on_axis(rows: Sequence[_Row], case: Case) -> tuple[int, int]:
    possible: list[int] = []
    for condition, points in rows:
        fits = condition.holds(case)
        if fits is not False:
            possible.append(points)
        if fits:
            return min(possible), max(possible)
    # No row surely fits: none may, and then the axis gives no points.
    return 0, max(possible, default=0)
