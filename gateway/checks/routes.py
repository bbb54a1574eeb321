"""The calls of the checks API. Who may make them is said in `gateway.app`, where each blueprint has its guard."""

from typing import Any

from flask import Response, request
from sqlalchemy import ColumnElement, bindparam, exists, tuple_
from sqlalchemy.orm import Session

from gateway import clock, problems
from gateway.checks import examples, guardians, once, wire
from gateway.checks.models import Check
from gateway.checks.openapi import AT_THE_DOOR, BAD_MESSAGE, Doors
from gateway.checks.request import (
    NothingToAnswer,
    NotRegistered,
    ProofTooWeak,
    leasable,
    open_check,
    policy_for,
    reachable,
    reference_indexes,
)
from gateway.checks.roles import roles_of
from gateway.checks.schemas import (
    CheckListSchema,
    CheckQuerySchema,
    CheckRequestSchema,
    CheckSchema,
    IdempotencySchema,
    NewCheckSchema,
    RoleListSchema,
)
from gateway.consent import cancel as cancel_consent
from gateway.db import db
from gateway.oauth import caller
from gateway.vault import VaultKey
from policies.policy import Policy

PAGE = 50
"""How many checks a page of the list has."""

RETRY_AFTER = {
    "Retry-After": {
        "description": "While it is in_progress: how many seconds it is to release_at.",
        "schema": {"type": "integer"},
    }
}

_OWN = wire.standings().where(Check.id == bindparam("check"), Check.institution_id == bindparam("institution"))

asking = Doors("asking", __name__, url_prefix="/v1", description="Ask whether a person may do a job.")
reading = Doors("reading", __name__, url_prefix="/v1", description="See where a check stands, and its answer.")
for doors in (asking, reading):
    doors.before_request(problems.require_json)


class AlreadyDecided(problems.Conflict):
    """409: the subject has decided, or the check is closed."""

    type = "check-not-cancellable"
    title = "This check can no longer be cancelled"
    meaning = "A check can be cancelled until its subject has decided. After that only the subject can end it."


@asking.get("/roles")
@asking.answers(200, RoleListSchema, example=examples.ROLES)
@asking.refuses(*AT_THE_DOOR)
def roles() -> Response:
    """The roles you may ask about

    Each with the version of the policy that is in force today, what would lead to a no, in plain words, and what a yes
    does not cover.
    """
    return _json({"roles": roles_of(caller())})


@asking.post("/checks")
@asking.reads(IdempotencySchema, location="headers")
@asking.reads(CheckRequestSchema, example=examples.REQUEST)
@asking.answers(201, NewCheckSchema, example=examples.NEW_CHECK)
@asking.refuses(
    *AT_THE_DOOR, *BAD_MESSAGE, problems.InvalidFields, NotRegistered, NothingToAnswer, ProofTooWeak, once.KeyReused
)
def ask(headers: dict[str, str], message: dict[str, Any]) -> Response:
    """Ask for a check

    Keeps the check and asks the subject for consent. Hand the `consent` link, or the short code, to the person; if you
    gave a contact, an invitation is sent there too. Nothing is looked up before the person agrees.

    A person who is too young to consent alone in the policy's jurisdiction needs a `guardian`: hand them the link in
    `consent.guardian`. The check goes on when both have agreed, in whichever order.

    Send the same request again with the same `Idempotency-Key` if you got no answer: it makes no second check, and you
    get the first answer.
    """
    asking_client, sent = caller(), (caller().client_id, headers["idempotency_key"], request.get_json())
    policy = policy_for(asking_client, message["policy"], message["role"])
    try:
        _see_that_it_fits(policy, message)
    except problems.InvalidFields:  # the person has come of age, say, since the same was asked
        if (first := once.first(*sent)) is None:
            raise
        return _bytes(first, 201)
    return _bytes(once.answer(*sent, lambda: open_check(asking_client, policy, message)), 201)


