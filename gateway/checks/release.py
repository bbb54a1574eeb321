"""Answers leave at their release time, all of one time together, and whatever is known of them (DESIGN §1.2).

A margin before the release time, which is the same for all:
    lay    into the audit log, those of one time in one go and in random order
           … under a signed checkpoint
    tell   the subject, whose page shows the result from now on
At the release time:
    open   for the institution

A check that is not ready a margin before its release time waits for the next grid time. One that was deferred by lot,
or withdrawn, waits for its own. One that the subject contests meanwhile is held until a person has decided again.
Each phase is a transaction and finds by itself what is due, so that after a crash the next tick goes on where this
one stopped.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gateway import audit, clock, logs, vault, work
from gateway.checks import correct, terms
from gateway.checks.models import Check, Punctuality, Review
from gateway.consent import Consent, grid, observe_lateness, opens_at, release, tell
from gateway.db import db
from gateway.oauth.models import Institution

PERIOD_SECONDS = 1
BATCH = 100
"""How many checks one transaction tells about or opens: others want to write meanwhile. Those of one release time
are laid together regardless."""

_COUNTS = "checks.punctuality"
"""What a write that counts answers names (`db.write`): the counts belong to no check."""

MEMORY = 1000
"""After so many reviewed answers of a policy the older ones begin to count for less in its observed lateness."""

FEW = 20
"""Fewer reviewed answers than so many are no experience: the first late one would defer everybody."""

log = logs.get("release")

Pair = tuple[Check, Consent]

_damaged: set[str] = set()  # said once in a process, not at every tick


@work.every("checks.release", seconds=PERIOD_SECONDS)
def tick() -> None:
    """Let go what is due."""
    if not anything_due():
        return
    lay()
    correct.lay()
    while audit.sequence() is not None:  # also what a crash left between the two
        pass
    tell_subjects()
    opened, closed = open_answers() + correct.finish(), close_withdrawn()
    if opened or closed:
        log.info("released", count=opened, total=opened + closed)


def anything_due() -> bool:
    """Whether a release time has come, or a release was interrupted; reads only."""
    now = clock.now()
    with db.read() as session:
        return any(
            session.execute(query.limit(1)).first() is not None
            for query in (_ready(now), _untold(now), _told(now), _withdrawn(now), correct.pending())
        )


def lay() -> int:
    """Lay the answers that are due into the audit log, in random order; returns how many.

    A place in the log then tells nothing of when an answer was reached.
    """

    def laid(check: Check, consent: Consent) -> bool:
        terms.verify(session, check, consent)
        check.result_entry = audit.record(session, "answer", check.id, **_answer(session, check))
        return True

    with db.read() as session:
        if not _due(session):
            return 0
    with db.write() as session:
        # The time is taken while nothing else is written: whatever was settled before it is seen here.
        due = _due(session)
        secrets.SystemRandom().shuffle(due)
        return _each(session, due, laid)


def _due(session: Session) -> list[Pair]:
    """The answers that are to be laid now: a margin before they leave."""
    now = clock.now()
    return [pair for pair in _pairs(session, _ready(now)) if leaves_at(*pair) - pair[1].margin <= now]


def tell_subjects() -> int:
    """Tell the subjects of answers that are under a checkpoint; returns how many."""

    def told(session: Session, check: Check, consent: Consent) -> bool:
        if not _covered(session, check):
            return False
        return tell(session, check.id)

    return _in_batches(_untold(clock.now()), told)


def open_answers() -> int:
    """Let institutions read answers whose subjects were told; returns how many."""

    now = clock.now()

    def opened(session: Session, check: Check, consent: Consent) -> bool:
        at = opens_at(consent, leaves_at(check, consent))
        if at is None or at > now or not (_covered(session, check) and release(session, check.id)):
            return False
        _observe(session, check, consent)
        _forget(session, check)
        return True

    return _in_batches(_told(now), opened)


def close_withdrawn() -> int:
    """Close checks that were withdrawn, at a release time like any other; returns how many."""
    now = clock.now()

    def closed(session: Session, check: Check, consent: Consent) -> bool:
        if _closes_at(consent) > now:
            return False
        check.closed_at = now
        vault.remove(session, check.id, "result")
        _forget(session, check)
        audit.record(session, "check.closed", check.id, why="withdrawn")
        return True

    return _in_batches(_withdrawn(now), closed)


def _in_batches(due: Select[Check, Consent], act: Callable[[Session, Check, Consent], bool]) -> int:
    """Do something for every check that is due, in short transactions; returns for how many it was done.

    Every check is met once: those that are damaged stay due, and must not stand in the way of those behind them.
    """
    done = 0
    with db.read() as session:
        ids = session.scalars(due.with_only_columns(Check.id).order_by(Check.id)).all()
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with db.write(_COUNTS, *batch) as session:
            still = _pairs(session, due.where(Check.id.in_(batch)))
            done += _each(session, still, partial(act, session))
    return done


def _each(session: Session, pairs: Iterable[Pair], act: Callable[[Check, Consent], bool]) -> int:
    """Do something for each check; returns for how many it was done.

    A check whose stored data is damaged is left as it is for the operator, and holds up no other.
    """
    done = 0
    for check, consent in pairs:
        try:
            with session.begin_nested():
                done += act(check, consent)
        except (vault.Tampered, vault.Shredded, vault.Absent, vault.UnknownKek) as error:
            if check.id not in _damaged:
                log.error("answer_damaged", check=check.id, error=type(error).__name__)
            _damaged.add(check.id)
    return done


def _ready(now: datetime) -> Select[Check, Consent]:
    """Settled, not yet in the log, and the time has come to tell the subject."""
    return _given().where(Consent.tell_at <= now, Check.result_entry.is_(None))


def _untold(now: datetime) -> Select[Check, Consent]:
    """In the log, and the subject does not know yet."""
    return _given().where(Consent.tell_at <= now, Check.result_entry.is_not(None), Consent.told_at.is_(None))


def _told(now: datetime) -> Select[Check, Consent]:
    """The subject knows, the release time has come, and the institution cannot read it yet."""
    return _given().where(Consent.release_at <= now, Check.result_entry.is_not(None), Consent.told_at.is_not(None))


def _given() -> Select[Check, Consent]:
    """Settled, not released. Of institutions that are not suspended: for those nothing is laid, told or opened until
    they are not."""
    return (
        select(Check, Consent)
        .join(Consent, Consent.check_id == Check.id)
        .join(Institution, Institution.id == Check.institution_id)
        .where(Institution.suspended_at.is_(None))
        .where(Consent.state == "given", Consent.released_at.is_(None), Check.ready_at.is_not(None))
    )


def _withdrawn(now: datetime) -> Select[Check, Consent]:
    return (
        select(Check, Consent)
        .join(Consent, Consent.check_id == Check.id)
        .where(Consent.state == "withdrawn", Consent.release_at <= now, Check.closed_at.is_(None))
    )


def _pairs(session: Session, query: Select[Check, Consent]) -> Iterable[Pair]:
    return [(check, consent) for check, consent in session.execute(query)]


def leaves_at(check: Check, consent: Consent) -> datetime:
    """The grid time at which a settled answer leaves: its release time, or the next by which the subject has had
    their margin."""
    if check.ready_at is None or consent.release_at is None:
        raise ValueError("nothing was settled, or no release time was fixed")
    return max(consent.release_at, grid.at_or_after(check.ready_at + consent.margin, consent.grid))


def _closes_at(consent: Consent) -> datetime:
    """The grid time at which a withdrawn check is seen to be closed."""
    if consent.closed_at is None or consent.release_at is None:
        raise ValueError("nothing was withdrawn, or no release time was fixed")
    return max(consent.release_at, grid.at_or_after(consent.closed_at, consent.grid))


def _answer(session: Session, check: Check) -> dict[str, str | bool]:
    """The fields of the audit entry; the one bit is sealed there."""
    eligible = bool(vault.get(session, check.id, "result")["eligible"])
    return {"policy": check.policy, "version": check.version, "eligible": eligible}


def _covered(session: Session, check: Check) -> bool:
    return check.result_entry is not None and audit.covered(session, check.result_entry)


def _observe(session: Session, check: Check, consent: Consent) -> None:
    """Count whether the answer was ready when it was promised, if a person looked at it.

    Among all answers the late ones are as rare as the refused, and the lot would be too rare to hide them. The rate is
    noted at every answer, since the time of noting it would say which was reviewed.
    """
    seen = session.get(Punctuality, check.policy) or Punctuality(policy=check.policy, answers=0, late=0)
    session.add(seen)
    if session.scalar(select(Review.id).where(Review.check_id == check.id).limit(1)) is not None:
        count(seen, late(check, consent))
    session.flush()
    observe_lateness(session, check.policy, rate(seen))


def late(check: Check, consent: Consent) -> bool:
    """Whether a settled answer was not ready when it was promised: its own lateness, not a deferral drawn by lot."""
    if check.ready_at is None or consent.nominal_release_at is None:
        raise ValueError("nothing was settled, or no release time was fixed")
    return check.ready_at > consent.nominal_release_at - consent.margin


def count(seen: Punctuality, was_late: bool) -> None:
    """Count a reviewed answer, late or not."""
    if seen.answers >= MEMORY:
        seen.answers, seen.late = seen.answers // 2, seen.late // 2
    seen.answers += 1
    seen.late += was_late


def rate(seen: Punctuality) -> float:
    """The share of late answers among those that a person looked at, with which deferrals are drawn."""
    return seen.late / max(seen.answers, FEW)


def _forget(session: Session, check: Check) -> None:
    """Forget when it was settled, and that a person looked at it."""
    check.ready_at = None
    correct.put_off_the_desk(session, check)
