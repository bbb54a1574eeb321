"""The pages: sign in, enrol, sign out, change the password, and the rooms that one may go to.

Whatever is wrong with a sign-in, the page is the same and so is the work: a login name that is nobody's costs one
hash, one code and one entry in the log, like any other.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from gateway import audit, clock
from gateway.consent import deployment
from gateway.db import db
from gateway.problems import NotFound, page_renderer
from gateway.staff import codes, forms, passwords, people, rooms, sessions
from gateway.staff.attempts import Attempt
from gateway.staff.guard import guard, member
from gateway.staff.models import Staff
from gateway.staff.refusals import LinkOver
from gateway.staff.render import Pages, seal

MOST_BYTES = 16_384
"""How large a form may be, in bytes."""

_LONGEST_CODE = 24

ours = Pages(Path(__file__).parent, "staff.errors")
pages = Blueprint("staff", __name__, url_prefix=rooms.HOME)


@pages.before_request
def bound() -> None:
    """What is larger than any form of ours is not read."""
    request.max_content_length = min(MOST_BYTES, request.max_content_length or MOST_BYTES)


pages.before_request(guard)
pages.after_request(seal)
page_renderer("staff", ours.refusal)


@pages.get("")
def home() -> Response:
    """The rooms that whoever is signed in may go to."""
    with db.read() as session:
        login = people.login_of(session, member().id)
    return ours.page("home", login=login, rooms=rooms.open_to(member().roles))


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> AnyResponse:
    """Login name, password and one-time code, all at once: nothing says which of them was wrong."""
    back = rooms.way_back(request.values.get("next", ""))
    if request.method != "POST":
        return redirect(back, 303) if "staff_member" in g else ours.page("staff-sign-in", wrong=False, back=back)
    token = _signed_in(people.read_login(request.form.get("login", "")[: 2 * people.LONGEST_LOGIN]))
    if token is None:
        return ours.page("staff-sign-in", 422, wrong=True, back=back)
    return _with_session(redirect(back, 303), token)


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session."""
    with db.write(g.staff_session.id) as session:
        sessions.end(session, forms.sent_session())
    response = redirect(url_for("staff.sign_in"), 303)
    forms.drop_session(response)
    return response


@pages.route("/enrol/<link>", methods=["GET", "POST"])
def enrol(link: str) -> AnyResponse:
    """For whoever has the link: set a password. With that the link is used up. Raises LinkOver."""
    with db.read() as session:
        staff = people.by_link(session, link)
        if staff is None:
            raise LinkOver
        login = people.login_of(session, staff.id)
    if request.method != "POST":
        return ours.page("enrol", login=login, fault=None)
    password = request.form.get("password", "")
    if fault := passwords.fault(password, request.form.get("again", ""), login):
        return ours.page("enrol", 422, login=login, fault=fault)
    password_hash = passwords.hashed(password)
    with db.write(staff.id) as session:
        found = people.by_link(session, link)
        if found is None:  # somebody was quicker
            raise LinkOver
        sessions.end(session, forms.sent_session())
        token = people.begin_enrolment(session, found, password_hash)
    return _with_session(redirect(url_for("staff.factor"), 303), token)


@pages.route("/factor", methods=["GET", "POST"])
def factor() -> AnyResponse:
    """The secret of the second factor, and the first code, which shows that it has arrived."""
    staff_id = g.staff_session.staff_id
    with db.read() as session:
        staff = session.get_one(Staff, staff_id)
        login, secret = people.login_of(session, staff_id), people.secret_of(session, staff)
    shown: dict[str, Any] = {
        "login": login,
        "secret": codes.grouped(secret),
        "uri": codes.uri(secret, login, f"Sealgate {urlsplit(deployment.config().issuer).hostname}"),
    }
    if request.method != "POST":
        return ours.page("factor", wrong=False, **shown)
    attempt = Attempt(staff_id, request.remote_addr)
    with db.write(staff_id) as session:
        staff = session.get_one(Staff, staff_id)
        token = _checked(session, staff, True, attempt)
        if token is not None:
            staff.enrolled_at = clock.now()
    if token is None:
        return ours.page("factor", 422, wrong=True, **shown)
    return _with_session(redirect(url_for("staff.home"), 303), token)


@pages.route("/password", methods=["GET", "POST"])
def password() -> AnyResponse:
    """Change the password; takes the present one and a fresh code, and ends all other sessions."""
    staff_id = member().id
    with db.read() as session:
        staff, login = session.get_one(Staff, staff_id), people.login_of(session, staff_id)
    if request.method != "POST":
        return ours.page("password", login=login, wrong=False, fault=None)
    new = request.form.get("password", "")
    if fault := passwords.fault(new, request.form.get("again", ""), login):
        return ours.page("password", 422, login=login, wrong=False, fault=fault)
    attempt = Attempt(staff_id, request.remote_addr)
    knows, new_hash = passwords.fits(staff.password_hash, request.form.get("present", "")), passwords.hashed(new)
    with db.write(staff_id) as session:
        found = session.get_one(Staff, staff_id)
        token = _checked(session, found, knows and found.password_hash == staff.password_hash, attempt)
        if token is not None:
            found.password_hash = new_hash
    if token is None:
        return ours.page("password", 422, login=login, wrong=True, fault=None)
    return _with_session(redirect(url_for("staff.home"), 303), token)


@pages.route("/<path:_rest>")
def nowhere(_rest: str) -> Response:
    """An address that was cut off or mistyped."""
    raise NotFound


_TOLD = {"staff.factor": "staff.enrolled", "staff.password": "staff.password_changed"}
"""What the log says beside that somebody signed in."""


def _signed_in(login: str) -> str | None:
    """The token of a new session, if login name, password and code of the form are right. Raises TooManyAttempts."""
    attempt = Attempt(login, request.remote_addr)
    with db.read() as session:
        staff = people.by_login(session, login)
    kept = staff.password_hash if staff and staff.enrolled_at else None
    knows = passwords.fits(kept, request.form.get("password", ""))
    with db.write(staff.id if staff else login) as session:
        found = session.get(Staff, staff.id) if staff else None
        return _checked(session, found, knows and found is not None and found.password_hash == kept, attempt)


def _checked(session: Session, staff: Staff | None, knows: bool, attempt: Attempt) -> str | None:
    """The token of a new session of somebody who knows the password, if the code is right too. A code is used up only
    with the right password, so that nobody else can use up somebody's."""
    step = people.step_of(session, staff, request.form.get("code", "")[:_LONGEST_CODE], clock.now())
    if staff is None or step is None or not knows:
        why = "code" if knows else "password" if staff else "unknown"
        audit.record(session, "staff.refused", staff.id if staff else None, why=why)
        return None
    staff.used_step = step
    return _begin(session, staff, attempt)


def _begin(session: Session, staff: Staff, attempt: Attempt) -> str:
    """What was signed in before in this browser ends; after a new password or factor all of this person's sessions."""
    sessions.end(session, forms.sent_session())
    if request.endpoint != "staff.sign_in":
        sessions.end_all(session, staff.id)
    attempt.succeeded(session)
    if request.endpoint in _TOLD:
        audit.record(session, _TOLD[request.endpoint], staff.id)
    audit.record(session, "staff.signed_in", staff.id)
    return sessions.begin(session, staff)


def _with_session(response: AnyResponse, token: str) -> AnyResponse:
    forms.keep_session(response, token)
    return response
