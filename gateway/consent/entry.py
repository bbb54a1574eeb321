"""From the link or the short code to a proof: start, welcome, proof, one-time code, and the way back from a sign-in."""

from datetime import date, datetime

from flask import Response, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from gateway import clock, vault
from gateway.consent import (
    assets,
    attempts,
    contacts,
    deployment,
    forms,
    guardian,
    oidc,
    own_visits,
    people,
    proof,
    tokens,
    visits,
)
from gateway.consent.blueprint import pages
from gateway.consent.guard import ended
from gateway.consent.models import Consent, Guardian, PersonVisit, Visit
from gateway.consent.refusals import LinkUnknown, NoContact, NotMatched, TooManyAttempts
from gateway.consent.render import language, page
from gateway.db import db

_LONGEST_NAME = 200
_LONGEST_CODE = 24


@pages.get("/assets/<name>")
def asset(name: str) -> Response:
    """The style sheet or the icon."""
    return assets.serve(name)


@pages.get("/<path:_rest>")
def nowhere(_rest: str) -> Response:
    """An address that was cut off or mistyped."""
    raise LinkUnknown


@pages.route("", methods=["GET", "POST"])
def start() -> AnyResponse:
    """For those who have a short code: type it."""
    if request.method != "POST":
        return page("start", wrong=False, typed="")
    now, place = clock.now(), attempts.place_of(request.remote_addr)
    with db.write(attempts.NAME) as session:
        full = attempts.full_until(session, place, now)
        consent, as_guardian = (None, False) if full else _by_code(session)
        if consent is not None:
            return _begin(session, consent, as_guardian)
        if not full:
            attempts.failed(session, place, now)
    if full:
        raise TooManyAttempts(full, (full - now).total_seconds())
    return page("start", 422, wrong=True, typed=request.form.get("code", "")[:_LONGEST_CODE])


def _by_code(session: Session) -> tuple[Consent | None, bool]:
    """The request, and whether the code is the guardian's."""
    hashes = tokens.code_hashes(tokens.read_code(request.form.get("code", "")) or "")
    own = session.scalar(select(Consent).where(Consent.code_hash.in_(hashes)))
    consent = own or guardian.by_code(session, hashes)
    return (None, False) if consent is None or ended(consent) else (consent, own is None)


@pages.route("/<link>", methods=["GET", "POST"])
def welcome(link: str) -> AnyResponse:
    """For those who have the link: who asks. The same in every state, for anybody may have come by the link."""
    if request.method != "POST":
        return page("welcome", still_open=clock.now() < g.consent.expires_at)
    with db.write(g.consent.check_id) as session:
        return _begin(session, session.get_one(Consent, g.consent.id), g.as_guardian)


def _begin(session: Session, consent: Consent, as_guardian: bool) -> AnyResponse:
    """Bind this browser to the request, unless it is already, and go on to the proof.

    Of a subject and a guardian at one browser the one who came last is there.
    """
    response = redirect(url_for("consent.prove", consent_id=consent.id), 303)
    name = forms.visit_cookie(consent.id)
    known = visits.find(session, consent.id, request.cookies.get(name, ""), guardians=True)
    if known is None or known.guardian != as_guardian:
        _, token = visits.begin(session, consent, guardian=as_guardian)
        forms.set_cookie(response, name, token)
    return response


@pages.route("/<consent_id>/prove", methods=["GET", "POST"])
def prove(consent_id: str) -> AnyResponse:
    """Prove who you are: particulars and a code, or a sign-in at the provider."""
    if request.method != "POST" and visits.proved(g.visit, clock.now(), visits.FRESH):
        return redirect(_next(consent_id), 303)
    if deployment.config().proof == "oidc":
        g.form_targets, here = [oidc.authorization_origin()], oidc.to_request(g.consent, g.visit)
        by_contact = contacts.allowed(g.consent) and not g.as_guardian
        if request.method != "POST":
            return page("sign-in", by_contact=by_contact)
        return redirect(oidc.begin(here, contact=by_contact), 303)
    side = _side()
    refuse_pause(side)
    if not side.reachable:
        raise NoContact
    if request.method != "POST":
        return page("prove", typed={}, missing=[], born="")
    return _take_particulars(consent_id)


