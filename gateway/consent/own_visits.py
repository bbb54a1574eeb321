"""One browser's visit to the page with everything about one person: no link leads there, and no request is named.

As a visit to a request (`visits`): the cookie is a random token, kept as a hash only and replaced by a proof; a visit
lasts an hour, and a proof ages meanwhile. Who it is, is in the vault under the visit's own id and goes with the visit.
"""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock, vault
from gateway.consent import tokens
from gateway.consent.models import PersonVisit
from gateway.consent.people import Person
from gateway.consent.visits import TERM
from gateway.db import new_id

PAGE = "/c/mine"
"""Where everything about a person is shown."""

COOKIE = "sealgate-mine"

MOST_FORGOTTEN = 100
"""How many visits that are over a new one forgets at most; retention forgets the rest."""

_PERSON = "person"


def begin(session: Session) -> tuple[PersonVisit, str]:
    """A new visit of nobody yet, and the token for its cookie. Visits that are over are forgotten."""
    now = clock.now()
    forget_old(session, now)
    token = secrets.token_urlsafe(32)
    visit = PersonVisit(
        id=new_id("own"), token_hash=tokens.cookie_hash(token), created_at=now, expires_at=now + TERM
    )  # fmt: skip
    session.add(visit)
    session.flush()
    return visit, token


def prove(session: Session, visit: PersonVisit, person: Person, at: datetime | None = None) -> str:
    """Note who it is, who has proved it now or at an earlier moment; returns the token of the new cookie."""
    now = clock.now()
    token = secrets.token_urlsafe(32)
    visit.token_hash = tokens.cookie_hash(token)
    visit.proved_at, visit.expires_at, visit.state_hash = at or now, now + TERM, None
    vault.put(session, visit.id, _PERSON, person.as_json())
    return token


def find(session: Session, token: str) -> PersonVisit | None:
    """The visit with this cookie, if it is not over."""
    visit = session.scalar(select(PersonVisit).where(PersonVisit.token_hash.in_(tokens.cookie_hashes(token))))
    return None if visit is None or visit.expires_at <= clock.now() else visit


def person(session: Session, visit: PersonVisit) -> Person:
    """Who it is. Raises vault.Absent for a visit that was never proved."""
    return Person.read(vault.get(session, visit.id, _PERSON))


def end(session: Session, visit: PersonVisit) -> None:
    """Forget a visit and whose it was."""
    vault.forget(session, visit.id)
    session.delete(visit)
    session.flush()


def forget_old(session: Session, now: datetime) -> int:
    """Forget visits that are over, except those that another transaction is just forgetting; returns how many."""
    over = select(PersonVisit).where(PersonVisit.expires_at <= now).limit(MOST_FORGOTTEN)
    visits = session.scalars(over.with_for_update(skip_locked=True)).all()
    for visit in visits:
        end(session, visit)
    return len(visits)
