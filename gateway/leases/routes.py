"""The institution's one call about a lease: to end it. Its guard is in `gateway.app`."""

from flask import Response
from sqlalchemy.orm import Session

from gateway import clock, problems
from gateway.checks import examples, wire
from gateway.checks.models import Check
from gateway.checks.openapi import AT_THE_DOOR, Doors
from gateway.checks.schemas import CheckSchema
from gateway.db import db
from gateway.leases import acts
from gateway.oauth import caller

leasing = Doors("leasing", __name__, url_prefix="/v1", description="Consent for a term, with repeated checks.")
leasing.before_request(problems.require_json)


class NoLease(problems.Conflict):
    """409: there is no lease that could be ended, as far as the institution may know."""

    type = "check-has-no-lease"
    title = "This check has no lease that could be ended"
    meaning = "A lease can be ended from the subject's consent on, until it has ended in another way."


@leasing.post("/checks/<check_id>/lease/end")
@leasing.answers(200, CheckSchema, example=examples.LEASED)
@leasing.refuses(*AT_THE_DOOR, problems.NotFound, NoLease)
def end(check_id: str) -> Response:
    """End a lease

    When the person has left, say: the check is not repeated any more. A repeated check that is under way goes on.
    `lease` is null from the next time of the release grid on.
    """
    with db.write(check_id) as session:
        check, consent, status = standing = _own(session, check_id)
        now = clock.now()
        form = wire.check_form(session, standing, now)
        # Judged by what the institution sees already: the subject may have ended it, or withdrawn, a moment ago.
        asked_for = status == "in_progress" and consent.lease_months is not None
        if not asked_for and form["lease"] is None:
            raise NoLease(f"There is no lease on {check.id}.")
        acts.end(session, consent, "institution")
        body = wire.body(wire.check_form(session, _own(session, check_id), now))
    return Response(body, 200, mimetype="application/json", headers={"Cache-Control": "no-store"})


def _own(session: Session, check_id: str) -> wire.Standing:
    """A check of the caller's institution. Raises NotFound, the same for another's as for one that never was."""
    own = wire.standings().where(Check.id == check_id, Check.institution_id == caller().institution_id)
    standing = session.execute(own).one_or_none()
    if standing is None:
        raise problems.NotFound("There is no such check.")
    return standing