@asking.post("/checks/<check_id>/cancel")
@asking.answers(200, CheckSchema, example=examples.CLOSED)
@asking.refuses(*AT_THE_DOOR, problems.NotFound, AlreadyDecided)
def cancel(check_id: str) -> Response:
    """Cancel a check

    Until the subject has decided. The person's link then says that the request was taken back.
    """
    with db.write(check_id) as session:
        standing = _own(session, check_id)
        if not cancel_consent(session, standing[0].id):
            raise AlreadyDecided("The subject has decided, or the check is closed.")
        return _json(wire.check_form(session, _own(session, check_id), clock.now()))


@reading.get("/checks/<check_id>")
@reading.answers(200, CheckSchema, example=examples.COMPLETED, headers=RETRY_AFTER)
@reading.refuses(*AT_THE_DOOR, problems.NotFound)
def check(check_id: str) -> Response:
    """See a check

    `in_progress` from consent until the release time, whatever has been worked out. Then `eligible` is true or false,
    and nothing else is ever said. Ask again after `release_at`; it moves on if the answer is late.
    """
    now = clock.now()
    with db.glance() as connection, Session(connection) as session:
        form = wire.check_form(session, _own(session, check_id), now)
    answer = _json(form)
    if form["status"] == "in_progress":  # made of what the body says, so that it cannot say more
        answer.headers["Retry-After"] = str(wire.seconds_until(form["release_at"], now))
    return answer


@reading.get("/checks")
@reading.reads(CheckQuerySchema, location="query")
@reading.answers(200, CheckListSchema, example=examples.LIST)
@reading.refuses(*AT_THE_DOOR, problems.InvalidFields)
def checks(query: dict[str, Any]) -> Response:
    """List your checks

    Newest first, a page at a time: give `next_cursor` back as `cursor` until it is null. A check whose data was deleted
    because its time was up is not in the list. An answer can be superseded later: ask for those now and then.
    """
    with db.read() as session:
        found = _page(session, query)
        forms = [wire.listed_form(session, standing, clock.now()) for standing in found[:PAGE]]
    return _json({"checks": forms, "next_cursor": forms[-1]["id"] if len(found) > PAGE else None})


def _own(session: Session, check_id: str) -> wire.Standing:
    """A check of the caller's institution. Raises NotFound, the same for another's as for one that never was."""
    standing = session.execute(_OWN, {"check": check_id, "institution": caller().institution_id}).one_or_none()
    if standing is None:
        raise problems.NotFound("There is no such check.")
    return standing


def _see_that_it_fits(policy: Policy, message: dict[str, Any]) -> None:
    """See that a policy's subjects may be asked so today. Raises InvalidFields."""
    reachable(message["subject"])
    guardians.check(policy, message["subject"])
    leasable(policy, message["lease"], message["subject"])


def _page(session: Session, query: dict[str, Any]) -> list[wire.Standing]:
    """One page of the caller's checks and the first of the next."""
    institution_id = caller().institution_id
    narrowed = wire.standings().where(Check.institution_id == institution_id, ~_deleted())
    if "reference" in query:
        narrowed = narrowed.where(Check.reference_index.in_(reference_indexes(institution_id, query["reference"])))
    if "status" in query:
        narrowed = narrowed.where(wire.STATUS.in_((query["status"],)))
    if "superseded_since" in query:
        narrowed = narrowed.where(Check.superseded_at >= query["superseded_since"])
    if "cursor" in query:
        after = session.get(Check, query["cursor"])
        if after is None or after.institution_id != institution_id:
            raise problems.InvalidFields(errors=[{"field": "cursor", "problem": "is not a cursor of this list"}])
        narrowed = narrowed.where(tuple_(Check.created_at, Check.id) < (after.created_at, after.id))
    ordered = narrowed.order_by(Check.created_at.desc(), Check.id.desc()).limit(PAGE + 1)
    return list(session.execute(ordered))


def _deleted() -> ColumnElement[bool]:
    """Whether the data of a check was shredded: there is nothing left to list."""
    return exists().where(VaultKey.owner_id == Check.id, VaultKey.shredded_at.is_not(None))


def _json(form: dict[str, Any]) -> Response:
    return _bytes(wire.body(form), 200)


def _bytes(body: bytes, status: int) -> Response:
    return Response(body, status, mimetype="application/json", headers={"Cache-Control": "no-store"})
