"""The adjudicator's calls: what waits, one question at a time, a decision.

Only a client of a desk may come in (`gateway.app` has the guard), and it never sees the checks of its own
institution.
"""

from typing import Any

from flask import Response

from gateway import problems
from gateway.checks import wire
from gateway.checks.openapi import AT_THE_DOOR, BAD_MESSAGE, Doors
from gateway.db import db
from gateway.desk import examples, question
from gateway.desk.decide import CHOICES, REASONS, DecidedAlready
from gateway.desk.judge import QuestionChanged
from gateway.desk.queue import Seat, Waiting, page
from gateway.desk.schemas import DecidedSchema, DecisionSchema, QuestionSchema, ReviewListSchema, ReviewQuerySchema
from gateway.desk.settling import Answers, settle_by_answers, settle_by_word
from gateway.desk.shown import CannotLook, look
from gateway.oauth import caller
from policies.plain import looked_at

reviews = Doors("reviews", __name__, url_prefix="/v1/reviews", description="The adjudicator's desk.")
reviews.before_request(problems.require_json)


@reviews.get("")
@reviews.reads(ReviewQuerySchema, location="query")
@reviews.answers(200, ReviewListSchema, example=examples.LIST)
@reviews.refuses(*AT_THE_DOOR, problems.InvalidFields)
def waiting(query: dict[str, str]) -> Response:
    """List what waits for a decision

    What is due first comes first. Neither who asks nor who the check is about is said, nor why it is there.
    """
    with db.read() as session:
        found, cursor = page(session, _seat(), query.get("cursor"))
        return _json({"reviews": [_form(one) for one in found], "next_cursor": cursor})


@reviews.get("/<review_id>")
@reviews.answers(200, QuestionSchema, example=examples.QUESTION)
@reviews.refuses(*AT_THE_DOOR, problems.NotFound, DecidedAlready, CannotLook)
def one(review_id: str) -> Response:
    """See the question

    The registries are asked at this moment, which the subject can see. Of each entry only the fields that decide the
    bar are shown, and no entry that the bar may not surely read. A contest is not shown to whoever decided before.
    """
    shown = look(_seat(), review_id)
    asked, choices = shown.asked, CHOICES[shown.why]
    return _json(
        {
            **_form(shown.waiting),
            "why": shown.why,
            "ground": shown.ground,
            "opened_at": wire.stamp(shown.waiting.review.opened_at),
            "day": asked.day.isoformat(),
            "decisions": list(choices),
            "reasons": {decision: list(REASONS[eligible]) for decision, eligible in choices.items()},
            "changed": shown.changed,
            "looked_at": {language: looked_at(asked.policy, asked.role, language) for language in ("en", "zh")},
            "bars": question.bars(shown),
            "persons": question.persons(shown),
            "seen": shown.seen,
        }
    )


@reviews.post("/<review_id>/decision")
@reviews.reads(DecisionSchema, example=examples.DECISION)
@reviews.answers(200, DecidedSchema, example=examples.DECIDED)
@reviews.refuses(
    *AT_THE_DOOR, *BAD_MESSAGE, problems.NotFound, problems.InvalidFields, DecidedAlready, QuestionChanged, CannotLook
)
def decision(message: dict[str, Any], review_id: str) -> Response:
    """Decide

    In a word: `confirm` or `overturn` a refusal, a clear sample or a contested no; `eligible` or `ineligible` where the
    records leave it open. Or, where it is open or contested, by answers: of every person in question whether it is the
    `same` or an `other`, and whether the bars that are open even so hold; then the outcome follows by itself. Those
    answers come with `seen`, the registries are asked again, and 409 says that they answer otherwise than what was
    shown. Overturning a clear sample brings it back to the desk as undetermined. The answer leaves at its release time.
    """
    seat, seen = _seat(), message.get("seen")
    if "decision" in message:
        said = settle_by_word(seat, review_id, message["decision"], message["reason"], seen)
    else:
        answers = Answers(seen or "", message.get("persons", {}), message.get("bars", {}))
        said = settle_by_answers(seat, review_id, answers, message["reason"])
    return _json({"id": review_id, "decision": said.decision, "decided_at": wire.stamp(said.at)})


def _seat() -> Seat:
    return Seat(caller().client_id, caller().institution_id)


def _form(waiting: Waiting) -> dict[str, Any]:
    check = waiting.check
    return {
        "id": waiting.review.id,
        "policy": {"id": check.policy, "version": check.version},
        "role": check.role,
        "due_at": wire.stamp(waiting.due),
    }


def _json(form: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(wire.body(form), 200, mimetype="application/json", headers=headers)
