"""The words of the domain: what a registry reports of a person, and the record format that carries it.

Every field of an entry except `jurisdiction`, `kind`, `offence` and `disposition` may be absent or null, which
means *unknown*; flags (`suspended`, `indefinite`, `endorsed`, `consecutive`) absent mean no, and events that end
something (`ended_on`, `revoked_on`) absent mean not so far.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, post_load
from marshmallow import fields as ma

from policies import fields
from policies.days import Duration


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that was imposed for a matter (UK: a disposal)."""

    kind: str
    length: Duration | None = None
    decided_on: date | None = None
    started_on: date | None = None
    released_on: date | None = None
    suspended: bool = False
    supervised_until: date | None = None
    indefinite: bool = False
    endorsed: bool = False
    consecutive: bool = False
    day_units: int | None = None
    completed_on: date | None = None
    outstanding: bool | None = None
    revoked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Drug:
    """What is known of a drug matter, for graded assessment."""

    substance: str | None = None
    addiction: str | None = None
    clean_since: date | None = None
    conduct: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One matter and how it ended. Dates are days; ages are whole years; `sentences` None means not known."""

    jurisdiction: str
    kind: str
    offence: str
    disposition: str
    ref: str | None = None
    grade: str | None = None
    traits: frozenset[str] = frozenset()
    traits_complete: bool = False
    proceeding: str | None = None
    acted_on: date | None = None
    decided_on: date | None = None
    ended_on: date | None = None
    age_at_act: int | None = None
    age_at_decision: int | None = None
    sentences: tuple[Sentence, ...] | None = None
    drug: Drug | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A subject's entries, with the day of birth where a law looks at the applicant's age today."""

    entries: tuple[Entry, ...]
    born: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a registry says of one matter. `sure` is False for a candidate: it may be another person's.

    `case` and `body` (the registry's case number and deciding body) tell reports of one matter from several
    registries.
    """

    entry: Entry
    sure: bool = True
    case: str | None = None
    body: str | None = None


class RecordError(ValueError):
    """A document that is not a record: `field` is the place (`entries[0].offence`), `problem` what is wrong there.

    `problems` has every place that is wrong, this one first.
    """

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("\n".join(f"{field}: {problem}" if field else problem for field, problem in problems))
        self.problems = problems
        self.field, self.problem = problems[0]


class _Strict(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's own way to say it
        "unknown": "is not a field of the record format",
        "type": "must be an object",
    }


_MAYBE: dict[str, Any] = {"allow_none": True}


class _SentenceSchema(_Strict):
    kind = fields.Word("sentence", required=True)
    length = fields.Length(**_MAYBE)
    decided_on = fields.Day(**_MAYBE)
    started_on = fields.Day(**_MAYBE)
    released_on = fields.Day(**_MAYBE)
    suspended = fields.Flag(**_MAYBE)
    supervised_until = fields.Day(**_MAYBE)
    indefinite = fields.Flag(**_MAYBE)
    endorsed = fields.Flag(**_MAYBE)
    consecutive = fields.Flag(**_MAYBE)
    day_units = fields.Number(100_000, **_MAYBE)
    completed_on = fields.Day(**_MAYBE)
    outstanding = fields.Flag(**_MAYBE)
    revoked_on = fields.Day(**_MAYBE)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Sentence:
        if data.get("completed_on") is not None and data.get("outstanding"):
            raise ValidationError("is true although completed_on is given", "outstanding")
        _in_order(data, "started_on", "released_on")
        return Sentence(**_known(data))


class _DrugSchema(_Strict):
    substance = fields.Word("substance", **_MAYBE)
    addiction = fields.Word("addiction", **_MAYBE)
    clean_since = fields.Day(**_MAYBE)
    conduct = fields.Word("conduct", **_MAYBE)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Drug:
        return Drug(**_known(data))


class _EntrySchema(_Strict):
    ref = fields.Name(**_MAYBE)
    jurisdiction = fields.Word("jurisdiction", required=True)
    kind = fields.Word("kind", required=True)
    offence = fields.Word("offence", required=True)
    disposition = fields.Word("disposition", required=True)
    grade = fields.Word("grade", **_MAYBE)
    traits = ma.List(fields.Word("trait"), **_MAYBE)
    traits_complete = fields.Flag(**_MAYBE)
    proceeding = fields.Name(**_MAYBE)
    acted_on = fields.Day(**_MAYBE)
    decided_on = fields.Day(**_MAYBE)
    ended_on = fields.Day(**_MAYBE)
    age_at_act = fields.Number(150, **_MAYBE)
    age_at_decision = fields.Number(150, **_MAYBE)
    sentences = ma.List(ma.Nested(_SentenceSchema), **_MAYBE)
    drug = ma.Nested(_DrugSchema, **_MAYBE)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Entry:
        _in_order(data, "acted_on", "decided_on")
        _in_order(data, "decided_on", "ended_on")
        known = _known(data)
        known["traits"] = frozenset(known.get("traits", ()))
        if "sentences" in known:
            known["sentences"] = tuple(known["sentences"])
        return Entry(**known)


class _RecordSchema(_Strict):
    born = fields.Day(**_MAYBE)
    entries = ma.List(ma.Nested(_EntrySchema), required=True)


# Made once: building a schema costs more than reading an entry with it.
_RECORD = _RecordSchema()


def _known(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _in_order(data: Mapping[str, Any], first: str, second: str) -> None:
    earlier, later = data.get(first), data.get(second)
    if earlier is not None and later is not None and later < earlier:
        raise ValidationError(f"is before {first}", second)


def read_record(document: object) -> Record:
    """Read a record in its JSON form (already parsed). Raises RecordError naming every wrong field."""
    if not isinstance(document, dict):
        raise RecordError(("", 'must be an object such as {"entries": [...]}'))
    try:
        data = _RECORD.load(document)
    except ValidationError as error:
        raise RecordError(*_problems(error.messages)) from None
    return Record(tuple(data["entries"]), data.get("born"))


def _problems(messages: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            step = f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}".lstrip(".")
            yield from _problems(inner, place if key == "_schema" else step)
        return
    for text in messages if isinstance(messages, list) else [str(messages)]:
        yield place, _SAID.get(text, text.rstrip("."))


_SAID = {
    "Missing data for required field.": "is missing",
    "Field may not be null.": "may not be null",
    "Not a valid list.": "must be a list",
}
"""What marshmallow says by itself, in our words."""


def write_entry(entry: Entry | Sentence | Drug) -> dict[str, Any]:
    """The JSON form of an entry; what is unknown or at its default is left out."""
    written: dict[str, Any] = {}
    for field in dataclass_fields(entry):
        value = getattr(entry, field.name)
        stated = value is not False or field.name == "outstanding"
        if value is not None and value != frozenset() and stated:
            written[field.name] = _plain(value)
    return written


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [write_entry(item) for item in value]
    return write_entry(value) if isinstance(value, Sentence | Drug | Entry) else value
