"""A check is settled, by the evaluator or by a person; or it is put on the desk.

Why it is there, and what came out, is in the vault and in no column.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, clock, vault
from gateway.checks import correct
from gateway.checks.models import Check, Review
from gateway.consent import decided
from gateway.db import new_id

REFUSAL, UNDETERMINED, SAMPLE, CONTEST = "refusal", "undetermined", "sample", "contest"
"""Why a check goes to the desk."""


def settle(session: Session, check: Check, eligible: bool) -> None:
    """Keep the result until its release. A yes takes as much room as a no.

    One that the subject has contested before anybody else could read it goes the whole way once more, whether or not
    it is another one; one that has left is superseded, if it is.
    """
    consent = decided(session, check.id)
    if consent.released_at is not None:
        correct.settle(session, check, consent, eligible)
        return
    vault.put(session, check.id, "result", {"eligible": eligible})
    check.ready_at = clock.now()
    if check.result_entry is not None:
        audit.record(session, "answer.superseded", check.id, entry=check.result_entry)
        check.result_entry = None


def open_review(session: Session, check: Check, why: str, **more: str) -> None:
    """Put a check on the desk. Why is in the vault, with `more` about it, where every check has as much."""
    review = Review(id=new_id("rev"), check_id=check.id, opened_at=clock.now())
    session.add(review)
    vault.put(session, check.id, "review", {"why": why, **more})
    audit.record(session, "review.opened", check.id, review=review.id, why=why)


def settled(session: Session, check: Check) -> bool:
    """Whether the check has its result, or lies on the desk."""
    on_desk = select(Review.id).where(Review.check_id == check.id)
    answered = check.ready_at is not None or check.result_entry is not None
    return answered or session.scalar(on_desk) is not None
