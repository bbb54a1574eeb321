"""An answer that has left is superseded by another one, never edited.

A person has decided a contest otherwise than the answer that the institution has. The new answer goes the way of every
answer: into the log, under a signed checkpoint, to the subject, and a margin later, at a release time, to the
institution, which sees until then what it saw before. Afterwards the check says when it was superseded.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import Session

from gateway import audit, clock, vault
from gateway.checks.models import Check, Correction, Review
from gateway.consent import Consent, grid, inform
from gateway.db import db, new_id
from gateway.oauth.models import Institution

CORRECTED = "corrected"
"""The name under which the new answer is sealed until it leaves: `eligible`, its audit `entry`, and whether the
subject was `told`."""

Pending = tuple[Correction, Check, Consent]


def settle(session: Session, check: Check, consent: Consent, eligible: bool) -> None:
    """A contest of an answer that has left is decided. The subject is told at once if it stands."""
    if bool(vault.get(session, check.id, "result")["eligible"]) == eligible:
        put_off_the_desk(session, check)
        inform(session, consent)
        return
    vault.put(session, check.id, CORRECTED, {"eligible": eligible, "entry": None, "told": False})
    session.add(Correction(id=new_id("cor"), check_id=check.id, ready_at=clock.now()))
    session.flush()


def put_off_the_desk(session: Session, check: Check) -> None:
    """Drop what would tell afterwards which checks a person looked at: that is nearly a list of the refused."""
    vault.put(session, check.id, "review", {"why": None})
    session.execute(delete(Review).where(Review.check_id == check.id))


def pending() -> Select[Correction]:
    """The answers that are to supersede others."""
    return select(Correction)


def lay() -> int:
    """Lay those into the log whose time has come, each after the word that the old one is superseded; returns how many.

    Nothing is laid of a check whose personal data was shredded meanwhile.
    """
    done = 0
    for correction_id, check_id in _ids(Correction.entry.is_(None)):
        with db.write(check_id) as session:
            correction, check, consent = _pending(session, correction_id)
            if correction.entry is not None or _leaves_at(correction, consent) - consent.margin > clock.now():
                continue
            kept = vault.get(session, check.id, CORRECTED)
            audit.record(session, "answer.superseded", check.id, entry=check.result_entry)
            correction.entry = audit.record(
                session, "answer", check.id, policy=check.policy, version=check.version, eligible=kept["eligible"]
            )
            vault.put(session, check.id, CORRECTED, {**kept, "entry": correction.entry})
            done += 1
    return done


def finish() -> int:
    """Tell subjects what is under a checkpoint; put those in the old one's place of which they were told a margin
    ago; returns how many of these."""
    done = 0
    for correction_id, check_id in _ids(Correction.entry.is_not(None)):
        with db.write(check_id) as session:
            correction, check, consent = _pending(session, correction_id)
            if correction.entry is None or not audit.covered(session, correction.entry):
                continue
            if correction.told_at is None:
                correction.told_at = clock.now()
                vault.put(session, check.id, CORRECTED, {**vault.get(session, check.id, CORRECTED), "told": True})
                inform(session, consent)
            elif (at := _opens_at(correction, consent)) <= clock.now():
                _open(session, correction, check, at)
                done += 1
    return done


def _open(session: Session, correction: Correction, check: Check, at: datetime) -> None:
    vault.put(session, check.id, "result", {"eligible": vault.get(session, check.id, CORRECTED)["eligible"]})
    vault.remove(session, check.id, CORRECTED)
    check.result_entry, check.superseded_at = correction.entry, at
    session.delete(correction)
    put_off_the_desk(session, check)


def _leaves_at(correction: Correction, consent: Consent) -> datetime:
    return grid.at_or_after(correction.ready_at + consent.margin, consent.grid)


def _opens_at(correction: Correction, consent: Consent) -> datetime:
    """As of any answer: a subject who was told late has half of the margin at least."""
    if correction.told_at is None:
        raise ValueError("the subject was not told")
    told = grid.at_or_after(correction.told_at + consent.margin / 2, consent.grid)
    return max(_leaves_at(correction, consent), told)


def _ids(which: ColumnElement[bool]) -> list[tuple[str, str]]:
    """Those of institutions that are not suspended, in no order that means anything."""
    with db.read() as session:
        found = session.execute(
            select(Correction.id, Correction.check_id)
            .join(Check, Check.id == Correction.check_id)
            .join(Institution, Institution.id == Check.institution_id)
            .where(which, Institution.suspended_at.is_(None))
            .order_by(Correction.id)
        )
        return [(correction_id, check_id) for correction_id, check_id in found]


def _pending(session: Session, correction_id: str) -> Pending:
    correction = session.get_one(Correction, correction_id)
    check = session.get_one(Check, correction.check_id)
    return correction, check, session.scalars(select(Consent).where(Consent.check_id == check.id)).one()
