"""The subject's pages after the proof: read and decide, done, withdraw. How it stands is shown by `gateway.subject`."""

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.consent import decide
from gateway.consent.blueprint import pages
from gateway.consent.guard import ended
from gateway.consent.models import Consent
from gateway.consent.render import language, page
from gateway.consent.shown import about, again_in_time, late, looked_at, may_withdraw, not_covered, times
from gateway.db import db

_ACTS = {"agree": decide.agree, "decline": decide.decline}


@pages.route("/<consent_id>/request", methods=["GET", "POST"])
def read(consent_id: str) -> AnyResponse:
    """Read what is asked, and agree or decline. Sent twice, or after another decision, it shows how it stands."""
    if request.method == "POST":
        act = _ACTS.get(request.form.get("decision", ""))
        with db.write(g.consent.check_id) as session:
            consent = session.get_one(Consent, consent_id)
            if act is not None and act(session, consent):
                consent.language = language()
        return redirect(url_for("consent.done" if act else "consent.read", consent_id=consent_id), 303)
    consent = g.consent
    if consent.state != "requested" or ended(consent):
        return redirect(url_for("answer.status", consent_id=consent_id), 303)
    return page("request", **about(consent), **times(consent), looked_at=looked_at(consent), **not_covered(consent))


@pages.get("/<consent_id>/done")
def done(consent_id: str) -> AnyResponse:
    """What was decided and what happens now."""
    consent = g.consent
    if consent.state not in ("given", "declined") or consent.told_at is not None or late(consent):
        return redirect(url_for("answer.status", consent_id=consent_id), 303)
    return again_in_time(page("done", **about(consent), **times(consent)), consent)


@pages.route("/<consent_id>/withdraw", methods=["GET", "POST"])
def withdraw(consent_id: str) -> AnyResponse:
    """Take the agreement back, after a question; impossible once the answer has left."""
    if request.method == "POST":
        with db.write(g.consent.check_id) as session:
            decide.withdraw(session, session.get_one(Consent, consent_id))
    elif may_withdraw(g.consent):
        return page("withdraw", **about(g.consent), **times(g.consent))
    return redirect(url_for("answer.status", consent_id=consent_id), 303)
