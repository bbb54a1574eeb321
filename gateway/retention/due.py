"""Shredding on schedule: the same time after its end for every check, whatever its answer was or why it had none.

Else what is still there would be a list of the refused. An entry of the log proves it for each check, and says
nothing else. That there was a check, who asked and under which policy, is kept longer, and then deleted as well.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from gateway import audit, clock, logs, vault, work
from gateway.belief import believed
from gateway.checks import distinct, once
from gateway.checks.models import Check, Correction, Distinction, IdempotencyKey, Review
from gateway.consent import Consent, attempts, contacts, own_visits
from gateway.consent.models import ConsentPerson, Guardian, Visit
from gateway.db import UtcDateTime, db
from gateway.notices.models import Message
from gateway.retention import terms
from gateway.retention.pace import breathe
from gateway.retention.wipe import wipe
from gateway.staff import forget_old
from gateway.vault import VaultKey

PERIOD_SECONDS = 3600
BATCH = 100
"""How many owners one transaction shreds: others want to write meanwhile."""

LETTERS_KEPT = timedelta(days=30)
"""How long is kept that a message was sent; to whom and what went when it was handed over."""

_WITHOUT = ("declined", "expired", "cancelled")
"""The states in which a request ended that was never agreed to."""

log = logs.get("retention")


@work.every("retention.shred", seconds=PERIOD_SECONDS)
def tick() -> None:
    """Shred and forget what is due, if the clock is to be believed."""
    if believed():
        shredded, forgotten = shred_due(), forget_due()
        if shredded or forgotten:
            log.info("shredded", count=shredded, total=shredded + forgotten)
    wipe()  # also what others have shredded, such as messages that went


def ended(by: datetime) -> ColumnElement[bool]:
    """Of a check and its consent: whether it was over by a moment, with an answer or without.

    What a lease rests on is over when the lease is: until then the check is repeated with it.
    """
    without = and_(Consent.state.in_(_WITHOUT), Consent.closed_at <= by)
    no_lease = or_(Consent.leased_until.is_(None), Consent.lease_ended_at <= by)
    return or_(and_(Consent.released_at <= by, no_lease), Check.closed_at <= by, without)


def ended_ids(by: datetime) -> Select[str]:
    """The checks that were over by a moment."""
    return select(Check.id).join(Consent, Consent.check_id == Check.id).where(ended(by))


def overdue(now: datetime) -> Select[str]:
    """The checks whose personal data is to be shredded: their time is up, or the subject wants it so and may."""
    return _alive(or_(ended(now - terms.ours().keep), erasable(now)))


def erasable(now: datetime) -> ColumnElement[bool]:
    """Of a check and its consent: whether it ended without an answer and the subject wants nothing kept of it.

    One that was withdrawn ends for its institution at a release time, as `closed`: not before, or it would show when.
    """
    over = or_(Consent.state.in_(_WITHOUT), and_(Consent.state == "withdrawn", Check.closed_at.is_not(None)))
    return and_(over, Consent.erase_asked_at <= now)


def _alive(due: ColumnElement[bool]) -> Select[str]:
    found = select(Check.id).join(Consent, Consent.check_id == Check.id).where(due)
    return found.join(VaultKey, VaultKey.owner_id == Check.id).where(VaultKey.wrapped.is_not(None))


def lateness(session: Session) -> timedelta:
    """For how long the oldest of them has been due; nothing if none is."""
    now, keep = clock.now(), terms.ours().keep
    last = case((Consent.lease_ended_at > Consent.released_at, Consent.lease_ended_at), else_=Consent.released_at)
    end = func.min(func.coalesce(last, Check.closed_at, Consent.closed_at, type_=UtcDateTime()))
    oldest = session.scalar(_alive(ended(now - keep)).with_only_columns(end, maintain_column_froms=True))
    return timedelta(0) if oldest is None else now - keep - oldest


def shred_due() -> int:
    """Shred the personal data of every check whose time is up; returns of how many."""
    return batches(overdue(clock.now()), shred)


@work.task("retention.erase")
def erase(id: str) -> None:  # noqa: A002 - a task's one argument is called so
    """Shred a check at once whose subject wants it so; what cannot be shredded yet is met by a later tick."""
    with db.write(id) as session:
        if session.scalar(_alive(and_(Check.id == id, erasable(clock.now())))) is not None:
            shred(session, id)


def forget_due() -> int:
    """Delete what is kept of checks that ended long ago, of messages and of requests; returns how many checks."""
    now = clock.now()
    unsent = and_(Message.closed_at.is_(None), Message.until <= now - LETTERS_KEPT)  # no task could close it
    old = or_(Message.closed_at <= now - LETTERS_KEPT, unsent)
    batches(select(Message.id).where(old), _drop_message)
    with db.write() as session:
        attempts.forget_old(session, now)
        forget_old(session, now)
    batches(contacts.due(now), contacts.forget)
    while own_visits_over(now):
        breathe()
    batches(select(IdempotencyKey.id).where(IdempotencyKey.answered_at <= now - once.KEPT), once.forget)
    unused = Distinction.used_in <= (now - terms.ours().metadata).date()
    batches(select(Distinction.id).where(unused), distinct.forget)
    return batches(ended_ids(now - terms.ours().metadata), _forget)


def own_visits_over(now: datetime) -> bool:
    """Forget visits to the pages of persons that are over; whether there may be more."""
    with db.write() as session:
        return own_visits.forget_old(session, now) == own_visits.MOST_FORGOTTEN


def batches(due: Select[str], act: Callable[[Session, str], None]) -> int:
    """Do something about every id that is due, in short transactions; after a crash the next tick goes on."""
    done = 0
    while True:
        with db.write() as session:
            ids = session.scalars(due.order_by(due.selected_columns[0]).limit(BATCH)).all()
            for one in ids:
                act(session, one)
        done += len(ids)
        if len(ids) < BATCH:
            return done
        breathe()


def shred(session: Session, owner_id: str) -> None:
    """Shred what is personal of an owner; for a check, the log proves it.

    What a check is found by goes as well: an institution's reference may be a name, and whoever has the key of the
    blind index could try names. So could they with the index of the message that asked for it.
    """
    if vault.shred(session, owner_id) and (check := session.get(Check, owner_id)) is not None:
        check.reference_index = None
        for left in (Correction, Review):  # a contest that was not decided in its time
            session.execute(delete(left).where(left.check_id == owner_id))
        once.blur(session, owner_id, check.created_at)
        audit.record(session, "data.shredded", owner_id)


def _forget(session: Session, check_id: str) -> None:
    shred(session, check_id)
    consents = select(Consent.id).where(Consent.check_id == check_id)
    for statement in (
        delete(Correction).where(Correction.check_id == check_id),
        update(Consent).where(Consent.lease_of.in_(consents)).values(lease_of=None),  # repeated on a lease that is over
        delete(Review).where(Review.check_id == check_id),
        delete(Visit).where(Visit.consent_id.in_(consents)),
        delete(Guardian).where(Guardian.consent_id.in_(consents)),
        delete(ConsentPerson).where(ConsentPerson.consent_id.in_(consents)),
        delete(Consent).where(Consent.check_id == check_id),
        delete(Check).where(Check.id == check_id),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    vault.forget(session, check_id)
    audit.record(session, "check.forgotten", check_id)


def _drop_message(session: Session, message_id: str) -> None:
    session.execute(delete(Message).where(Message.id == message_id))
    vault.forget(session, message_id)
