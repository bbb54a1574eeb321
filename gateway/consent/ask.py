"""Asking a person for consent: a row, a link, a short code, and an invitation if a contact was named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from gateway import clock, notices
from gateway.consent import deployment, people, tokens, wording
from gateway.consent.models import Consent
from gateway.db import Base, new_id
from policies.policy import Policy, jurisdiction_of

TERM = timedelta(days=14)
"""How long a request waits for the person's answer."""


@dataclass(frozen=True)
class Asked:
    """A request, with what the institution gets to hand over. The link and the code are nowhere else in clear."""

    consent: Consent
    url: str
    code: str
    rows: Sequence[Base] = field(repr=False)
    """To be inserted with the check."""
    kept: Mapping[str, Any] = field(repr=False)
    """To be sealed under the check's id, by name."""


def ask(
    check_id: str,
    institution_name: str,
    policy: Policy,
    role: str,
    purpose: str,
    contact: Mapping[str, str] | None,
    language: str,
    hold: timedelta,
    grid: timedelta,
    lease_months: int | None = None,
    *,
    subject: Mapping[str, Any],
) -> Asked:
    """Ask for consent to one check. It stands for `TERM` from now, then it expires.

    The contact carries the invitation and proves nothing. Release times lie on `grid`, at least `hold` after
    consent. With `lease_months` they are asked for a lease too. What the person must match is the check's `subject` in
    the vault; here it is for finding again what is about one person (`people`). That no other request has the same
    short code, the database sees to.
    """
    now = clock.now()
    link, code = tokens.new_link(), tokens.new_code()
    consent = Consent(
        id=new_id("con"), check_id=check_id, institution=institution_name, state="requested",
        policy=policy.id, version=policy.version, role=role, purpose=purpose, language=wording.known(language),
        requested_at=now, expires_at=now + TERM,
        hold_seconds=int(hold.total_seconds()), grid_seconds=int(grid.total_seconds()), lease_months=lease_months,
        reachable=bool(contact), link_hash=tokens.link_hash(link), code_hash=tokens.code_hash(code),
    )  # fmt: skip
    url = deployment.url(f"/c/{link}")
    rows = [consent, *people.rows(consent.id, subject, contact)]
    if not contact:
        return Asked(consent, url, code, rows, {})
    return Asked(consent, url, code, [*rows, *_invitation(consent, contact, url, code)], {"contact": dict(contact)})


def invite(session: Session, asked: Asked, contact: Mapping[str, str]) -> None:
    """Send the invitation in this transaction, for a request that was made without one."""
    consent = asked.consent
    facts = _facts(consent, asked.url, asked.code)
    notices.send(session, contact, "invitation", consent.language, until=consent.expires_at, **facts)


def _invitation(consent: Consent, contact: Mapping[str, str], url: str, code: str) -> list[Base]:
    facts = _facts(consent, url, code)
    return notices.letter(contact, "invitation", consent.language, until=consent.expires_at, **facts)


def _facts(consent: Consent, url: str, code: str) -> dict[str, Any]:
    words = wording.Wording(consent.language, jurisdiction_of(consent.policy))
    return {
        "institution": consent.institution,
        "url": url,
        "code": code,
        "page": deployment.url("/c"),
        "expires": words.moment(consent.expires_at),
    }
