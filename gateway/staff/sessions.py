"""Sessions: a random token in a cookie, kept here as a hash only, new at every sign-in.

Whoever planted a cookie before has nothing: a token that we did not give is never taken on. A session ends after a
quarter of an hour without use, after eight hours at most, when its owner signs out or changes the password, and when
the operator revokes them.
"""

import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway import clock, vault
from gateway.db import db, forget
from gateway.staff.models import Staff, StaffSession

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
SEEN_EVERY = timedelta(minutes=1)
"""How often the use of a session is written down."""


def begin(session: Session, staff: Staff, *, enrolling: bool = False) -> str:
    """A new session; returns the token for its cookie. Sessions that are long over are forgotten."""
    now, token = clock.now(), secrets.token_urlsafe(32)
    forget(session, StaffSession.id, StaffSession.expires_at < now)
    kept = vault.index("staff-session", token)
    begun = StaffSession(staff=staff, token_hash=kept, enrolling=enrolling, seen_at=now, expires_at=now + LONGEST)
    session.add(begun)
    session.flush()
    return token


def find(session: Session, token: str) -> StaffSession | None:
    """The session with this cookie, if it lasts and its owner works here."""
    now = clock.now()
    found = session.scalar(select(StaffSession).where(StaffSession.token_hash.in_(hashes(token))))
    if found is None or found.expires_at <= now or found.seen_at + IDLE <= now or found.staff.revoked_at is not None:
        return None
    return found


def used(found: StaffSession) -> None:
    """Note that a session was used just now, if that was not noted lately. Call it outside of transactions."""
    now = clock.now()
    if found.seen_at + SEEN_EVERY > now:
        return
    with db.write(found.id) as session:
        row = session.get(StaffSession, found.id)
        if row is not None:  # it may have ended meanwhile
            row.seen_at = now


def end(session: Session, token: str) -> None:
    """End the session with this cookie, if there is one."""
    session.execute(delete(StaffSession).where(StaffSession.token_hash.in_(hashes(token))))


def end_all(session: Session, staff_id: str) -> None:
    """End every session of one person."""
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))


def hashes(token: str) -> tuple[str, ...]:
    """What a session is found by."""
    return vault.indexes("staff-session", token)
