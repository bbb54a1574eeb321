"""The messages of the adjudicator's API."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gateway.checks.openapi import Strict
from gateway.checks.schemas import LabelSchema, LinesSchema, PolicyVersionSchema
from gateway.desk.decide import ALL_REASONS, CHOICES

DECISIONS = tuple(dict.fromkeys(word for words in CHOICES.values() for word in words))
GROUNDS = ("person", "fact", "law")

_HANDLE = validate.Regexp("^[0-9a-f]{32}$", error="must be a handle of the question")
_BAR = validate.Regexp("^[!-~]{1,80}$", error="must be the id of a bar of the question")
_SEEN = validate.Regexp("^[!-~]{0,64}$", error="must be the token of the question")


def _one_of(*words: str) -> validate.OneOf:
    return validate.OneOf(words, error="must be one of {choices}")


class DecisionSchema(Strict):
    """What a person decided: a word, or answers from which the decision follows."""

    decision = fields.String(validate=_one_of(*DECISIONS), metadata={"description": "One of the review's `decisions`."})
    persons = fields.Dict(
        keys=fields.String(validate=_HANDLE),
        values=fields.String(validate=_one_of("same", "other")),
        metadata={
            "description": "Of every handle in `persons` of the question, whether it is the same person's.",
            "example": {"5b0c3f2e9d8a47718c60e2f1a4d3b596": "other"},
        },
    )
    bars = fields.Dict(
        keys=fields.String(validate=_BAR),
        values=fields.String(validate=_one_of("yes", "no")),
        metadata={
            "description": "Of each bar that is open even so, by its id, whether it holds.",
            "example": {"teacher-violence": "no"},
        },
    )
    seen = fields.String(
        validate=_SEEN,
        metadata={
            "description": "The question's `seen`. Needed with answers; with a word, it sees that nothing changed."
        },
    )
    reason = fields.String(
        required=True,
        validate=_one_of(*ALL_REASONS),
        metadata={"description": "One of the question's `reasons` for what is decided. Sealed in the log."},
    )

    @validates_schema(skip_on_field_errors=True)
    def says_it_one_way(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a message with no decision, and one with two."""
        answers = "persons" in data or "bars" in data
        if "decision" not in data and not answers:
            raise ValidationError("is missing, or else persons and bars", "decision")
        if "decision" in data and answers:
            raise ValidationError("must not come with persons or bars: it follows from them", "decision")
        if answers and "seen" not in data:
            raise ValidationError("is missing", "seen")


class ReviewQuerySchema(Strict):
    """Which page of reviews."""

    cursor = fields.String(metadata={"description": "`next_cursor` of the page before."})


class ReviewSchema(Schema):
    """A check that waits for a person. Neither the institution nor the subject is named, nor why it waits."""

    id = fields.String(required=True)
    policy = fields.Nested(PolicyVersionSchema, required=True)
    role = fields.String(required=True)
    due_at = fields.DateTime(
        required=True, metadata={"description": "When the answer may leave at the earliest. The list is in this order."}
    )


class ReviewListSchema(Schema):
    """One page of reviews that wait, what is due first before the others."""

    reviews = fields.List(fields.Nested(ReviewSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MatterSchema(Schema):
    """One entry, reduced to the fields that the bar looks at; what is unknown of them is null."""

    counts = fields.String(required=True, validate=validate.OneOf(("yes", "no", "unknown")))
    sure = fields.Boolean(required=True, metadata={"description": "False: it may be another person's."})
    handle = fields.String(
        required=True, allow_none=True, metadata={"description": "Of one in question, as in `persons`."}
    )
    level = fields.String(
        required=True, allow_none=True, metadata={"description": "Its seal level; null if unsettled."}
    )
    entry = fields.Dict(required=True, metadata={"description": "In the record format."})


class BarSchema(Schema):
    """A bar that the answer turns on."""

    id = fields.String(required=True)
    question = fields.Nested(LabelSchema, required=True)
    cite = fields.String(required=True)
    holds = fields.String(required=True, validate=validate.OneOf(("yes", "no", "unknown")))
    confidence = fields.String(required=True)
    contested = fields.Boolean(required=True)
    at_least = fields.Integer(required=True, metadata={"description": "How many entries it takes."})
    entries = fields.List(fields.Nested(MatterSchema), required=True)
    withheld = fields.Integer(
        required=True, metadata={"description": "How many entries may not be shown, their seal being unsettled."}
    )


class PersonSchema(Schema):
    """A candidate: is this the same person? The registry's particulars are not shown, nor the subject's."""

    handle = fields.String(required=True, metadata={"description": "Opaque; good for this review."})
    found = fields.String(required=True, metadata={"description": "By what the registry found it."})
    age_fits = fields.String(
        required=True,
        validate=_one_of("yes", "no", "unknown"),
        metadata={"description": "Whether an age that the registry gives is the person's; unknown if it gives none."},
    )
    bars = fields.List(fields.String(), required=True, metadata={"description": "The bars that turn on it, by id."})
    entry = fields.Dict(required=True, metadata={"description": "In the record format."})


class ReasonsSchema(Schema):
    """For each decision the words that may be its reason."""

    confirm = fields.List(fields.String(validate=_one_of(*ALL_REASONS)))
    overturn = fields.List(fields.String(validate=_one_of(*ALL_REASONS)))
    eligible = fields.List(fields.String(validate=_one_of(*ALL_REASONS)))
    ineligible = fields.List(fields.String(validate=_one_of(*ALL_REASONS)))


class QuestionSchema(ReviewSchema):
    """The question, with the entries that it is about, fetched at this moment and kept nowhere."""

    why = fields.String(required=True, validate=_one_of(*CHOICES))
    ground = fields.String(
        required=True,
        allow_none=True,
        validate=_one_of(*GROUNDS),
        metadata={"description": "Of a contest: what the subject says is wrong."},
    )
    opened_at = fields.DateTime(required=True)
    day = fields.Date(required=True, metadata={"description": "The day whose law answers."})
    decisions = fields.List(fields.String(), required=True)
    reasons = fields.Nested(ReasonsSchema, required=True)
    changed = fields.Boolean(
        required=True,
        metadata={"description": "The registries answer otherwise than when this came to the desk."},
    )
    looked_at = fields.Nested(LinesSchema, required=True)
    bars = fields.List(fields.Nested(BarSchema), required=True)
    persons = fields.List(fields.Nested(PersonSchema), required=True)
    seen = fields.String(
        required=True, metadata={"description": "Stands for what is in question; another as soon as that changes."}
    )


class DecidedSchema(Schema):
    """A review that has its decision."""

    id = fields.String(required=True)
    decision = fields.String(required=True, validate=_one_of(*DECISIONS))
    decided_at = fields.DateTime(required=True)
