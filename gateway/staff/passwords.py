"""Passwords: what is asked of one, argon2id, and a bound on how many are checked at a time."""

import unicodedata

from argon2.exceptions import Argon2Error, InvalidHashError

from gateway.limits import Gate, Lane, Overloaded, soon
from gateway.oauth.secret import HASHER, HASHES, PATIENCE_SECONDS

LEAST, MOST = 12, 200
"""How many characters a password has (NIST SP 800-63B-4 §3.1.1.2 asks for eight beside a second factor)."""

_FEWEST_DIFFERENT = 5
_NOBODYS = HASHER.hash("nobody has this password")

# Apart from that of clients' secrets: whoever floods one door does not shut the other.
_HASHING = "hashing"
_gate = Gate(HASHES, {_HASHING: Lane(HASHES, 2 * HASHES)}, PATIENCE_SECONDS)


def fault(password: str, again: str, login: str) -> str | None:
    """What is wrong with a new password, as the name of its text: `short`, `long`, `plain`, `login`, `differ`."""
    written = _written(password)
    if len(written) < LEAST:
        return "short"
    if len(written) > MOST:
        return "long"
    if len(set(written.casefold())) < _FEWEST_DIFFERENT:
        return "plain"
    if login.casefold() in written.casefold():
        return "login"
    return None if written == _written(again) else "differ"


def hashed(password: str) -> str:
    """What is kept of a password. Raises Overloaded."""
    with _Place():
        return HASHER.hash(_written(password))


def fits(kept: str | None, password: str) -> bool:
    """Whether this is the password; the same work where there is none to compare with. Raises Overloaded."""
    with _Place():
        try:
            HASHER.verify(kept or _NOBODYS, _written(password[: 4 * MOST]))
        except (Argon2Error, InvalidHashError):
            return False
    return kept is not None


class _Place:
    """A place among those that hash at this moment."""

    def __enter__(self) -> None:
        if not _gate.enter(_HASHING):
            raise Overloaded(headers={"Retry-After": str(soon())})

    def __exit__(self, *error: object) -> None:
        _gate.leave(_HASHING)


def _written(password: str) -> str:
    """The same password however a keyboard composes it (RFC 8265 §4.2, OpaqueString)."""
    return unicodedata.normalize("NFC", password)
