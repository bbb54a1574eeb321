"""Asking a person for consent: a row, a link, a short code, and an invitation if a contact was named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock, notices, vault, work
from gateway.consent import deployment, tokens, wording
from gateway.consent.models import Consent
from gateway.db import new_id
from policies.policy import Policy, jurisdiction_of

TERM = timedelta(days=14)
"""How long a request waits for the person's answer."""


@dataclass(frozen=True)
class Asked:
    """What the institution gets to hand over. The link and the code are nowhere else in clear."""

    consent_id: str
    url: str
    code: str
    expires_at: datetime


def ask(
    session: Session,
    check_id: str,
    institution_name: str,
    policy: Policy,
    role: str,
    purpose: str,
    contact: Mapping[str, str] | None,
    language: str,
    hold: timedelta,
    grid: timedelta,
) -> Asked:
    """Ask for consent to one check, in this transaction. It stands for `TERM`, then it expires.

    The contact carries the invitation and proves nothing. Release times lie on `grid`, at least `hold` after
    consent. What the person must match is the check's `subject` in the vault.
    """
    now = clock.now()
    link, code = tokens.new_link(), _unused_code(session)
    consent = Consent(
        id=new_id("con"), check_id=check_id, institution=institution_name,
        policy=policy.id, version=policy.version, role=role, purpose=purpose, language=wording.known(language),
        requested_at=now, expires_at=now + TERM,
        hold_seconds=int(hold.total_seconds()), grid_seconds=int(grid.total_seconds()),
        reachable=bool(contact), link_hash=tokens.link_hash(link), code_hash=tokens.code_hash(code),
    )  # fmt: skip
    session.add(consent)
    session.flush()
    asked = Asked(consent.id, deployment.url(f"/c/{link}"), code, consent.expires_at)
    work.enqueue(session, "consent.expire", consent.id, at=consent.expires_at)
    if contact:
        vault.put(session, check_id, "contact", dict(contact))
        _invite(session, consent, contact, asked)
    return asked


def _unused_code(session: Session) -> str:
    while True:
        code = tokens.new_code()
        if session.scalar(select(Consent.id).where(Consent.code_hash.in_(tokens.code_hashes(code)))) is None:
            return code


def _invite(session: Session, consent: Consent, contact: Mapping[str, str], asked: Asked) -> None:
    words = wording.Wording(consent.language, jurisdiction_of(consent.policy))
    notices.send(
        session, contact, "invitation", consent.language, until=consent.expires_at,
        institution=consent.institution, url=asked.url, code=asked.code,
        page=deployment.url("/c"), expires=words.moment(consent.expires_at),
    )  # fmt: skip
