"""Cookies of the pages, the token that every form carries, and what people type into the forms."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Literal

from flask import g, request
from werkzeug.wrappers import Response

from gateway.consent import deployment
from gateway.consent.models import PersonVisit, Visit
from gateway.consent.refusals import FormStale

FIELD = "form"
"""The hidden field that carries the token."""

_BROWSER = re.compile(r"[0-9a-f]{32}")
_OLDEST_YEAR = 1900


def cookie(name: str) -> str:
    """A cookie's name: bound to this host and to https by its prefix (RFC 6265bis §4.1.3) unless on loopback."""
    return f"__Host-{name}" if _secure() else name


def visit_cookie(consent_id: str) -> str:
    """The name of the cookie of a visit to one request."""
    return cookie(f"sealgate-{consent_id[-8:]}")


def visit_cookies() -> list[str]:
    """The cookies of all visits to requests that this browser has sent."""
    ours = re.compile(re.escape(cookie("sealgate-")) + r"[a-z2-7]{8}")
    return [value for name, value in request.cookies.items() if ours.fullmatch(name)]


def set_cookie(response: Response, name: str, value: str) -> None:
    """Set a cookie that ends with the browser's session and that no script can read."""
    response.set_cookie(name, value, secure=_secure(), httponly=True, samesite="Lax", path="/")


def token(visit: Visit | PersonVisit | None) -> str:
    """The token for the forms of a page: good for this browser and this visit only."""
    if "browser" not in g:
        known = request.cookies.get(cookie("sealgate-form"), "")
        g.browser = known if _BROWSER.fullmatch(known) else secrets.token_hex(16)
    return _token(g.browser, visit)


def keep_browser(response: Response) -> None:
    """Give the browser its cookie for forms, if the page had one and it did not have it yet."""
    name = cookie("sealgate-form")
    if "browser" in g and request.cookies.get(name) != g.browser:
        set_cookie(response, name, g.browser)


def check_token(visit: Visit | PersonVisit | None) -> None:
    """Raises FormStale unless the form came from a page that we gave to this browser for this visit."""
    browser = request.cookies.get(cookie("sealgate-form"), "")
    sent = request.form.get(FIELD, "")
    if not (_BROWSER.fullmatch(browser) and hmac.compare_digest(sent.encode(), _token(browser, visit).encode())):
        raise FormStale


def read_date(form: Mapping[str, str], today: date) -> date | Literal["missing", "none", "unlikely"]:
    """The birth date in the fields `year`, `month`, `day`, or what is wrong with it.

    `missing`: not three numbers. `none`: the calendar has no such day. `unlikely`: long ago, or not yet.
    """
    parts = [unicodedata.normalize("NFKC", form.get(name, "")).strip() for name in ("year", "month", "day")]
    if not all(re.fullmatch(r"[0-9]{1,4}", part) for part in parts):
        return "missing"
    try:
        born = date(*(int(part) for part in parts))
    except ValueError:
        return "none"
    return born if born.year >= _OLDEST_YEAR and born <= today else "unlikely"


def _secure() -> bool:
    return deployment.config().issuer.startswith("https:")


def _token(browser: str, visit: Visit | PersonVisit | None) -> str:
    key = hmac.digest(deployment.config().secret_key.encode(), b"sealgate consent forms", hashlib.sha256)
    return hmac.digest(key, f"{browser} {visit.id if visit else ''}".encode(), hashlib.sha256).hex()
