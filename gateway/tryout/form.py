"""What people type into the form: read strictly, and what is wrong said at its field. Nothing of it is kept."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from policies import vocabulary
from policies.model import Record, RecordError, read_record

ENTRIES = 3
"""How many made-up entries a form has."""

UNITS = {"years": "Y", "months": "M", "days": "D"}
"""The units of a sentence's length, with their letters in ISO 8601."""

NOTHING = "nothing"
"""The choice that nothing was imposed, which is not the same as not saying."""

_LONGEST = 40
_OLDEST, _LAST = 1900, 2199
_OLDEST_PERSON = 150
_WORDS = {"jurisdiction": "jurisdiction", "kind": "kind", "offence": "offence", "disposition": "disposition"}
_NEEDED = ("offence", "kind", "disposition")
_DAYS = ("acted_on", "decided_on", "ended_on")
_SENTENCE_DAYS = ("started_on", "released_on", "completed_on")
_ORDERED = (("acted_on", "decided_on", "before_act"), ("decided_on", "ended_on", "before_decision"),
            ("started_on", "released_on", "before_start"))  # fmt: skip
_FLAGS = ("suspended", "traits_complete")
_PRESET = ("jurisdiction", "unit")


@dataclass
class Typed:
    """What was typed, and what is wrong with it: by the names of the fields, the names of the words for it."""

    values: Mapping[str, str] = field(default_factory=dict)
    traits: Mapping[int, frozenset[str]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    day: date | None = None
    record: Record | None = None
    numbers: tuple[int, ...] = ()
    """Which of the form's entries the record's are."""

    def open(self, number: int, *names: str) -> bool:
        """Whether something stands, or is wrong, in one of these fields of an entry."""
        places = [f"e{number}-{name}" for name in names]
        return any(self.values.get(place) or place in self.wrong for place in places)

    def used(self, number: int) -> bool:
        """Whether anything was said of an entry."""
        return bool(self.traits.get(number)) or any(
            value and name.startswith(f"e{number}-") and name.partition("-")[2] not in _PRESET
            for name, value in self.values.items()
        )


def fields(number: int) -> dict[str, str]:
    """The names of an entry's fields, by what they hold."""
    names = (*_WORDS, *_DAYS, *_SENTENCE_DAYS, *_FLAGS, "age_at_act", "sentence", "length", "unit")
    return {name: f"e{number}-{name}" for name in names}


def read(form: MultiDict[str, str], today: date, home: str) -> Typed:
    """Read a form. `record` is there unless something is `wrong`.

    `today` and `home`, a jurisdiction, stand for the day of the answer and whose law it is where that is left out.
    """
    typed = Typed(dict(_values(form)), {n: frozenset(_traits(form, n)) for n in range(1, ENTRIES + 1)})
    typed.day = _day(typed, "day") or (None if "day" in typed.wrong else today)
    born = _day(typed, "born")
    if born is not None and typed.day is not None and born > typed.day:
        typed.wrong["born"] = "born_later"
    typed.numbers = tuple(number for number in range(1, ENTRIES + 1) if typed.used(number))
    entries = [_entry(typed, number, born, home) for number in typed.numbers]
    if not typed.wrong:
        document: dict[str, Any] = {"entries": entries, **({"born": born.isoformat()} if born else {})}
        try:
            typed.record = read_record(document)
        except RecordError as error:
            for place, _ in error.problems:
                typed.wrong[_field_of(place, typed.numbers)] = "other"
    return typed


def _values(form: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    """What stands in the fields that there are; longer than any good answer nothing is taken in."""
    names = ["day", "born", *(name for n in range(1, ENTRIES + 1) for name in fields(n).values())]
    for name in names:
        text = unicodedata.normalize("NFKC", form.get(name, "")).strip()
        yield name, "".join(one for one in text if one.isprintable())[:_LONGEST]


def _traits(form: MultiDict[str, str], number: int) -> Iterator[str]:
    return (one for one in form.getlist(f"e{number}-traits") if one in vocabulary.words("trait"))


def _entry(typed: Typed, number: int, born: date | None, home: str) -> dict[str, Any]:
    """One entry in the record format."""
    names = fields(number)
    found: dict[str, Any] = {name: _word(typed, names[name], kind) for name, kind in _WORDS.items()}
    found["jurisdiction"] = found["jurisdiction"] or home
    for name in _NEEDED:
        if not typed.values[names[name]]:
            typed.wrong[names[name]] = "missing"
    days = {name: _day(typed, names[name]) for name in (*_DAYS, *_SENTENCE_DAYS)}
    _in_order(typed, names, days, born)
    found |= {name: day.isoformat() for name, day in days.items() if day and name in _DAYS}
    if (age := _number(typed, names["age_at_act"], _OLDEST_PERSON, "age")) is not None:
        found["age_at_act"] = age
    found["traits"] = sorted(typed.traits.get(number, ()))
    found["traits_complete"] = bool(typed.values[names["traits_complete"]])
    found["sentences"] = _sentences(typed, names, {name: days[name] for name in _SENTENCE_DAYS})
    return found


def _sentences(typed: Typed, names: Mapping[str, str], days: Mapping[str, date | None]) -> list[dict[str, Any]] | None:
    """What was imposed: a list of one, an empty one for nothing, None where it is not said."""
    length = _length(typed, names)
    imposed = typed.values[names["sentence"]]
    said = [name for name in ("length", "suspended", *_SENTENCE_DAYS) if typed.values[names[name]]]
    if imposed in ("", NOTHING):
        if said:
            typed.wrong[names["sentence"]] = "no_sentence"
        return [] if imposed else None
    sentence: dict[str, Any] = {"kind": _word(typed, names["sentence"], "sentence"), "length": length}
    sentence["suspended"] = bool(typed.values[names["suspended"]])
    return [{**sentence, **{name: day.isoformat() for name, day in days.items() if day}}]


def _length(typed: Typed, names: Mapping[str, str]) -> str | None:
    number = _number(typed, names["length"], 9_999, "length")
    letter = UNITS.get(typed.values[names["unit"]] or next(iter(UNITS)))
    if letter is None:
        typed.wrong[names["unit"]] = "word"
    return None if number is None or letter is None else f"P{number}{letter}"


def _in_order(typed: Typed, names: Mapping[str, str], days: Mapping[str, date | None], born: date | None) -> None:
    for first, second, problem in _ORDERED:
        earlier, later = days[first], days[second]
        if earlier and later and later < earlier:
            typed.wrong.setdefault(names[second], problem)
    acted = days["acted_on"]
    if born and acted and acted < born:
        typed.wrong.setdefault(names["acted_on"], "before_birth")


def _word(typed: Typed, name: str, kind: str) -> str:
    word = typed.values[name]
    if word and word not in vocabulary.words(kind):
        typed.wrong[name] = "word"
    return word


def _number(typed: Typed, name: str, most: int, problem: str) -> int | None:
    text = typed.values[name]
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) > most:
        typed.wrong[name] = problem
        return None
    return int(text)


def _day(typed: Typed, name: str) -> date | None:
    text = typed.values[name]
    if not text:
        return None
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        typed.wrong[name] = "day"
        return None
    if not _OLDEST <= day.year <= _LAST:
        typed.wrong[name] = "year"
        return None
    return day


def _field_of(place: str, numbers: tuple[int, ...]) -> str:
    """The form's field behind a place in the record; the entry's first where there is no such field."""
    match = re.match(r"entries\[(\d+)\]\.(?:.*\.)?(\w+)", place)
    if match is None:
        return "born" if place == "born" else "day"
    names = fields(numbers[int(match[1])])
    return names.get(match[2], names["offence"])
