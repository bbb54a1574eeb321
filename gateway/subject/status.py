"""How a check stands, and the answer once it is there: before the institution can read it."""

from flask import g, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway import audit, clock, vault
from gateway.checks.contest import contestable, contested
from gateway.checks.correct import CORRECTED
from gateway.checks.models import Check
from gateway.consent import Consent, joint, lease_said, shown, visits
from gateway.consent.guard import ended
from gateway.db import db
from gateway.subject.room import answer, closing, room


@answer.get("/<consent_id>/status")
def status(consent_id: str) -> Response:
    """Who asked, when, under which policy, how it stands; the result once it is there and the proof is fresh."""
    consent: Consent = g.consent
    two = shown.of_two(consent)
    if two and not two.to_decide and (two.mine or two.waiting):
        return _for_two(consent, two)
    if consent.state == "requested" and not ended(consent):
        return redirect(url_for("consent.read", consent_id=consent_id), 303)
    told = consent.state == "given" and consent.told_at is not None
    fresh = visits.proved(g.visit, clock.now(), visits.FRESH)
    with db.read() as session:
        # Only a no is contested: so that it was is told as the answer is.
        shows = consent.state == "given" and fresh
        stands = _stands(session, consent) if shows else {"contest": None, "may_contest": False}
        result = ("yes" if told_result(session, consent) else "no") if told and fresh else None
    response = room.page(
        "status",
        **shown.about(consent),
        **shown.times(consent),
        **stands,
        state=shown.state_of(consent, two),
        late=shown.late(consent),
        result=result,
        left=consent.released_at is not None,
        lease=lease_said.standing(consent, room.words()),
        may_withdraw=shown.may_withdraw(consent, two),
    )
    if fresh and (told or stands["contest"]):
        return closing(response)
    return response if told else shown.again_in_time(response, consent)


def _for_two(consent: Consent, two: joint.Joint) -> Response:
    """How it stands for the guardian, at any time, and for either who waits for the other. Never the result.

    The result and its reasons are the subject's alone, as for everybody: what is sealed is sealed from a family too.
    """
    response = room.page(
        "joint", joint=two, **shown.about(consent), **shown.times(consent), state=shown.state_of(consent, two),
        late=shown.late(consent, two), may_withdraw=shown.may_withdraw(consent, two),
    )  # fmt: skip
    return response if two.over or shown.there(consent, two) else shown.again_in_time(response, consent)


def told_result(session: Session, consent: Consent) -> bool:
    """The one bit that the subject was told, as it stands in the log.

    Raises vault.Tampered where the log does not bear it out, vault.Absent, vault.Shredded.
    """
    corrected = vault.get_all(session, consent.check_id, (CORRECTED,)).get(CORRECTED)
    kept = corrected if corrected and corrected["told"] else vault.get(session, consent.check_id, "result")
    eligible: bool = kept["eligible"]
    answers = [entry.id for entry in audit.about(session, consent.check_id) if entry.kind == "answer"]
    if any(_logged(session, consent.check_id, entry, eligible) for entry in answers):
        return eligible
    raise vault.Tampered(logged=consent.id)


def _stands(session: Session, consent: Consent) -> dict[str, str | bool | None]:
    """Whether the answer was contested: `open` while a person looks, `over` afterwards; and whether it can be."""
    check = session.get_one(Check, consent.check_id)
    before = any(entry.kind == "contest.opened" for entry in audit.about(session, check.id))
    contest = None if not before else "open" if contested(session, check) else "over"
    return {"contest": contest, "may_contest": contestable(session, check, consent)}


def _logged(session: Session, check_id: str, entry: str, eligible: bool) -> bool:
    return audit.covered(session, entry) and audit.says(session, check_id, entry, "eligible", eligible)
