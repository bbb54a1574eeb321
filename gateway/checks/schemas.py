"""The messages of the checks API: what an institution may send, and the documented form of what it gets."""

from datetime import UTC
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from connectors import ids
from gateway.checks import examples, forms
from gateway.checks.openapi import Strict

PURPOSES = ("hiring", "transfer", "re-check", "volunteering", "placement", "licensing")
"""Why an institution asks. Closed, because the subject reads it in their own language before agreeing."""

STATUSES = ("awaiting_consent", "in_progress", "completed", "closed")

_MOST_NAMES = 10
_MOST_IDS = 10


class NameSchema(Strict):
    """A name as it is written in one script."""

    full = forms.Text(200, required=True, metadata={"example": "王小明"})
    script = fields.String(
        validate=forms.script,
        metadata={"description": "ISO 15924 code of the script.", "example": "Hans"},
    )


class IdSchema(Strict):
    """An official identifier."""

    type = fields.String(required=True, validate=validate.OneOf(list(ids.ID_TYPES), error="must be one of {choices}"))
    value = forms.Text(64, required=True, metadata={"example": "11010519491231002X"})

    @validates_schema(skip_on_field_errors=True)
    def has_its_form(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a value that cannot be of its type."""
        wrong = ids.ID_TYPES[data["type"]](data["value"])
        if wrong is not None:
            raise ValidationError(f"is not a valid {data['type']}: {wrong}", "value")


class ContactSchema(Strict):
    """Where an invitation may be sent. It proves nothing about who reads it."""

    email = forms.Text(254, validate=forms.email, metadata={"example": "xiaoming@mail.example"})
    phone = forms.Text(16, validate=forms.phone, metadata={"example": "+8613800138000"})

    @validates_schema
    def has_one(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a contact with nothing in it."""
        if not data:
            raise ValidationError("must have email or phone")


class PersonSchema(Strict):
    """A person, by what registries and proofs know of them."""

    called = "subject"
    """Where the person stands in the message, for what is said of them."""

    names = fields.List(
        fields.Nested(NameSchema),
        required=True,
        validate=validate.Length(1, _MOST_NAMES, error="must be {min} to {max} names"),
    )
    born = forms.BirthDay(required=True, metadata={"example": "1990-04-23"})
    ids = fields.List(
        fields.Nested(IdSchema),
        load_default=list,
        validate=validate.Length(max=_MOST_IDS, error="must be at most {max} identifiers"),
    )
    contact = fields.Nested(ContactSchema)

    @validates_schema(skip_on_field_errors=True)
    def is_one_person(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a day of birth that is not the one in an identifier: no registry would find the person."""
        for place, each in enumerate(data["ids"]):
            if ids.holds_another_day(each["type"], each["value"], data["born"]):
                raise ValidationError(f"does not fit {self.called}.ids[{place}]", "born")


class GuardianSchema(PersonSchema):
    """Who consents beside a subject that is too young to do it alone: an adult, whom you know to be the guardian."""

    called = "subject.guardian"


class SubjectSchema(PersonSchema):
    """The person a check is about."""

    guardian = fields.Nested(
        GuardianSchema,
        metadata={
            "description": "Needed where the subject is too young to consent alone in the policy's jurisdiction, and"
            " refused where not. The guardian gets a link and a code of their own, proves who they are as the subject"
            " does, and both must agree.",
            "example": examples.GUARDIAN,
        },
    )


class CheckRequestSchema(Strict):
    """A check that an institution asks for."""

    policy = forms.Text(80, required=True, metadata={"example": "cn/kindergarten"})
    role = forms.Text(80, required=True, metadata={"example": "teacher"})
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES, error="must be one of {choices}"))
    reference = forms.Text(
        100,
        allow_none=True,
        load_default=None,
        metadata={"description": "Your own word for it, given back and searchable.", "example": "applicant-2041"},
    )
    lease = forms.Term(
        allow_none=True,
        load_default=None,
        metadata={
            "description": "For how long the check may be repeated, in whole months or years, such as P3Y; where the"
            " role has a `lease`, at most its `term`. The subject is asked for both at once.",
            "example": None,
        },
    )
    subject = fields.Nested(SubjectSchema, required=True)


class IdempotencySchema(Schema):
    """The header that makes a repeated request harmless."""

    idempotency_key = fields.String(
        required=True,
        data_key="Idempotency-Key",
        validate=validate.Regexp(r"^[\x21-\x7e]{1,255}$", error="must be 1 to 255 visible ASCII characters"),
        metadata={"description": "A new random value for each check; the same value when sending it again."},
    )


class CheckQuerySchema(Strict):
    """Which checks to list."""

    reference = forms.Text(100)
    status = fields.String(validate=validate.OneOf(STATUSES, error="must be one of {choices}"))
    superseded_since = fields.AwareDateTime(
        format="iso",
        validate=forms.in_our_years,
        default_timezone=UTC,
        error_messages={"invalid": "must be a moment such as 2026-11-20T00:00:00Z"},
        metadata={
            "description": "Only checks whose answer was superseded then or later. Ask once a day, for two days back.",
            "example": "2026-11-20T00:00:00Z",
        },
    )
    cursor = fields.String(
        validate=validate.Length(max=60, error="is not a cursor of this list"),
        metadata={"description": "`next_cursor` of the page before."},
    )


class PolicyVersionSchema(Schema):
    """Which policy answers."""

    id = fields.String(required=True, metadata={"example": "cn/kindergarten"})
    version = fields.String(required=True, metadata={"example": "2025-06-01"})


class LeaseSchema(Schema):
    """Consent that lets the check be repeated: until when, and when next. A repeated check is a check of its own."""

    until = fields.Date(required=True, metadata={"description": "Its last day."})
    next = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "The day of the next check; null if none comes by then."},
    )


class CheckSchema(Schema):
    """A check as its institution sees it. Times are no finer than the policy's release grid."""

    id = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    purpose = fields.String(required=True)
    policy = fields.Nested(PolicyVersionSchema, required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, metadata={"description": "When the request for consent ends."})
    release_at = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "When the answer may be read: fixed when consent is given, and moved on if it is late."
        },
    )
    eligible = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={
            "description": "Null unless completed. True means: no bar of this policy was found in these registries on"
            " that day."
        },
    )
    valid_until = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "Null unless the policy limits its answers."}
    )
    superseded_at = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "When `eligible` took the place of an earlier answer that you may have read: the person"
            " contested it, and somebody looked again. Null for nearly all."
        },
    )
    lease = fields.Nested(
        LeaseSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null unless completed, and while no lease stands."},
    )


