"""The subject's pages after the proof: read and decide, done, how it stands, withdraw."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from flask import Response, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from gateway import audit, clock, vault
from gateway.consent import decide, deployment, grid, lease_said, visits
from gateway.consent.blueprint import pages
from gateway.consent.guard import ended
from gateway.consent.models import Consent
from gateway.consent.render import language, page, words
from gateway.db import db
from policies.plain import looked_at_by_law
from policies.policy import Policy

_ACTS = {"agree": decide.agree, "decline": decide.decline}

_LEAVING = timedelta(seconds=10)
"""How long after a release time an open page asks again: the answers of one time take a moment to leave."""


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
        return redirect(url_for("consent.status", consent_id=consent_id), 303)
    return page(
        "request",
        **_about(consent),
        **_times(consent),
        lease=lease_said.offer(consent, words()),
        looked_at=_looked_at(consent),
        **_not_covered(consent),
    )


@pages.get("/<consent_id>/done")
def done(consent_id: str) -> AnyResponse:
    """What was decided and what happens now."""
    consent = g.consent
    if consent.state not in ("given", "declined") or consent.told_at is not None or _late(consent):
        return redirect(url_for("consent.status", consent_id=consent_id), 303)
    return _again_in_time(page("done", **_about(consent), **_times(consent)), consent)


@pages.get("/<consent_id>/status")
def status(consent_id: str) -> AnyResponse:
    """Who asked, when, under which policy, how it stands; the result once it is there and the proof is fresh."""
    consent = g.consent
    if consent.state == "requested" and not ended(consent):
        return redirect(url_for("consent.read", consent_id=consent_id), 303)
    told = consent.state == "given" and consent.told_at is not None
    fresh = visits.proved(g.visit, clock.now(), visits.FRESH)
    response = page(
        "status",
        **_about(consent),
        **_times(consent),
        state="expired" if consent.state == "requested" else "told" if told else consent.state,
        late=_late(consent),
        result=_result(consent) if told and fresh else None,
        lease=lease_said.standing(consent, words()),
        may_withdraw=_may_withdraw(consent),
    )
    if told and fresh:  # the page closes by itself when the proof is not fresh any more
        response.headers["Refresh"] = str(int(visits.FRESH.total_seconds()) + 1)
    return response if told else _again_in_time(response, consent)


@pages.route("/<consent_id>/withdraw", methods=["GET", "POST"])
def withdraw(consent_id: str) -> AnyResponse:
    """Take the agreement back, after a question; impossible once the answer has left."""
    if request.method == "POST":
        with db.write(g.consent.check_id) as session:
            decide.withdraw(session, session.get_one(Consent, consent_id))
    elif _may_withdraw(g.consent):
        return page("withdraw", **_about(g.consent), **_times(g.consent))
    return redirect(url_for("consent.status", consent_id=consent_id), 303)


def _late(consent: Consent) -> bool:
    """Whether the release time that the subject was told has gone by: by lot or not, which nobody is told."""
    return (
        consent.state == "given"
        and consent.nominal_release_at is not None
        and clock.now() >= consent.nominal_release_at
    )


def _again_in_time(response: Response, consent: Consent) -> Response:
    """Let an open page that names a release time come anew when that time is past, whatever there is to say then."""
    now = clock.now()
    at = decide.shown_release_at(consent, now) if consent.state == "given" else None
    if at is not None:
        response.headers["Refresh"] = str(ceil((at - now + _LEAVING).total_seconds()))
    return response


def _may_withdraw(consent: Consent) -> bool:
    return consent.state == "given" and consent.released_at is None


def _result(consent: Consent) -> str:
    """`yes` or `no`, as it stands in the log. Raises vault.Tampered where the log does not bear it out."""
    with db.read() as session:
        eligible: bool = vault.get(session, consent.check_id, "result")["eligible"]
        answers = [entry.id for entry in audit.about(session, consent.check_id) if entry.kind == "answer"]
        if any(_logged(session, consent.check_id, answer, eligible) for answer in answers):
            return "yes" if eligible else "no"
    raise vault.Tampered(logged=consent.id)


def _logged(session: Session, check_id: str, answer: str, eligible: bool) -> bool:
    return audit.covered(session, answer) and audit.says(session, check_id, answer, "eligible", eligible)


def _policy(consent: Consent) -> Policy:
    return deployment.library().version(consent.policy, consent.version)


def _about(consent: Consent) -> dict[str, Any]:
    policy, lang = _policy(consent), language()
    return {
        "institution": consent.institution,
        "role": policy.role_labels[consent.role][lang],
        "policy": policy.title[lang],
        "cite": policy.source.cited(lang),
        "asked": words().moment(consent.requested_at),
    }


def _times(consent: Consent) -> dict[str, Any]:
    """When the answer leaves: as it would if they agreed now, or as everybody is told it."""
    now, text = clock.now(), words()
    release: datetime = decide.shown_release_at(consent, now) or grid.at_or_after(now + consent.hold, consent.grid)
    closed = consent.closed_at or consent.expires_at
    return {
        "release": text.moment(release),
        "hold": text.span(consent.hold),
        "expires": text.moment(consent.expires_at),
        "given": text.moment(consent.given_at) if consent.given_at else "",
        "closed": text.moment(closed),
    }


def _looked_at(consent: Consent) -> dict[str, list[str]]:
    return looked_at_by_law(_policy(consent), consent.role, language())


def _not_covered(consent: Consent) -> dict[str, Any]:
    return {"not_covered": [line[language()] for line in _policy(consent).not_covered]}
