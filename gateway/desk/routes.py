"""The adjudicator's calls: what waits, one question at a time, a decision.

Only a client of a desk may come in (`gateway.app` has the guard), and it never sees the checks of its own
institution.
"""

from typing import Any

from flask import Response
from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import Session

from gateway import audit, clock, problems
from gateway.checks import terms, wire
from gateway.checks.look import NoConsent, Question, Silent, adjudicated, ask_everyone, question
from gateway.checks.models import Check, Review
from gateway.checks.openapi import AT_THE_DOOR, BAD_MESSAGE, Doors
from gateway.checks.settle import REFUSAL, SAMPLE, UNDETERMINED
from gateway.consent import Consent, decided
from gateway.db import db
from gateway.desk import examples
from gateway.desk.decide import CHOICES, DecidedAlready, decide, why
from gateway.desk.question import bars_in_question
from gateway.desk.schemas import DecidedSchema, DecisionSchema, QuestionSchema, ReviewListSchema, ReviewQuerySchema
from gateway.oauth import caller
from gateway.oauth.models import Institution
from policies.evaluator import Adjudication
from policies.library import NothingInForce
from policies.plain import looked_at

PAGE = 50

_OUTCOME_OF = {REFUSAL: "ineligible", UNDETERMINED: "undetermined", SAMPLE: "eligible"}

reviews = Doors("reviews", __name__, url_prefix="/v1/reviews", description="The adjudicator's desk.")
reviews.before_request(problems.require_json)

Waiting = Row[Review, Check]


class CannotLook(problems.Unavailable):
    """503: a registry gives no answer now, so that the question cannot be shown."""

    type = "registry-silent"
    title = "A registry does not answer"
    meaning = "The entries of a review are fetched afresh, and a registry gives no answer now. Try again later."


@reviews.get("")
@reviews.reads(ReviewQuerySchema, location="query")
@reviews.answers(200, ReviewListSchema, example=examples.LIST)
@reviews.refuses(*AT_THE_DOOR, problems.InvalidFields)
def waiting(query: dict[str, str]) -> Response:
    """List what waits for a decision

    Oldest first. Neither who asks nor who the check is about is said.
    """
    with db.read() as session:
        found = _page(session, query.get("cursor"))
        forms = [_form(session, review, check) for review, check in found[:PAGE]]
    return _json({"reviews": forms, "next_cursor": forms[-1]["id"] if len(found) > PAGE else None})


@reviews.get("/<review_id>")
@reviews.answers(200, QuestionSchema, example=examples.QUESTION)
@reviews.refuses(*AT_THE_DOOR, problems.NotFound, DecidedAlready, CannotLook)
def one(review_id: str) -> Response:
    """See the question

    The registries are asked at this moment, which the subject can see. Of each entry only the fields that decide the
    bar are shown, and no entry that the bar may not surely read.
    """
    with db.read() as session:
        review, check = _open(session, review_id)
        asked = _question(session, check)
        form = _form(session, review, check)
    with db.write(check.id) as session:
        audit.record(session, "review.looked", check.id, review=review_id, by=caller().client_id)
    adjudication = _look(asked)
    return _json(
        {
            **form,
            "day": asked.day.isoformat(),
            "decisions": list(CHOICES[form["why"]]),
            "changed": adjudication.outcome != _OUTCOME_OF[form["why"]],
            "looked_at": {language: looked_at(asked.policy, asked.role, language) for language in ("en", "zh")},
            "bars": bars_in_question(asked.policy, asked.role, adjudication),
        }
    )


@reviews.post("/<review_id>/decision")
@reviews.reads(DecisionSchema, example={"decision": "confirm"})
@reviews.answers(200, DecidedSchema, example=examples.DECIDED)
@reviews.refuses(*AT_THE_DOOR, *BAD_MESSAGE, problems.NotFound, problems.InvalidFields, DecidedAlready)
def decision(message: dict[str, str], review_id: str) -> Response:
    """Decide

    `confirm` or `overturn` a refusal or a clear sample; say `eligible` or `ineligible` where the records leave it open.
    Overturning a clear sample brings it back to the desk as undetermined. The answer leaves at its release time.
    """
    with db.read() as session:
        check_id = _open(session, review_id)[1].id
    with db.write(check_id) as session:
        review, check = _open(session, review_id)
        decide(session, review, check, message["decision"], caller().client_id)
        decided_at = wire.stamp(review.decided_at or clock.now())
    return _json({"id": review_id, "decision": message["decision"], "decided_at": decided_at})


def _waiting() -> Select[Review, Check]:
    """Reviews of other institutions' checks whose consent stands; not while those institutions are suspended."""
    return (
        select(Review, Check)
        .join(Check, Check.id == Review.check_id)
        .join(Consent, Consent.check_id == Check.id)
        .join(Institution, Institution.id == Check.institution_id)
        .where(Consent.state == "given", Check.institution_id != caller().institution_id)
        .where(Institution.suspended_at.is_(None))
    )


def _page(session: Session, cursor: str | None) -> list[Waiting]:
    narrowed = _waiting().where(Review.decided_at.is_(None))
    if cursor is not None:
        after = session.get(Review, cursor)
        if after is None:
            raise problems.InvalidFields(errors=[{"field": "cursor", "problem": "is not a cursor of this list"}])
        narrowed = narrowed.where(tuple_(Review.opened_at, Review.id) > (after.opened_at, after.id))
    return list(session.execute(narrowed.order_by(Review.opened_at, Review.id).limit(PAGE + 1)))


def _open(session: Session, review_id: str) -> tuple[Review, Check]:
    """A review that waits. Raises NotFound, DecidedAlready, vault.Tampered if the rows do not say what was asked."""
    review = session.get(Review, review_id)
    if review is not None and review.decided_at is not None:
        raise DecidedAlready
    found = session.execute(_waiting().where(Review.id == review_id)).one_or_none()
    if found is None:
        raise problems.NotFound("There is no such review.")
    terms.verify(session, found[1], decided(session, found[1].id))
    return found[0], found[1]


def _form(session: Session, review: Review, check: Check) -> dict[str, Any]:
    return {
        "id": review.id,
        "policy": {"id": check.policy, "version": check.version},
        "role": check.role,
        "why": why(session, check),
        "opened_at": wire.stamp(review.opened_at),
    }


def _question(session: Session, check: Check) -> Question:
    try:
        return question(session, check)
    except NothingInForce:
        raise CannotLook("The law that this check is pinned to is not on the shelf.", logged="no_law") from None


def _look(asked: Question) -> Adjudication:
    try:
        return adjudicated(asked, ask_everyone(asked, "review"))
    except Silent:
        raise CannotLook(headers={"Retry-After": "60"}, logged="registry_silent") from None
    except NoConsent:
        raise problems.NotFound("There is no such review.") from None


def _json(form: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(wire.body(form), 200, mimetype="application/json", headers=headers)
