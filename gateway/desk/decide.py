"""A person settles a check.

    why it is on the desk   decisions                what follows
    refusal                 confirm | overturn       no | yes
    undetermined            eligible | ineligible    yes | no
    sample (a clear one)    confirm | overturn       yes | a new review, undetermined
    contest of a no         confirm | overturn       no | yes

Where it turns on whose an entry is, or on whether a bar holds, that may be answered instead, and the decision
follows from the answers (`gateway/desk/judge.py`).

Overturning a clear sample is not a refusal: no bar holds, and a no that nothing but one click stands behind
could not be explained to the subject. It says that the machine's reading is doubted, and so the check comes
back to the desk as undetermined, to be decided in words, eligible or ineligible.

A decision needs the consent to stand still, gives its reason as one of a few words, since a text would be a detail
at rest, and is final: what an adjudicator decided is an audit entry, and the answer leaves at its release time like
any other. Which way it went, and why, is in the vault and in no column.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from gateway import audit, clock, problems, vault
from gateway.checks.models import Check, Review
from gateway.checks.settle import CONTEST, REFUSAL, SAMPLE, UNDETERMINED, open_review, settle

CHOICES: Mapping[str, Mapping[str, bool | None]] = {
    REFUSAL: {"confirm": False, "overturn": True},
    UNDETERMINED: {"eligible": True, "ineligible": False},
    SAMPLE: {"confirm": True, "overturn": None},
    CONTEST: {"confirm": False, "overturn": True},
}
"""For each reason to be on the desk: what may be decided, and whether the person is then eligible."""

REASONS: Mapping[bool | None, tuple[str, ...]] = {
    True: (*("identifiers-differ", "record-plain", "record-corrected", "law-plain", "law-does-not-apply", "doubt"),),
    False: ("identifiers-agree", "record-plain", "law-plain"),
    None: ("identifiers-agree", "record-plain", "law-plain", "doubt"),
}
"""The words that a decision may give as its reason: for the person, against them, and for another look."""

ALL_REASONS = tuple(dict.fromkeys(word for words in REASONS.values() for word in words))

_DECISIONS = ("review.decided", "review.settled")
_BY = 1  # the place of `by` among the fields of both kinds


class DecidedAlready(problems.Conflict):
    """409: this review has its decision."""

    type = "review-decided"
    title = "This review is decided"
    meaning = "A review is decided once. If a decision was wrong, the subject can contest the answer."


def why(session: Session, check: Check) -> str:
    """Why a check is on the desk."""
    found: str = vault.get(session, check.id, "review")["why"]
    return found


def ground(session: Session, check: Check) -> str | None:
    """On which ground the subject contests the answer: `person`, `fact` or `law`; None if they do not."""
    found: str | None = vault.get(session, check.id, "review").get("ground")
    return found


def deciders(session: Session, check_id: str) -> set[str]:
    """Who has decided about a check before: ids of clients and of people who work here."""
    entries = audit.about(session, check_id)
    return {json.loads(entry.facts)[_BY] for entry in entries if entry.kind in _DECISIONS}


def word(why: str, eligible: bool) -> str:
    """The decision by which somebody is found eligible, or not, where a review allows both."""
    return next(name for name, says in CHOICES[why].items() if says is eligible)


def fits(why: str, decision: str, reason: str) -> list[problems.FieldError]:
    """What is wrong with a decision and its reason, for `InvalidFields`; nothing if they fit the review."""
    choices = CHOICES[why]
    if decision not in choices:
        return [{"field": "decision", "problem": f"must be {' or '.join(choices)} for this review"}]
    if reason not in REASONS[choices[decision]]:
        told = ", ".join(REASONS[choices[decision]])
        return [{"field": "reason", "problem": f"must be one of {told} for this decision"}]
    return []


def decide(session: Session, review: Review, check: Check, decision: str, reason: str, by: str) -> datetime:
    """Settle a review; returns when. Raises DecidedAlready, InvalidFields for what does not fit."""
    if review.decided_at is not None:
        raise DecidedAlready
    kept = why(session, check)
    if errors := fits(kept, decision, reason):
        raise problems.InvalidFields(errors=errors)
    now = clock.now()
    review.decided_at, review.decided_by = now, by
    audit.record(session, "review.settled", check.id, review=review.id, by=by, decision=decision, reason=reason)
    eligible = CHOICES[kept][decision]
    session.flush()  # of one check only one review may be open
    if eligible is None:
        open_review(session, check, UNDETERMINED)
    else:
        settle(session, check, eligible)
    return now
