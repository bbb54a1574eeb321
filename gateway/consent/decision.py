"""The subject's pages after the proof: read and decide, done, withdraw. How it stands is shown by `gateway.subject`."""

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.consent import guardian, joint, lease_said
from gateway.consent.blueprint import pages
from gateway.consent.guard import ended
from gateway.consent.models import Consent
from gateway.consent.render import language, page, words
from gateway.consent.shown import about, again_in_time, late, looked_at, may_withdraw, not_covered, of_two, times
from gateway.db import db

_ACTS = {"agree": joint.agree, "decline": joint.decline}


@pages.route("/<consent_id>/request", methods=["GET", "POST"])
def read(consent_id: str) -> AnyResponse:
    """Read what is asked, and agree or decline. Sent twice, or after another decision, it shows how it stands."""
    if request.method == "POST":
        act = _ACTS.get(request.form.get("decision", ""))
        with db.write(g.consent.check_id) as session:
            consent = session.get_one(Consent, consent_id)
            if act is not None and act(session, consent, as_guardian=g.as_guardian):
                guardian.side(session, consent, g.visit).language = language()
        return redirect(url_for("consent.done" if act else "consent.read", consent_id=consent_id), 303)
    consent, two = g.consent, of_two(g.consent)
    if consent.state != "requested" or ended(consent) or (two and not two.to_decide):
        return redirect(url_for("answer.status", consent_id=consent_id), 303)
    facts = {**about(consent), **times(consent), **not_covered(consent)}
    offer = lease_said.offer(consent, words())
    return page("request", joint=two, **facts, lease=offer, looked_at=looked_at(consent))


@pages.get("/<consent_id>/done")
def done(consent_id: str) -> AnyResponse:
    """What was decided and what happens now."""
    consent, two = g.consent, of_two(g.consent)
    over = consent.state not in ("given", "declined") or consent.told_at is not None or late(consent)
    if over or (two and (two.mine or two.state(consent.state) != consent.state)):
        return redirect(url_for("answer.status", consent_id=consent_id), 303)
    return again_in_time(page("done", **about(consent), **times(consent)), consent)


@pages.route("/<consent_id>/withdraw", methods=["GET", "POST"])
def withdraw(consent_id: str) -> AnyResponse:
    """Take the agreement back, after a question; impossible once the answer has left."""
    if request.method == "POST":
        with db.write(g.consent.check_id) as session:
            joint.withdraw(session, session.get_one(Consent, consent_id), as_guardian=g.as_guardian)
    elif may_withdraw(g.consent, of_two(g.consent)):
        return page("withdraw", **about(g.consent), **times(g.consent))
    return redirect(url_for("answer.status", consent_id=consent_id), 303)
