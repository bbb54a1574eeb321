"""A check is settled, by the evaluator or by a person; or it is put on the desk.

Why it is there, and what came out, is in the vault and in no column.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, clock, vault
from gateway.checks.models import Check, Review
from gateway.db import new_id

REFUSAL, UNDETERMINED, SAMPLE, CONTEST = "refusal", "undetermined", "sample", "contest"
"""Why a check goes to the desk."""


def settle(session: Session, check: Check, eligible: bool) -> None:
    """Keep the result until its release. A yes takes as much room as a no."""
    vault.put(session, check.id, "result", {"eligible": eligible})
    check.ready_at = clock.now()


def open_review(session: Session, check: Check, why: str) -> None:
    """Put a check on the desk. Why is in the vault, where every check has as much."""
    review = Review(id=new_id("rev"), check_id=check.id, opened_at=clock.now())
    session.add(review)
    vault.put(session, check.id, "review", {"why": why})
    audit.record(session, "review.opened", check.id, review=review.id, why=why)


def settled(session: Session, check: Check) -> bool:
    """Whether the check has its result, or lies on the desk."""
    on_desk = select(Review.id).where(Review.check_id == check.id)
    answered = check.ready_at is not None or check.result_entry is not None
    return answered or session.scalar(on_desk) is not None
