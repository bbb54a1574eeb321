"""What may become of a consent, each act in one guarded statement, with its audit entry, in the caller's transaction.

An act returns whether it was this call that did it. Of two acts at the same moment one finds the state that
it needs and the other does not, whichever database is underneath.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from gateway import audit, clock, logs, notices, vault, work
from gateway.consent import deployment, given, grid, guardian, lease, record
from gateway.consent.models import Consent, Lateness
from gateway.consent.states import State, before
from gateway.db import db

MOST_DEFERRALS = 8
"""How many grid times at most an answer is deferred by lot."""

BATCH = 100
"""How many requests that are over are read at a time."""

log = logs.get("consent")

_chance = secrets.SystemRandom().random


def decided(session: Session, check_id: str) -> Consent:
    """The consent of a check, in whatever state it is. Raises NoResultFound for a check without one."""
    return session.scalars(select(Consent).where(Consent.check_id == check_id)).one()


def agree(session: Session, consent: Consent, *, draw: Callable[[], float] = _chance) -> bool:
    """The subject agrees: the release time is fixed, and the check may run; a lease begins if one was asked for.

    `draw` gives random numbers from 0 to 1. The answer is deferred by one grid time, and again, as long as the
    draw stays under the policy's observed rate of lateness, so that a late answer says little (DESIGN §1.2).
    """
    now = clock.now()
    nominal = grid.at_or_after(now + consent.hold, consent.grid)
    release = nominal + deferrals(lateness(session, consent.policy), draw) * consent.grid
    moved = _move(
        session, consent, "given", Consent.expires_at > now, guardian.nothing_missing(),
        given_at=now, nominal_release_at=nominal, release_at=release, tell_at=release - consent.margin,
        **lease.columns(consent),
    )  # fmt: skip
    if moved:
        _record(session, consent)
        given.seal(session, consent)
        lease.keep(session, consent)
        work.enqueue(session, "checks.run", consent.check_id)
    return moved


def decline(session: Session, consent: Consent) -> bool:
    """The subject declines. Nothing is asked of anybody."""
    now = clock.now()
    return _close(session, consent, "declined", now, Consent.expires_at > now)


def withdraw(session: Session, consent: Consent) -> bool:
    """The subject takes the agreement back; possible until the answer has left, even if it is late."""
    taken = _close(session, consent, "withdrawn", clock.now(), Consent.released_at.is_(None))
    if taken:
        given.take_back(session, consent)
    return taken


def cancel(session: Session, check_id: str) -> bool:
    """The institution takes its request back; possible until the subject has decided."""
    moved = _move(session, decided(session, check_id), "cancelled", closed_at=clock.now())
    if moved:
        audit.record(session, "check.closed", check_id, why="cancelled")
    return moved


@work.every("consent.expire", seconds=60)
def expire() -> None:
    """End the requests that nobody answered in their time. Their pages know the time by themselves."""
    now = clock.now()
    due = (Consent.state == "requested") & (Consent.expires_at <= now)
    while True:
        with db.read() as session:
            found = session.execute(select(Consent.id, Consent.check_id).where(due).limit(BATCH)).all()
        for consent_id, check_id in found:
            with db.write(check_id) as session:
                _close(session, session.get_one(Consent, consent_id), "expired", now, Consent.expires_at <= now)
        if len(found) < BATCH:
            return


def tell(session: Session, check_id: str) -> bool:
    """Tell the subject that the answer is there: from now on their page shows it. Do this before `release`."""
    consent = decided(session, check_id)
    told = guarded(
        session, consent, (Consent.state == "given") & Consent.told_at.is_(None), told_at=clock.now()
    )  # fmt: skip
    if told:
        inform(session, consent)
    return told


def inform(session: Session, consent: Consent) -> None:
    """Send the subject word that there is news, if there is a contact: the same words whatever it is.

    Without a contact that can be read no message is sent; nothing is held for that, their page is there.
    """
    if not consent.reachable:
        return
    try:
        contact = vault.get(session, consent.check_id, "contact")
    except (vault.Tampered, vault.Absent) as error:
        log.error("contact_damaged", check=consent.check_id, error=type(error).__name__)
        consent.reachable = False
        session.flush()
        return
    page = deployment.url("/c")
    notices.send(session, contact, "news", consent.language, institution=consent.institution, page=page)


def hold_back(session: Session, consent: Consent) -> bool:
    """Take an answer back that the subject was told and the institution cannot read yet, for a person to look again."""
    may = (Consent.state == "given") & Consent.told_at.is_not(None) & Consent.released_at.is_(None)
    return guarded(session, consent, may, told_at=None)


def opens_at(consent: Consent, leaves_at: datetime) -> datetime | None:
    """The grid time at which the institution may read an answer that leaves at `leaves_at`; None until it is told.

    If the subject was told late, because nobody did the work for a while, the institution waits: the subject has
    half of the margin at least.
    """
    if consent.told_at is None:
        return None
    return max(leaves_at, grid.at_or_after(consent.told_at + consent.margin / 2, consent.grid))


def release(session: Session, check_id: str) -> bool:
    """Let the answer leave. False if the consent does not stand any more: then it must not leave.

    In the transaction that makes the answer readable for the institution; `withdraw` fails from then on.
    """
    consent = decided(session, check_id)
    may = (Consent.state == "given") & Consent.released_at.is_(None) & (Consent.release_at <= clock.now())
    return guarded(session, consent, may, released_at=clock.now())


def shown_release_at(consent: Consent, now: datetime) -> datetime | None:
    """The release time as everybody is told it: the nominal one until it has passed, then the next grid time.

    The same for an answer that is late and for one that was deferred by lot. None before consent.
    """
    if consent.nominal_release_at is None:
        return None
    if now < consent.nominal_release_at:
        return consent.nominal_release_at
    return grid.after(now, consent.grid)


def shown_tell_at(consent: Consent, now: datetime) -> datetime | None:
    """When the subject is told, as everybody is told it: a margin before the release time that is shown then."""
    release_at = shown_release_at(consent, now + consent.margin)
    return None if release_at is None else release_at - consent.margin


def lateness(session: Session, policy_id: str) -> float:
    """The observed share that is not ready at its release time, of a policy's answers that a person looks at; 0 while
    unknown."""
    row = session.get(Lateness, policy_id)
    return 0.0 if row is None else row.rate


def observe_lateness(session: Session, policy_id: str, rate: float) -> None:
    """Note the share, from 0 to 1, that deferrals are drawn with from now on. Raises ValueError outside."""
    if not 0.0 <= rate <= 1.0:
        raise ValueError("a rate lies between 0 and 1")
    session.merge(Lateness(policy=policy_id, rate=rate, observed_at=clock.now()))


def deferrals(rate: float, draw: Callable[[], float]) -> int:
    """By how many grid times an answer is deferred: drawn at consent, before anything is known of it."""
    count = 0
    while count < MOST_DEFERRALS and draw() < rate:
        count += 1
    return count


def _close(session: Session, consent: Consent, to: State, at: datetime, *more: ColumnElement[bool]) -> bool:
    moved = _move(session, consent, to, *more, closed_at=at)
    if moved:
        _record(session, consent)
    return moved


def _move(session: Session, consent: Consent, to: State, *more: ColumnElement[bool], **values: Any) -> bool:
    """Bring a consent into another state if the table of moves and every other condition allow it now."""
    return guarded(session, consent, and_(Consent.state.in_(before(to)), *more), state=to, **values)


def guarded(session: Session, consent: Consent, may: ColumnElement[bool], **values: Any) -> bool:
    """Change the row where the condition holds in the database at this moment; read it again either way.

    Returns whether it held: of two acts at the same moment one finds that the other was first.
    """
    done = session.execute(
        update(Consent)
        .where(Consent.id == consent.id, may)
        .values(**values)
        .returning(Consent.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.refresh(consent)
    return bool(done)


def _record(session: Session, consent: Consent) -> None:
    record.begin(session, consent.check_id)
    audit.record(
        session, f"consent.{consent.state}", consent.check_id,
        consent=consent.id, policy=consent.policy, version=consent.version, role=consent.role,
    )  # fmt: skip
