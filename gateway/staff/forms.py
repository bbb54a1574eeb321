"""The cookies of these pages, and the token that every form carries."""

import hashlib
import hmac
import re
import secrets

from flask import g, request
from werkzeug.wrappers import Response

from gateway.consent import deployment
from gateway.consent.forms import FIELD, cookie, set_cookie
from gateway.staff.refusals import FormStale

_SESSION, _BROWSER = "sealgate-staff", "sealgate-staff-form"
_FORM = re.compile(r"[0-9a-f]{32}")


def sent_session() -> str:
    """The token of a session that this browser has sent, or nothing."""
    return request.cookies.get(cookie(_SESSION), "")


def keep_session(response: Response, token: str) -> None:
    """Give the browser the cookie of its session."""
    set_cookie(response, cookie(_SESSION), token)


def drop_session(response: Response) -> None:
    """Take the cookie back; a browser changes one whose name has the prefix only by one that is as secure."""
    secure = cookie(_SESSION) != _SESSION
    response.delete_cookie(cookie(_SESSION), path="/", secure=secure, httponly=True, samesite="Lax")


def token() -> str:
    """The token for the forms of a page: good for this browser and this session only."""
    if "staff_browser" not in g:
        known = request.cookies.get(cookie(_BROWSER), "")
        g.staff_browser = known if _FORM.fullmatch(known) else secrets.token_hex(16)
    return _token(g.staff_browser)


def keep_browser(response: Response) -> None:
    """Give the browser its cookie for forms, if the page had one and it did not have it yet."""
    if "staff_browser" in g and request.cookies.get(cookie(_BROWSER)) != g.staff_browser:
        set_cookie(response, cookie(_BROWSER), g.staff_browser)


def check_token() -> None:
    """Raises FormStale unless the form came from a page that we gave to this browser in this session."""
    browser, sent = request.cookies.get(cookie(_BROWSER), ""), request.form.get(FIELD, "")
    if not (_FORM.fullmatch(browser) and hmac.compare_digest(sent.encode(), _token(browser).encode())):
        raise FormStale


def _token(browser: str) -> str:
    key = hmac.digest(deployment.config().secret_key.encode(), b"sealgate staff forms", hashlib.sha256)
    session = g.get("staff_session")
    return hmac.digest(key, f"{browser} {session.id if session else ''}".encode(), hashlib.sha256).hex()