class WaySchema(Schema):
    """A link and a short code that leads to the same page."""

    url = fields.URL(required=True)
    code = fields.String(required=True)


class AskedSchema(WaySchema):
    """Where the subject answers: hand both to the person, on paper or otherwise."""

    guardian = fields.Nested(
        WaySchema,
        metadata={
            "description": "Where a guardian was named: for them alone. The link above is the subject's alone.",
            "example": examples.GUARDIANS_WAY,
        },
    )


class NewCheckSchema(CheckSchema):
    """A check that was just asked for, with the way to the subject's consent. Given once, and when sent again."""

    consent = fields.Nested(AskedSchema, required=True)


class CheckListSchema(Schema):
    """One page of checks, newest first."""

    checks = fields.List(fields.Nested(CheckSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class LabelSchema(Schema):
    """Words in two languages."""

    en = fields.String(required=True)
    zh = fields.String(required=True)


class LinesSchema(Schema):
    """Lines of plain words in two languages."""

    en = fields.List(fields.String(), required=True)
    zh = fields.List(fields.String(), required=True)


class OfferSchema(Schema):
    """How often a check may be repeated, and for how long a subject may be asked to agree to that at once."""

    every = fields.String(required=True, metadata={"example": "P1Y", "description": "How often, by the law."})
    term = fields.String(
        required=True, metadata={"example": "P3Y", "description": "The longest `lease` that you may ask for."}
    )


class RoleSchema(Schema):
    """A role that this institution may ask about."""

    policy = fields.Nested(PolicyVersionSchema, required=True)
    role = fields.String(required=True)
    title = fields.Nested(LabelSchema, required=True)
    label = fields.Nested(LabelSchema, required=True)
    looked_at = fields.Nested(LinesSchema, required=True, metadata={"description": "What would lead to a no."})
    not_covered = fields.List(
        fields.Nested(LabelSchema), required=True, metadata={"description": "What a yes does not say."}
    )
    lease = fields.Nested(
        OfferSchema, required=True, allow_none=True, metadata={"description": "Null where no law has it repeated."}
    )


class RoleListSchema(Schema):
    """The roles that this institution may ask about, today."""

    roles = fields.List(fields.Nested(RoleSchema), required=True)
