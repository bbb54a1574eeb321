"""The doors of a person's own pages, each with what it takes to come in. A door that is not listed stays shut."""

from collections.abc import Mapping
from enum import Enum

from flask import g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway import clock
from gateway.consent import Consent, forms, own_visits, visits
from gateway.consent.refusals import LinkUnknown, ProofNeeded, SessionEnded
from gateway.db import db
from gateway.problems import Forbidden


class Door(Enum):
    """What it takes."""

    OPEN = "nothing"
    REQUEST = "the cookie of a visit to one request, in which the subject has proved who they are, lately"
    OWN = "the cookie of a visit in which a person has proved who they are, lately"


DOORS: Mapping[str, Door] = {
    "mine.sign_in": Door.OPEN,
    "mine.from_request": Door.REQUEST,
    "mine.everything": Door.OWN,
    "mine.one": Door.OWN,
    "mine.open_request": Door.OWN,
    "mine.erase": Door.OWN,
    "mine.contact": Door.OWN,
    "mine.forget_kept": Door.OWN,
    "mine.leave": Door.OWN,
}


class OwnPageClosed(Forbidden):
    """An act came from a page whose visit is over, or is another's."""

    type = "own-page-closed"
    title = "The page has closed"
    meaning = "Pages about a person close by themselves. The person shows again who they are."


def guard() -> Response | None:
    """Let in or refuse, and check the token of every form; puts `visit` and `person`, or `consent`, into `g`.

    Who has no visit, somebody else's or one that is over is answered alike. Reads only.
    """
    g.consent = g.visit = g.person = None
    door = DOORS.get(request.endpoint or "")
    if door is None:
        raise LinkUnknown
    with db.read() as session:
        if door is Door.REQUEST:
            _by_request(session, (request.view_args or {})["consent_id"])
        elif door is Door.OWN and not _by_cookie(session):
            return _send_to_sign_in()
    if request.method == "POST":
        forms.check_token(g.visit)
    return None


def _by_request(session: Session, consent_id: str) -> None:
    visit = visits.find(session, consent_id, request.cookies.get(forms.visit_cookie(consent_id), ""))
    consent = session.get(Consent, consent_id) if visit else None
    if visit is None or consent is None:
        raise SessionEnded
    g.consent, g.visit = consent, visit
    if not visits.proved(visit, clock.now()):
        raise ProofNeeded


def _by_cookie(session: Session) -> bool:
    visit = own_visits.find(session, request.cookies.get(forms.cookie(own_visits.COOKIE), ""))
    if visit is None or not visits.proved(visit, clock.now()):
        return False
    g.visit, g.person = visit, own_visits.person(session, visit)
    return True


def _send_to_sign_in() -> Response:
    """A reader goes on to the sign-in; an act is refused, and the page says that nothing was done."""
    if request.method == "POST":
        raise OwnPageClosed
    return redirect(url_for("mine.sign_in"), 303)
