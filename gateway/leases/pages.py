"""The subject's pages of a lease: renew, end, and go on to a check that was repeated. Behind the doors of consent."""

from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from gateway import vault
from gateway.consent import Consent, forms, guard, lease, visits
from gateway.consent.lease_said import FOLLOWED
from gateway.consent.refusals import LinkUnknown
from gateway.consent.render import page, refusal, seal, words
from gateway.db import db
from gateway.leases import acts
from gateway.problems import page_renderer

pages = Blueprint("leases", __name__, url_prefix="/c")
pages.before_request(guard)
pages.after_request(seal)
page_renderer("leases", refusal)


@pages.route("/<consent_id>/lease/end", methods=["GET", "POST"])
def end(consent_id: str) -> AnyResponse:
    """End the lease, after a question. What is under way on it is withdrawn with it."""
    if request.method == "POST":
        with db.write(consent_id, g.consent.check_id, *_under_way(consent_id)) as session:
            acts.end(session, session.get_one(Consent, consent_id), "subject")
    elif lease.stands(g.consent):
        return page("lease-end", **_facts(g.consent))
    return redirect(url_for("answer.status", consent_id=consent_id), 303)


@pages.route("/<consent_id>/lease/renew", methods=["GET", "POST"])
def renew(consent_id: str) -> AnyResponse:
    """Renew for the same term, after a question; in the last days, and under the same rules only."""
    if request.method == "POST":
        with db.write(g.consent.check_id) as session:
            acts.renew(session, session.get_one(Consent, consent_id))
    elif lease.renewable(g.consent):
        with db.read() as session:
            given = lease.given(session, g.consent)
        if lease.same_rules(g.consent, given):
            return page("lease-renew", **_facts(g.consent), renewed=words().day(given.renewed_until))
    return redirect(url_for("answer.status", consent_id=consent_id), 303)


@pages.post("/<consent_id>/lease/checks/<other_id>")
def show(consent_id: str, other_id: str) -> AnyResponse:
    """Open the page of a check that belongs to this lease. It is about the same person, so the same proof opens it."""
    with db.write() as session:
        other = _of_the_lease(session, g.consent, other_id)
        visit, token = visits.begin(session, other)
        visit.proved_at = g.visit.proved_at
    response = redirect(url_for("answer.status", consent_id=other_id), 303)
    forms.set_cookie(response, forms.visit_cookie(other_id), token)
    return response


def _of_the_lease(session: Session, consent: Consent, other_id: str) -> Consent:
    """A repeated check, or the request that came in its place. Raises LinkUnknown for any other."""
    other = session.get(Consent, other_id)
    if other is not None and other.lease_of == consent.id:
        return other
    followed = vault.get_all(session, consent.check_id, (FOLLOWED,)).get(FOLLOWED)
    if other is None or followed != {"consent": other_id}:
        raise LinkUnknown
    return other


def _under_way(consent_id: str) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Consent.check_id).where(Consent.lease_of == consent_id)))


def _facts(consent: Consent) -> dict[str, Any]:
    until = consent.leased_until
    return {"institution": consent.institution, "until": words().day(until) if until else ""}
