"""An answer that has left is superseded by another one, never edited.

A person has decided a contest otherwise than the answer that the institution has. The new answer goes the way of every
answer: into the log, under a signed checkpoint, to the subject, and a margin later, at a release time, to the
institution, which sees until then what it saw before. Afterwards the check says when it was superseded.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import Session

from gateway import audit, clock, logs, vault
from gateway.checks.models import Check, Correction, Review
from gateway.consent import Consent, grid, inform
from gateway.db import db, new_id
from gateway.oauth.models import Institution

CORRECTED = "corrected"
"""The name under which the new answer is sealed until it leaves: `eligible`, and, as the row has them, since when it is
`ready`, its audit `entry`, and when the subject was `told`."""

Act = Callable[[Session, Correction, Check, Consent], bool]

log = logs.get("release")

_damaged: set[str] = set()  # said once in a process, not at every tick


def settle(session: Session, check: Check, consent: Consent, eligible: bool) -> None:
    """A contest of an answer that has left is decided. The subject is told at once if it stands."""
    if bool(vault.get(session, check.id, "result")["eligible"]) == eligible:
        put_off_the_desk(session, check)
        inform(session, consent)
        return
    correction = Correction(id=new_id("cor"), check_id=check.id, ready_at=clock.now())
    session.add(correction)
    session.flush()
    _seal(session, correction, eligible)


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

    def laid(session: Session, correction: Correction, check: Check, consent: Consent) -> bool:
        if correction.entry is not None or _leaves_at(correction, consent) - consent.margin > clock.now():
            return False
        eligible = _sealed(session, correction)
        audit.record(session, "answer.superseded", check.id, entry=check.result_entry)
        correction.entry = audit.record(
            session, "answer", check.id, policy=check.policy, version=check.version, eligible=eligible
        )
        _seal(session, correction, eligible)
        return True

    return _each(Correction.entry.is_(None), laid)


def finish() -> int:
    """Tell subjects what is under a checkpoint; put those in the old one's place of which they were told a margin
    ago; returns how many of these."""

    def finished(session: Session, correction: Correction, check: Check, consent: Consent) -> bool:
        if correction.entry is None or not audit.covered(session, correction.entry):
            return False
        eligible = _sealed(session, correction)
        if correction.told_at is None:
            correction.told_at = clock.now()
            _seal(session, correction, eligible)
            inform(session, consent)
            return False
        if _opens_at(correction, consent) > clock.now():
            return False
        _open(session, correction, check, consent, eligible)
        return True

    return _each(Correction.entry.is_not(None), finished)


def _seal(session: Session, correction: Correction, eligible: bool) -> None:
    vault.put(session, correction.check_id, CORRECTED, {"eligible": eligible, **_said(correction)})


def _sealed(session: Session, correction: Correction) -> bool:
    """The new answer. Raises vault.Tampered when the row says something else, so that the subject had no margin, say,
    and vault.Absent."""
    kept = vault.get(session, correction.check_id, CORRECTED)
    if {**_said(correction), "eligible": kept["eligible"]} != kept:
        raise vault.Tampered(logged=correction.id)
    return bool(kept["eligible"])


def _said(correction: Correction) -> dict[str, str | None]:
    told = correction.told_at.isoformat() if correction.told_at else None
    return {"ready": correction.ready_at.isoformat(), "entry": correction.entry, "told": told}


def _open(session: Session, correction: Correction, check: Check, consent: Consent, eligible: bool) -> None:
    """The time of the grid is the one from which it can be read, though it should have been an earlier one: who asks
    since a day for what was superseded misses none."""
    vault.put(session, check.id, "result", {"eligible": eligible})
    vault.remove(session, check.id, CORRECTED)
    check.result_entry, check.superseded_at = correction.entry, grid.at_or_before(clock.now(), consent.grid)
    session.delete(correction)
    put_off_the_desk(session, check)


def _each(which: ColumnElement[bool], act: Act) -> int:
    """Do something for each, in transactions of their own; returns for how many it was done.

    One whose stored data is damaged is left as it is for the operator, and holds up no other, nor any first answer.
    """
    done = 0
    for correction_id, check_id in _ids(which):
        try:
            with db.write(check_id) as session:
                correction, check = session.get(Correction, correction_id), session.get(Check, check_id)
                if correction is not None and check is not None:  # shredded, or done by another worker
                    consent = session.scalars(select(Consent).where(Consent.check_id == check_id)).one()
                    done += act(session, correction, check, consent)
        except (vault.Tampered, vault.Shredded, vault.Absent, vault.UnknownKek) as error:
            if correction_id not in _damaged:  # of which check would say that it was contested
                log.error("correction_damaged", error=type(error).__name__)
            _damaged.add(correction_id)
    return done


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
