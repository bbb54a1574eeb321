"""The one call of the API that needs no token: did you sign this consent receipt?

Signature and content, nothing else: not how the consent stands (`gateway.consent.receipt` says why). Nothing of what
is sent is kept or logged.
"""

import json
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from gateway import problems
from gateway.checks.openapi import BAD_MESSAGE, Doors, Strict
from gateway.consent import receipt
from gateway.limits import Overloaded

receipts = Doors(
    "receipts", __name__, url_prefix="/v1", description="See whether a consent receipt is ours. Needs no token."
)
receipts.before_request(problems.require_json)

_SAID = {
    "institution": "Sunflower Kindergarten",
    "policy": {"id": "cn/kindergarten", "version": "2025-06-01"},
    "role": "teacher",
    "purpose": "hiring",
    "jurisdiction": "cn",
    "given_at": "2026-11-20T07:20:00Z",
    "record_id": "7f0f3f0e-57a4-4d0b-9a0c-0d7b4f6f2c11",
    "receipt_id": "1c0c6d2e-0b0e-4a55-8f5c-4f4b3d0c9a77",
    "guardian": False,
}
EXAMPLE = {"signed": True, "why": None, "says": _SAID}
REQUEST = {"receipt": "eyJ0eXAiOiJjb25zZW50LXJlY2VpcHQrand0I….eyJpc3MiOiJodHRwczov….dGhlIHNpZ25hdHVyZQ"}


class ReceiptSchema(Strict):
    """A consent receipt as its owner has it."""

    receipt = fields.String(
        required=True,
        validate=validate.Length(1, receipt.LONGEST, error="must be 1 to {max} characters"),
        metadata={"description": "A compact JWS (RFC 7515) with the `typ` `consent-receipt+jwt`."},
    )


class PolicyNameSchema(Schema):
    """The rules that were agreed to."""

    id = fields.String(required=True)
    version = fields.String(required=True)


class SaidSchema(Schema):
    """What a receipt says."""

    institution = fields.String(required=True, metadata={"description": "Who asked, by the name that was shown."})
    policy = fields.Nested(PolicyNameSchema, required=True)
    role = fields.String(required=True)
    purpose = fields.String(required=True)
    jurisdiction = fields.String(required=True)
    given_at = fields.DateTime(required=True, metadata={"description": "When the person agreed."})
    record_id = fields.UUID(required=True, metadata={"description": "Of the consent record. It leads to nobody."})
    receipt_id = fields.UUID(required=True)
    guardian = fields.Boolean(
        required=True,
        metadata={"description": "Whether a guardian agreed as well, because the person was too young to do it alone."},
    )


class LookedSchema(Schema):
    """Whether a receipt is ours, and then what it says."""

    signed = fields.Boolean(
        required=True, metadata={"description": "Whether we signed it. Not whether the consent still stands."}
    )
    why = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(["unreadable", "not-ours", "changed", None]),
        metadata={"description": "Why not: no receipt, not a key of ours, or a signature that does not fit."},
    )
    says = fields.Nested(SaidSchema, required=True, allow_none=True)


@receipts.post("/consent-receipts/verify")
@receipts.reads(ReceiptSchema, example=REQUEST)
@receipts.answers(200, LookedSchema, example=EXAMPLE)
@receipts.refuses(*BAD_MESSAGE, problems.InvalidFields, Overloaded)
def verify(message: dict[str, Any]) -> Response:
    """Look at a consent receipt

    Did we sign it, and what does it say? It does not name the person, and nobody is told here whether the consent
    still stands: only its owner is, on their own page. You can do the same yourself with the keys at `/oauth/jwks`.
    """
    looked = receipt.verify(message["receipt"])
    told = looked.told
    body = {"signed": told is not None, "why": looked.why, "says": None if told is None else _said(told)}
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")


def _said(told: receipt.Told) -> dict[str, Any]:
    return {
        "institution": told.institution,
        "policy": {"id": told.policy, "version": told.version},
        "role": told.role,
        "purpose": told.purpose,
        "jurisdiction": told.jurisdiction,
        "given_at": told.given_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "record_id": told.record_id,
        "receipt_id": told.receipt_id,
        "guardian": told.guardian,
    }
