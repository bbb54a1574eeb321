"""From the link or the short code to a proof: start, welcome, proof, one-time code, and the way back from a sign-in."""

from datetime import date, datetime

from flask import Response, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from gateway import clock, vault
from gateway.consent import assets, attempts, deployment, forms, oidc, own_visits, people, proof, tokens, visits
from gateway.consent.blueprint import pages
from gateway.consent.guard import ended
from gateway.consent.models import Consent, PersonVisit, Visit
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
        consent = None if full else _by_code(session)
        if consent is not None:
            return _begin(session, consent)
        if not full:
            attempts.failed(session, place, now)
    if full:
        raise TooManyAttempts(full, (full - now).total_seconds())
    return page("start", 422, wrong=True, typed=request.form.get("code", "")[:_LONGEST_CODE])


def _by_code(session: Session) -> Consent | None:
    code = tokens.read_code(request.form.get("code", ""))
    consent = session.scalar(select(Consent).where(Consent.code_hash.in_(tokens.code_hashes(code or ""))))
    return None if consent is None or ended(consent) else consent


@pages.route("/<link>", methods=["GET", "POST"])
def welcome(link: str) -> AnyResponse:
    """For those who have the link: who asks. The same in every state, for anybody may have come by the link."""
    if request.method != "POST":
        return page("welcome", still_open=clock.now() < g.consent.expires_at)
    with db.write(g.consent.check_id) as session:
        return _begin(session, session.get_one(Consent, g.consent.id))


def _begin(session: Session, consent: Consent) -> AnyResponse:
    """Bind this browser to the request, unless it is already, and go on to the proof."""
    response = redirect(url_for("consent.prove", consent_id=consent.id), 303)
    name = forms.visit_cookie(consent.id)
    if visits.find(session, consent.id, request.cookies.get(name, "")) is None:
        _, token = visits.begin(session, consent)
        forms.set_cookie(response, name, token)
    return response


@pages.route("/<consent_id>/prove", methods=["GET", "POST"])
def prove(consent_id: str) -> AnyResponse:
    """Prove who you are: particulars and a code, or a sign-in at the provider."""
    if request.method != "POST" and visits.proved(g.visit, clock.now(), visits.FRESH):
        return redirect(_next(consent_id), 303)
    if deployment.config().proof == "oidc":
        g.form_targets, here = [oidc.authorization_origin()], oidc.to_request(g.consent, g.visit)
        return page("sign-in") if request.method != "POST" else redirect(oidc.begin(here), 303)
    _refuse_pause(g.consent)
    if not g.consent.reachable:
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
        until = attempts.strike(consent, clock.now())
        if until is None:
            proof.send_code(session, consent, visit, typed["name"], born, language())
    _refuse_pause(consent)
    return redirect(url_for("consent.code", consent_id=consent_id), 303)


@pages.route("/<consent_id>/code", methods=["GET", "POST"])
def code(consent_id: str) -> AnyResponse:
    """Type the code that was sent, if one was: the page is there either way, unless people sign in here."""
    if deployment.config().proof == "oidc":
        raise LinkUnknown
    _refuse_pause(g.consent)
    if request.method != "POST":
        return page("code", wrong=False)
    with db.write(g.consent.check_id) as session:
        consent, visit = session.get_one(Consent, consent_id), session.get_one(Visit, g.visit.id)
        _refuse_pause(consent)
        token = proof.check_code(session, consent, visit, tokens.read_digits(request.form.get("code", "")))
        if token is not None:
            known = vault.get_all(session, consent.check_id, ("subject", "contact"))
            people.proved(session, consent, people.by_particulars(known["subject"], known["contact"]))
    if token is None:
        _refuse_pause(consent)
        return page("code", 422, wrong=True)
    return _proved(consent_id, token)


@pages.get("/callback")
def callback() -> AnyResponse:
    """Back from the provider. The one GET that changes something: the protocol has it so, and `state` is good once.

    Whoever is not the subject may try as often as they like: the provider knows who they are, so there is nothing
    to guess, and counting them would let anybody with the link keep the subject out.
    """
    if g.consent is None:
        return _back_to_own_page()
    with db.read() as session:  # without particulars, when the person has had them erased: then nobody fits
        subject = vault.get_all(session, g.consent.check_id, ("subject",)).get("subject")
    claims = oidc.finish(oidc.to_request(g.consent, g.visit))
    vouched = oidc.vouched(claims, deployment.config().oidc_claims, subject) if subject else None
    if vouched is None:
        raise NotMatched
    with db.write(g.consent.check_id) as session:
        vault.put(session, g.consent.check_id, "vouched", vouched)
        people.proved(session, g.consent, people.by_claims(claims))
        token = visits.prove(session.get_one(Visit, g.visit.id))
    return _proved(g.consent.id, token)


def _back_to_own_page() -> AnyResponse:
    """The same for what is about a person: whoever signs in there sees what is about them, which may be nothing."""
    person = people.by_claims(oidc.finish(oidc.to_own_page(g.visit)))
    with db.write(g.visit.id) as session:
        token = own_visits.prove(session, session.get_one(PersonVisit, g.visit.id), person)
    response = redirect(own_visits.PAGE, 303)
    forms.set_cookie(response, forms.cookie(own_visits.COOKIE), token)
    return response


def _proved(consent_id: str, token: str) -> AnyResponse:
    response = redirect(_next(consent_id), 303)
    forms.set_cookie(response, forms.visit_cookie(consent_id), token)
    return response


def _next(consent_id: str) -> str:
    return url_for("consent.read", consent_id=consent_id)


def _refuse_pause(consent: Consent) -> None:
    """Raises TooManyAttempts while nothing may be tried for this consent."""
    now: datetime = clock.now()
    until = attempts.paused(consent, now)
    if until is not None:
        raise TooManyAttempts(until, (until - now).total_seconds())
