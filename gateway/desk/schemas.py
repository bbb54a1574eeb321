"""The messages of the adjudicator's API."""

from marshmallow import Schema, fields, validate

from gateway.checks.openapi import Strict
from gateway.checks.schemas import LabelSchema, LinesSchema, PolicyVersionSchema

DECISIONS = ("confirm", "overturn", "eligible", "ineligible")


class DecisionSchema(Strict):
    """What a person decided."""

    decision = fields.String(
        required=True,
        validate=validate.OneOf(DECISIONS, error="must be one of {choices}"),
        metadata={"description": "One of the review's `decisions`."},
    )


class ReviewQuerySchema(Strict):
    """Which page of reviews."""

    cursor = fields.String(metadata={"description": "`next_cursor` of the page before."})


class ReviewSchema(Schema):
    """A check that waits for a person. Neither the institution nor the subject is named."""

    id = fields.String(required=True)
    policy = fields.Nested(PolicyVersionSchema, required=True)
    role = fields.String(required=True)
    why = fields.String(required=True, validate=validate.OneOf(("refusal", "undetermined", "sample")))
    opened_at = fields.DateTime(required=True)


class ReviewListSchema(Schema):
    """One page of reviews that wait, oldest first."""

    reviews = fields.List(fields.Nested(ReviewSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MatterSchema(Schema):
    """One entry, reduced to the fields that the bar looks at; what is unknown of them is null."""

    counts = fields.String(required=True, validate=validate.OneOf(("yes", "no", "unknown")))
    sure = fields.Boolean(required=True, metadata={"description": "False: it may be another person's."})
    level = fields.String(
        required=True, allow_none=True, metadata={"description": "Its seal level; null if unsettled."}
    )
    entry = fields.Dict(required=True, metadata={"description": "In the record format."})


class BarSchema(Schema):
    """A bar that the answer turns on."""

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


class QuestionSchema(ReviewSchema):
    """The question, with the entries that it is about, fetched at this moment and kept nowhere."""

    day = fields.Date(required=True, metadata={"description": "The day whose law answers."})
    decisions = fields.List(fields.String(), required=True)
    changed = fields.Boolean(
        required=True,
        metadata={"description": "The registries answer otherwise than when this came to the desk."},
    )
    looked_at = fields.Nested(LinesSchema, required=True)
    bars = fields.List(fields.Nested(BarSchema), required=True)


class DecidedSchema(Schema):
    """A review that has its decision."""

    id = fields.String(required=True)
    decision = fields.String(required=True)
    decided_at = fields.DateTime(required=True)