def _take_particulars(consent_id: str) -> AnyResponse:
    """The same answer for the same work, whether they are right or wrong; only what is no date at all is sent back."""
    typed = {name: request.form.get(name, "")[:_LONGEST_NAME] for name in ("name", "year", "month", "day")}
    born = forms.read_date(typed, clock.now().date())
    missing = ["name"] * (not proof.plain(typed["name"]))
    if missing or not isinstance(born, date):
        return page("prove", 422, typed=typed, missing=missing, born="" if isinstance(born, date) else born)
    with db.write(g.consent.check_id) as session:
        consent, visit = session.get_one(Consent, consent_id), session.get_one(Visit, g.visit.id)
        side = guardian.side(session, consent, visit)
        until = attempts.strike(side, clock.now())
        if until is None:
            proof.send_code(session, consent, visit, typed["name"], born, language())
    refuse_pause(side)
    return redirect(url_for("consent.code", consent_id=consent_id), 303)


@pages.route("/<consent_id>/code", methods=["GET", "POST"])
def code(consent_id: str) -> AnyResponse:
    """Type the code that was sent, if one was: the page is there either way, unless people sign in here."""
    if deployment.config().proof == "oidc":
        raise LinkUnknown
    refuse_pause(_side())
    if request.method != "POST":
        return page("code", wrong=False)
    with db.write(g.consent.check_id) as session:
        consent, visit = session.get_one(Consent, consent_id), session.get_one(Visit, g.visit.id)
        side = guardian.side(session, consent, visit)
        refuse_pause(side)
        token = proof.check_code(session, consent, visit, tokens.read_digits(request.form.get("code", "")))
        if token is not None and not visit.guardian:
            known = vault.get_all(session, consent.check_id, ("subject", "contact"))
            people.proved(session, consent, people.by_particulars(known["subject"], known["contact"]))
    if token is None:
        refuse_pause(side)
        return page("code", 422, wrong=True)
    return proved(consent_id, token)


@pages.get("/callback")
def callback() -> AnyResponse:
    """Back from the provider. The one GET that changes something: the protocol has it so, and `state` is good once.

    Whoever is not the subject may try as often as they like: the provider knows who they are, so there is nothing
    to guess, and counting them would let anybody with the link keep the subject out.
    """
    if g.consent is None:
        return _back_to_own_page()
    with db.read() as session:  # without particulars, when the person has had them erased: then nobody fits
        expected = guardian.particulars_left(session, g.consent, g.visit)
    by_contact = contacts.allowed(g.consent) and not g.as_guardian
    claims = oidc.finish(oidc.to_request(g.consent, g.visit), contact=by_contact)
    vouched = oidc.vouched(claims, deployment.config().oidc_claims, expected) if expected else None
    if vouched is None:
        raise NotMatched
    with db.write(g.consent.check_id, contacts.NAME) as session:
        if not g.as_guardian:  # else the registries would be asked about the guardian
            vault.put(session, g.consent.check_id, "vouched", vouched)
            people.proved(session, g.consent, people.by_claims(claims))
        visit = session.get_one(Visit, g.visit.id)
        asked = by_contact and contacts.signed_in(session, visit, claims)
        token = visits.prove(visit)
    return proved(g.consent.id, token, url_for("consent.keep", consent_id=g.consent.id) if asked else None)


def _back_to_own_page() -> AnyResponse:
    """The same for what is about a person: whoever signs in there sees what is about them, which may be nothing."""
    person = people.by_claims(oidc.finish(oidc.to_own_page(g.visit)))
    with db.write(g.visit.id) as session:
        token = own_visits.prove(session, session.get_one(PersonVisit, g.visit.id), person)
    response = redirect(own_visits.PAGE, 303)
    forms.set_cookie(response, forms.cookie(own_visits.COOKIE), token)
    return response


def proved(consent_id: str, token: str, to: str | None = None) -> AnyResponse:
    """On to what the proof was for, with the new cookie."""
    response = redirect(to or _next(consent_id), 303)
    forms.set_cookie(response, forms.visit_cookie(consent_id), token)
    return response


def _next(consent_id: str) -> str:
    return url_for("consent.read", consent_id=consent_id)


def _side() -> Consent | Guardian:
    """The row of the one whose visit it is."""
    with db.read() as session:
        return guardian.side(session, g.consent, g.visit)


def refuse_pause(consent: attempts.Tried) -> None:
    """Raises TooManyAttempts while nothing may be tried for this consent by this one of the two."""
    now: datetime = clock.now()
    until = attempts.paused(consent, now)
    if until is not None:
        raise TooManyAttempts(until, (until - now).total_seconds())
