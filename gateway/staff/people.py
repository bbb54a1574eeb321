"""Who works here: added, enrolled, revoked. What is secret of them is made by nobody but themselves.

The operator adds a login name and gets a link, which works once and for a day. Whoever opens it sets the password, then
sees the secret of the second factor, made at that moment, and shows with a first code that it has arrived. So the
operator knows neither, and somebody who was quicker with the link is noticed.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, clock, vault
from gateway.db import new_id
from gateway.staff import codes, sessions
from gateway.staff.models import Staff

ROLES = ("regulator", "approver", "adjudicator", "auditor")
LINK_TERM = timedelta(days=1)
LONGEST_LOGIN = 80

_JURISDICTION = re.compile(r"[a-z]{2}(-[a-z0-9]{1,12})?")


class Refused(Exception):
    """What the operator asks for cannot be done; the message says why."""


def read_login(typed: str) -> str:
    """A login name in the form in which it is compared: without regard to case, width and surrounding spaces."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def add(session: Session, typed: str, roles: Sequence[str], jurisdictions: Sequence[str], by: str) -> tuple[Staff, str]:
    """Somebody new, and the secret of the link with which they enrol. Raises Refused."""
    login = read_login(typed)
    if not 0 < len(login) <= LONGEST_LOGIN or not login.isprintable():
        raise Refused(f"a login name has 1 to {LONGEST_LOGIN} characters")
    if not roles or set(roles) - set(ROLES):
        raise Refused(f"a role is one of {', '.join(ROLES)}")
    if wrong := [one for one in jurisdictions if not _JURISDICTION.fullmatch(one)]:
        raise Refused(f"{', '.join(wrong)}: a jurisdiction is written such as cn or us-ca")
    if by_login(session, login) is not None:
        raise Refused(f"{login} works here already; see `sealgate staff reset`")
    staff = Staff(
        id=new_id("stf"), login_index=vault.index("staff-login", login), roles=sorted(set(roles)),
        jurisdictions=sorted(set(jurisdictions)), used_step=0, created_at=clock.now(),
    )  # fmt: skip
    session.add(staff)
    vault.put(session, staff.id, "login", login, standing=True)
    link = _new_link(session, staff)
    audit.record(session, "staff.added", staff.id, roles=",".join(staff.roles), by=by)
    return staff, link


def reset(session: Session, staff: Staff, by: str) -> str:
    """Take password, second factor and sessions away, and give the secret of a new link. Raises Refused."""
    if staff.revoked_at is not None:
        raise Refused(f"{staff.id} is revoked; add them again")
    _forget_secrets(session, staff)
    audit.record(session, "staff.reset", staff.id, by=by)
    return _new_link(session, staff)


def revoke(session: Session, staff: Staff, by: str) -> None:
    """Let somebody in no more, at once and for good. Their id and name stay known: they may have decided things."""
    if staff.revoked_at is None:
        _forget_secrets(session, staff)
        staff.revoked_at, staff.login_index = clock.now(), None
        audit.record(session, "staff.revoked", staff.id, by=by)


def by_login(session: Session, login: str) -> Staff | None:
    """Who has this login name, as `read_login` gives it."""
    return session.scalar(select(Staff).where(Staff.login_index.in_(vault.indexes("staff-login", login))))


def by_link(session: Session, link: str) -> Staff | None:
    """Who enrols with this link, if it is still good."""
    found = session.scalar(select(Staff).where(Staff.link_hash.in_(vault.indexes("staff-link", link))))
    if found is None or found.link_until is None or found.link_until <= clock.now() or found.revoked_at is not None:
        return None
    return found


def named(session: Session, login_or_id: str) -> Staff | None:
    """Somebody by id or by login name."""
    return session.get(Staff, login_or_id) or by_login(session, read_login(login_or_id))


def login_of(session: Session, staff_id: str) -> str:
    """Somebody's login name. Raises vault.Absent, vault.UnknownKek."""
    return str(vault.get(session, staff_id, "login"))


def state_of(staff: Staff) -> str:
    """How somebody stands: `invited`, `active`, `revoked`, or `lapsed`: their link is used up or over."""
    if staff.revoked_at is not None:
        return "revoked"
    if staff.enrolled_at is not None:
        return "active"
    return "invited" if staff.link_until is not None and staff.link_until > clock.now() else "lapsed"


def begin_enrolment(session: Session, staff: Staff, password_hash: str) -> str:
    """The password is set, the link is used up, and the second factor made: the token of the session to confirm it."""
    staff.password_hash, staff.link_hash, staff.link_until = password_hash, None, None
    vault.put(session, staff.id, "totp", codes.new_secret(), standing=True)
    sessions.end_all(session, staff.id)
    return sessions.begin(session, staff, enrolling=True)


def secret_of(session: Session, staff: Staff | None) -> str:
    """The secret of somebody's second factor; of nobody, one that is nobody's, so that the work is the same."""
    kept = vault.get_all(session, staff.id if staff else "stf_nobody", ("totp",))
    return str(kept.get("totp") or codes.new_secret())


def step_of(session: Session, staff: Staff | None, typed: str, now: datetime) -> int | None:
    """The time step of a one-time code, if it is right and was not used. Whoever takes it keeps it as used."""
    step = codes.accepted(secret_of(session, staff), typed, staff.used_step if staff else 0, now)
    return step if staff is not None else None


def _new_link(session: Session, staff: Staff) -> str:
    link = secrets.token_urlsafe(24)
    staff.link_hash, staff.link_until = vault.index("staff-link", link), clock.now() + LINK_TERM
    session.flush()
    return link


def _forget_secrets(session: Session, staff: Staff) -> None:
    staff.password_hash = staff.link_hash = staff.link_until = staff.enrolled_at = None
    vault.remove(session, staff.id, "totp")
    sessions.end_all(session, staff.id)
