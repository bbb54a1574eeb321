"""Who may come in: somebody signed in with one of the roles that a room names.

desk = Blueprint("desk", __name__, url_prefix="/desk")
desk.before_request(StaffGuard("adjudicator"))

member().id                                     # in its views: who it is
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import cast

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.db import db
from gateway.staff import forms, sessions
from gateway.staff.models import StaffSession
from gateway.staff.people import ROLES
from gateway.staff.refusals import NotYourRoom, SignInNeeded

READING = ("GET", "HEAD")


@dataclass(frozen=True)
class Member:
    """Somebody who works here, as the database has them at this moment."""

    id: str
    roles: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    """What they may act for; none named is every one."""

    def may_act_for(self, jurisdiction: str) -> bool:
        """Whether a jurisdiction is theirs; `us` has `us-ca` in it."""
        ours = self.jurisdictions
        return not ours or any(jurisdiction == one or jurisdiction.startswith(f"{one}-") for one in ours)


class StaffGuard:
    """Lets a request pass of somebody signed in who has one of the roles (of anybody signed in, if none is named).

    A reader who is not signed in is sent to sign in and comes back; an act is refused. Raises SignInNeeded,
    NotYourRoom, FormStale; `member()` is there afterwards.
    """

    def __init__(self, *roles: str) -> None:
        if unknown := set(roles) - set(ROLES):
            raise ValueError(f"no such role: {', '.join(sorted(unknown))}")
        self.roles = roles

    def __call__(self) -> Response | None:
        """Let in, send to sign in, or refuse; every form must carry the token of its page."""
        recognise()
        if "staff_member" not in g:
            return send_to_sign_in()
        if self.roles and not set(self.roles) & set(member().roles):
            raise NotYourRoom
        if request.method not in READING:
            forms.check_token()
        return None


class Door(Enum):
    """What it takes to come to a page of ours."""

    OPEN = "nothing"
    ENROLLING = "the cookie of somebody who has just set a password by a link"
    MEMBER = "the cookie of somebody who has signed in"


DOORS: Mapping[str, Door] = {
    "staff.sign_in": Door.OPEN,
    "staff.enrol": Door.OPEN,
    "staff.nowhere": Door.OPEN,
    "staff.factor": Door.ENROLLING,
    "staff.home": Door.MEMBER,
    "staff.password": Door.MEMBER,
    "staff.sign_out": Door.MEMBER,
}

_anybody = StaffGuard()


def guard() -> Response | None:
    """The guard of our own pages. Raises as StaffGuard."""
    door = DOORS.get(request.endpoint or "", Door.MEMBER)
    if door is Door.MEMBER:
        return _anybody()
    found = recognise()
    if door is Door.ENROLLING and (found is None or not found.enrolling):
        return send_to_sign_in()
    if request.method not in READING:
        forms.check_token()
    return None


def member() -> Member:
    """Who is signed in, behind a guard. Raises LookupError elsewhere."""
    if "staff_member" not in g:
        raise LookupError("nobody is signed in: is this behind a StaffGuard?")
    return cast("Member", g.staff_member)


def recognise() -> StaffSession | None:
    """Put the session of this browser into `g.staff_session` if it has one, and its owner into `g.staff_member` unless
    they are still enrolling."""
    g.staff_session = None
    sent = forms.sent_session()
    if not sent:
        return None
    with db.read() as session:
        found = sessions.find(session, sent)
    if found is not None:
        g.staff_session, owner = found, found.staff
        if not found.enrolling:
            g.staff_member = Member(owner.id, tuple(owner.roles), tuple(owner.jurisdictions))
        sessions.used(found)
    return found


def send_to_sign_in() -> Response:
    """A reader goes to sign in and comes back; an act is refused. Raises SignInNeeded."""
    if request.method not in READING:
        raise SignInNeeded
    return redirect(url_for("staff.sign_in", next=request.path), 303)
