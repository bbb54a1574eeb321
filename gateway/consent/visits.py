"""One browser's visit to one request: begun with the link or the code, bound to it by a cookie, proved for a while.

The cookie is a random token, kept here as a hash only. A proof replaces it, so that whoever planted or saw the
earlier one has nothing. Every request has a cookie of its own: two requests in two tabs do not meet.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.consent import tokens
from gateway.consent.models import Consent, PersonVisit, Visit
from gateway.db import forget, new_id

TERM = timedelta(hours=1)
"""How long an open page can go on to the next step without the link."""

PROOF_TERM = timedelta(minutes=15)
"""How long after a proof the request can be read and decided."""

FRESH = timedelta(minutes=5)
"""How long after a proof a result is shown."""


def begin(
    session: Session, consent: Consent, *, guardian: bool = False, proved_at: datetime | None = None
) -> tuple[Visit, str]:
    """A new visit, the subject's or their guardian's, and the token for its cookie. Visits that are long over are
    forgotten.

    It is not proved yet, unless the person has proved elsewhere who they are (`people.has_proved`): then as long ago.
    """
    now = clock.now()
    forget(session, Visit.id, Visit.expires_at < now - TERM)
    token = secrets.token_urlsafe(32)
    visit = Visit(
        id=new_id("vis"), consent_id=consent.id, token_hash=tokens.cookie_hash(token),
        guardian=guardian, created_at=now, expires_at=now + TERM, proved_at=proved_at,
    )  # fmt: skip
    session.add(visit)
    session.flush()
    return visit, token


def find(session: Session, consent_id: str, token: str, *, guardians: bool = False) -> Visit | None:
    """The visit with this cookie, if it is of this consent and not over; a guardian's only for who asks for it."""
    visit = session.scalar(select(Visit).where(Visit.token_hash.in_(tokens.cookie_hashes(token))))
    if visit is None or visit.consent_id != consent_id or visit.expires_at <= clock.now():
        return None
    if visit.guardian and not guardians:
        return None
    return visit


def end(session: Session, cookies: Iterable[str]) -> None:
    """End the visits with these cookies now."""
    for token in cookies:
        kept = Visit.token_hash.in_(tokens.cookie_hashes(token))
        session.execute(update(Visit).where(kept).values(expires_at=clock.now()))


def prove(visit: Visit) -> str:
    """Note that the subject has proved who they are; returns the token of the new cookie. The old one is dead."""
    now = clock.now()
    token = secrets.token_urlsafe(32)
    visit.token_hash = tokens.cookie_hash(token)
    visit.proved_at, visit.expires_at = now, now + TERM
    visit.code_hash = visit.code_expires_at = visit.state_hash = None
    visit.by_code = False
    return token


def proved(visit: Visit | PersonVisit, now: datetime, within: timedelta = PROOF_TERM) -> bool:
    """Whether the proof of this visit is recent enough."""
    return visit.proved_at is not None and visit.proved_at <= now < visit.proved_at + within
