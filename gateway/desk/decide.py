"""A person settles a check.

    why it is on the desk   decisions                what follows
    refusal                 confirm | overturn       no | yes
    undetermined            eligible | ineligible    yes | no
    sample (a clear one)    confirm | overturn       yes | a new review, undetermined

Overturning a clear sample is not a refusal: no bar holds, and a no that nothing but one click stands behind
could not be explained to the subject. It says that the machine's reading is doubted, and so the check comes
back to the desk as undetermined, to be decided in words, eligible or ineligible.

A decision needs the consent to stand still, and is final: what an adjudicator decided is an audit entry, and
the answer leaves at its release time like any other. Which way it went is in the vault and in no column.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from gateway import audit, clock, problems, vault
from gateway.checks.models import Check, Review
from gateway.checks.settle import REFUSAL, SAMPLE, UNDETERMINED, open_review, settle

CHOICES: Mapping[str, Mapping[str, bool | None]] = {
    REFUSAL: {"confirm": False, "overturn": True},
    UNDETERMINED: {"eligible": True, "ineligible": False},
    SAMPLE: {"confirm": True, "overturn": None},
}
"""For each reason to be on the desk: what may be decided, and whether the person is then eligible."""


class DecidedAlready(problems.Conflict):
    """409: this review has its decision."""

    type = "review-decided"
    title = "This review is decided"
    meaning = "A review is decided once. If a decision was wrong, the subject can contest the answer."


def why(session: Session, check: Check) -> str:
    """Why a check is on the desk."""
    found: str = vault.get(session, check.id, "review")["why"]
    return found


def decide(session: Session, review: Review, check: Check, decision: str, client_id: str) -> None:
    """Settle a review. Raises InvalidFields for a decision that does not fit it, DecidedAlready."""
    if review.decided_at is not None:
        raise DecidedAlready
    choices = CHOICES[why(session, check)]
    if decision not in choices:
        told = f"must be {' or '.join(choices)} for this review"
        raise problems.InvalidFields(errors=[{"field": "decision", "problem": told}])
    review.decided_at, review.decided_by = clock.now(), client_id
    audit.record(session, "review.decided", check.id, review=review.id, by=client_id, decision=decision)
    eligible = choices[decision]
    if eligible is not None:
        settle(session, check, eligible)
        return
    session.flush()  # of one check only one review may be open
    open_review(session, check, UNDETERMINED)
