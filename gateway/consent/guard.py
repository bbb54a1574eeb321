"""The doors of the subject's pages, each with what it takes to come in. A door that is not listed stays shut."""

from collections.abc import Mapping
from enum import Enum

from flask import g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway import clock
from gateway.consent import forms, guardian, own_visits, tokens, visits
from gateway.consent.models import Consent, PersonVisit, Visit
from gateway.consent.refusals import LinkExpired, LinkUnknown, ProofNeeded, SessionEnded
from gateway.db import db


class Door(Enum):
    """What it takes."""

    OPEN = "nothing"
    LINK = "the secret of a link"
    STATE = "the state of a sign-in that this browser has begun"
    VISIT = "the cookie of a visit"
    PROVED = "the cookie of a visit in which the subject has proved who they are, lately"
    FRESH = "the same, just now"


DOORS: Mapping[str, Door] = {
    "consent.start": Door.OPEN,
    "consent.asset": Door.OPEN,
    "consent.nowhere": Door.OPEN,
    "consent.verify": Door.OPEN,
    "consent.welcome": Door.LINK,
    "consent.callback": Door.STATE,
    "consent.prove": Door.VISIT,
    "consent.code": Door.VISIT,
    "consent.contact": Door.VISIT,
    "consent.send": Door.VISIT,
    "consent.keep": Door.PROVED,
    "consent.read": Door.PROVED,
    "consent.done": Door.PROVED,
    "consent.own": Door.PROVED,
    "consent.withdraw": Door.PROVED,
    "answer.status": Door.PROVED,
    "answer.reasons": Door.FRESH,
    "answer.contest": Door.FRESH,
    "leases.end": Door.PROVED,
    "leases.renew": Door.PROVED,
    "leases.show": Door.PROVED,
}

_TERMS = {Door.PROVED: visits.PROOF_TERM, Door.FRESH: visits.FRESH}

OPEN_ENDPOINTS = frozenset(name for name, door in DOORS.items() if door is Door.OPEN)
"""The routes that need nothing, for the list of open doors of the whole application."""


FOR_GUARDIANS = frozenset(
    {
        *(f"consent.{name}" for name in ("callback", "prove", "code", "read", "done", "own", "withdraw")),
        "answer.status",
    }
)
"""The doors of a visit that open for a subject's guardian too. The others are the subject's alone."""


def guard() -> Response | None:
    """Let in or refuse, and check the token of every form; puts `consent` and `visit` into `g`. Reads only."""
    g.consent = g.visit = None
    g.as_guardian = False
    door = DOORS.get(request.endpoint or "")
    if door is None:
        raise LinkUnknown
    arguments = request.view_args or {}
    with db.read() as session:
        if door is Door.LINK:
            g.consent, g.as_guardian = _by_link(session, arguments["link"])
        elif door is Door.STATE:
            g.consent, g.visit = _by_state(session)
        elif door in (Door.VISIT, *_TERMS):
            g.consent, g.visit = _by_cookie(session, arguments["consent_id"])
    if isinstance(g.visit, Visit):
        g.as_guardian = g.visit.guardian
    if request.method == "POST":
        forms.check_token(g.visit)
    term = _TERMS.get(door)
    return _send_to_proof() if term is not None and not visits.proved(g.visit, clock.now(), term) else None


def ended(consent: Consent) -> bool:
    """Whether a request is over without anything to see: not agreed to, and its time is up.

    Declined, cancelled and unanswered requests look alike then, so that a link tells nobody which it was.
    """
    return consent.given_at is None and clock.now() >= consent.expires_at


def _by_link(session: Session, link: str) -> tuple[Consent, bool]:
    """The consent, and whether the link is the guardian's."""
    hashes = tokens.link_hashes(link)
    own = session.scalar(select(Consent).where(Consent.link_hash.in_(hashes)))
    consent = own or guardian.by_link(session, hashes)
    if consent is None:
        raise LinkUnknown
    if ended(consent):
        raise LinkExpired
    return consent, own is None


def _by_cookie(session: Session, consent_id: str) -> tuple[Consent, Visit]:
    """The same refusal for a request that does not exist and for one that this browser may not see."""
    cookie = request.cookies.get(forms.visit_cookie(consent_id), "")
    visit = visits.find(session, consent_id, cookie, guardians=request.endpoint in FOR_GUARDIANS)
    consent = session.get(Consent, consent_id) if visit else None
    if visit is None or consent is None:
        raise SessionEnded
    return consent, visit


def _by_state(session: Session) -> tuple[Consent | None, Visit | PersonVisit]:
    """The visit that this sign-in is for: to a request, or without one to what is about a person."""
    states = tokens.state_hashes(request.args.get("state", ""))
    waiting = session.scalar(select(Visit).where(Visit.state_hash.in_(states)))
    if waiting is not None:
        return _by_cookie(session, waiting.consent_id)
    own = own_visits.find(session, request.cookies.get(forms.cookie(own_visits.COOKIE), ""))
    if own is None or own.state_hash not in states:
        raise SessionEnded
    return None, own


def _send_to_proof() -> Response:
    """A reader goes on to the proof; an act is refused, and the page says that nothing was done."""
    if request.method == "POST":
        raise ProofNeeded
    return redirect(url_for("consent.prove", consent_id=g.consent.id), 303)
