"""The columns of the CSV form: one line per person, entry or sentence. `README.md` beside this file tells the form.

An empty cell says nothing: the fact is not known (and an event such as `ended_on` has not happened).
"""

import difflib
from collections.abc import Callable, Sequence
from typing import Any

PERSON = ("id_type", "id", "name", "name_script", "born")
REPORT = ("case", "body")


class CellError(Exception):
    """A cell that cannot be read: the column, and what it must hold. Never the cell itself."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(f"column {column}: {problem}")
        self.column = column
        self.problem = problem


def _text(cell: str) -> Any:
    return cell


def _flag(cell: str) -> Any:
    return {"true": True, "false": False}[cell.lower()]


def _number(cell: str) -> Any:
    return int(cell)


def _list(cell: str) -> Any:
    return [part.strip() for part in cell.split(";") if part.strip()]


_MUST: dict[Callable[[str], Any], str] = {
    _flag: "must be true, false or empty",
    _number: "must be a whole number or empty",
}

_ENTRY: dict[str, Callable[[str], Any]] = {
    "ref": _text,
    "jurisdiction": _text,
    "kind": _text,
    "offence": _text,
    "grade": _text,
    "traits": _list,
    "traits_complete": _flag,
    "disposition": _text,
    "proceeding": _text,
    "acted_on": _text,
    "decided_on": _text,
    "ended_on": _text,
    "age_at_act": _number,
    "age_at_decision": _number,
}

_DRUG = {f"drug_{name}": name for name in ("substance", "addiction", "clean_since", "conduct")}

_SENTENCE: dict[str, tuple[str, Callable[[str], Any]]] = {
    "sentence": ("kind", _text),
    "length": ("length", _text),
    "sentenced_on": ("decided_on", _text),
    "started_on": ("started_on", _text),
    "released_on": ("released_on", _text),
    "suspended": ("suspended", _flag),
    "supervised_until": ("supervised_until", _text),
    "indefinite": ("indefinite", _flag),
    "endorsed": ("endorsed", _flag),
    "consecutive": ("consecutive", _flag),
    "day_units": ("day_units", _number),
    "completed_on": ("completed_on", _text),
    "outstanding": ("outstanding", _flag),
    "revoked_on": ("revoked_on", _text),
}

COLUMNS = (*PERSON, *REPORT, *_ENTRY, *_DRUG, *_SENTENCE)


def check_header(header: Sequence[str]) -> None:
    """Are these columns of the form? Raises CellError naming the first that is not, or that is there twice."""
    for column in header:
        if column not in COLUMNS:
            near = difflib.get_close_matches(column, COLUMNS, 1)
            raise CellError(column or "(without a name)", "is not a column" + (f'; "{near[0]}"?' if near else ""))
        if header.count(column) > 1:
            raise CellError(column, "is there twice")
    if "id" not in header and not {"name", "born"} <= set(header):
        raise CellError("id", "is missing, and so is name with born")
    if "id" in header and "id_type" not in header:
        raise CellError("id_type", "is missing")


def entry(cells: dict[str, str]) -> dict[str, Any] | None:
    """The entry on one line in the record format's shape, codes untranslated; None for a person alone.

    `cells` are the cells that are not empty. Raises CellError.
    """
    document = {name: _read(name, cells, how) for name, how in _ENTRY.items() if name in cells}
    drug = {name: cells[column] for column, name in _DRUG.items() if column in cells}
    sentence = {name: _read(column, cells, how) for column, (name, how) in _SENTENCE.items() if column in cells}
    if drug:
        document["drug"] = drug
    if sentence:
        document["sentences"] = [sentence]
    if not document and any(column in cells for column in REPORT):
        raise CellError("offence", "is missing, and case or body is given")
    return document or None


def column_of(field: str) -> str:
    """The column for a field of the record format: `sentences[0].kind` → `sentence`."""
    if field.startswith("sentences"):
        inner = field.rpartition(".")[2]
        return next((column for column, (name, _) in _SENTENCE.items() if name == inner), "sentence")
    if field.startswith("drug."):
        return field.replace(".", "_", 1)
    return field.partition("[")[0]


def _read(column: str, cells: dict[str, str], how: Callable[[str], Any]) -> Any:
    try:
        return how(cells[column])
    except (KeyError, ValueError):
        raise CellError(column, _MUST[how]) from None
