"""One-time codes by time (TOTP, RFC 6238): six digits every thirty seconds, by SHA-1, as every authenticator has it."""

import base64
import hmac
import secrets
import unicodedata
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_SECONDS = 30
DIGITS = 6
SKEW = 1
"""How many steps a clock may be behind or before ours (RFC 6238 §5.2)."""


def new_secret() -> str:
    """A secret of 160 random bits (RFC 4226 §4, R6) in base 32, in which authenticators take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def accepted(secret: str, typed: str, used_step: int, now: datetime) -> int | None:
    """The time step of a code that is right and newer than the last one used; None of any other.

    Whoever takes it keeps the step as used, in the same transaction: a code is good once (RFC 6238 §5.2).
    """
    digits = "".join(char for char in unicodedata.normalize("NFKC", typed) if char in "0123456789")
    totp, step = _totp(secret), int(now.timestamp()) // STEP_SECONDS
    found = None
    for one in range(step - SKEW, step + SKEW + 1):
        code = totp.generate(one * STEP_SECONDS)
        if hmac.compare_digest(code, digits.encode()) and one > used_step:
            found = one
    return found


def at(secret: str, now: datetime) -> str:
    """The code of a moment."""
    return _totp(secret).generate(int(now.timestamp())).decode()


def uri(secret: str, login: str, issuer: str) -> str:
    """The secret as an address that authenticators open."""
    return _totp(secret).get_provisioning_uri(login, issuer).replace("+", "%20")  # some apps show a plus as it is


def grouped(secret: str) -> str:
    """The secret in groups of four, to be typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
