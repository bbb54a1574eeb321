"""The consent receipt: the record as it was agreed to, signed (a compact JWS, RFC 7515), for the subject to keep.

Made anew whenever the subject asks on their page: the content is the same each time, only key and signature differ.
It does not name the person. That it is theirs they show by opening their page, where the same numbers stand.

Who has a receipt may ask whether we signed it, and learns what it says: no more. **Whether the consent still stands is
not told**, and is not in the receipt. An institution is told `closed` and not why; a receipt that told whether its
owner withdrew would be demanded from them, with a fresh date, and withdrawing would have a price (DESIGN §11:
nobody must be able to demand it). How it stands is told in the subject's own session alone.

For the same reason there is no inclusion proof in it: a place in the log leads to the entries of the check beside it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from joserfc import jws
from sqlalchemy.orm import Session

from gateway.consent import deployment, record
from gateway.consent.models import Consent
from gateway.db import db
from gateway.oauth import jose, receipt_keys
from gateway.oauth.signing import NoKeys

TYPE = "consent-receipt+jwt"
"""`typ` of the header (RFC 8725 §3.11): nothing else that we sign has it."""

LONGEST = jose.MAX_TOKEN
"""How long a receipt may be at most, in characters. Ours are a third of it."""

Why = Literal["unreadable", "not-ours", "changed"]


@dataclass(frozen=True)
class Looked:
    """What is found of a text that is said to be a receipt: what it says if we signed it, else why not."""

    claims: Mapping[str, Any] | None
    why: Why | None

    @property
    def told(self) -> "Told | None":
        """What it says, by the fields that a reader wants; None if we did not sign it."""
        return None if self.claims is None else _told(self.claims)


@dataclass(frozen=True)
class Told:
    """What a receipt says."""

    institution: str
    policy: str
    version: str
    title: str
    cites: str
    role: str
    role_title: str
    purpose: str
    jurisdiction: str
    given_at: datetime
    record_id: str
    receipt_id: str
    guardian: bool
    """Whether a guardian agreed as well."""


def issue(consent: Consent) -> str:
    """The receipt of a consent that was given. Raises as `record.as_agreed`."""
    try:
        with db.read() as session:
            return _sign(session, consent)
    except NoKeys:
        with db.write() as session:
            receipt_keys.prepare(session)
            return _sign(session, consent)


def verify(text: str) -> Looked:
    """Look at what somebody says is a receipt. White space, as it comes in by copying, does not matter."""
    if len(text) > 2 * LONGEST:
        return Looked(None, "unreadable")
    try:
        unverified = jose.read("".join(text.split()))
    except jose.Unreadable:
        return Looked(None, "unreadable")
    if unverified.typ != TYPE:
        return Looked(None, "unreadable")
    with db.read() as session:
        found = receipt_keys.find(session, unverified.kid or "")
    if found is None or unverified.claims.get("iss") != deployment.config().issuer:
        return Looked(None, "not-ours")
    key, algorithm = found
    if unverified.algorithm != algorithm or not jose.verifies(unverified, key):
        return Looked(None, "changed")
    return Looked(unverified.claims, None)


def _sign(session: Session, consent: Consent) -> str:
    agreed = record.as_agreed(session, consent)
    given = datetime.fromisoformat(agreed["events"][0]["event_time"])
    claims = {"iss": deployment.config().issuer, "iat": int(given.timestamp()), **agreed}
    kid, algorithm, key = receipt_keys.current(session)
    written = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    header = {"typ": TYPE, "alg": algorithm, "kid": kid}
    return jws.serialize_compact(header, written, key, algorithms=[algorithm])


def _told(claims: Mapping[str, Any]) -> Told:
    processing, (event, *_) = claims["processing"][0], claims["events"]
    notice, purpose = processing["privacy_notice"], processing["purposes"][0]
    return Told(
        institution=claims["parties"][0]["party_name"],
        policy=notice["policy"],
        version=notice["version"],
        title=notice["title"],
        cites=notice["cites"],
        role=purpose["role"],
        role_title=purpose["title"],
        purpose=purpose["purpose"],
        jurisdiction=processing["jurisdiction"],
        given_at=datetime.fromisoformat(event["event_time"]),
        record_id=claims["record_id"],
        receipt_id=claims["receipt_id"],
        guardian=any("party_role" in party for party in claims["parties"]),
    )
