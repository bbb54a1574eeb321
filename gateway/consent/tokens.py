"""Links and short codes: how they are made, how what people type is read, and what is kept of them."""

import base64
import secrets
import unicodedata

from gateway import vault

# Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O, U.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_HALF = 4


def new_link() -> str:
    """The secret part of a link: 160 random bits in 32 letters and digits."""
    return base64.b32encode(secrets.token_bytes(20)).decode().lower()


def new_code() -> str:
    """A short code of 40 random bits that can be read out and typed: `K7QM-2XDF`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF))
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def new_digits() -> str:
    """A one-time code of six digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def read_code(typed: str) -> str | None:
    """A short code as it was typed, in its standard form; None if it cannot be one.

    Small letters, full-width letters, spaces and dashes of any kind are taken, and O for 0, I or L for 1.
    """
    letters = "".join(char for char in unicodedata.normalize("NFKC", typed) if char.isalnum()).upper()
    letters = letters.translate(_READ_AS)
    if len(letters) != 2 * _HALF or not set(letters) <= set(_LETTERS):
        return None
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def read_digits(typed: str) -> str:
    """The digits of what was typed, whatever stands between them."""
    return "".join(char for char in unicodedata.normalize("NFKC", typed) if char in "0123456789")


def link_hash(link: str) -> str:
    """What is kept of a link."""
    return vault.index("consent-link", link)


def link_hashes(link: str) -> tuple[str, ...]:
    """What a link is found by, whichever key of the blind index it was kept under; the others likewise."""
    return vault.indexes("consent-link", link)


def code_hash(code: str) -> str:
    """What is kept of a short code in its standard form."""
    return vault.index("consent-code", code)


def code_hashes(code: str) -> tuple[str, ...]:
    """What a short code is found by."""
    return vault.indexes("consent-code", code)


def cookie_hash(cookie: str) -> str:
    """What is kept of a visit's cookie."""
    return vault.index("consent-visit", cookie)


def cookie_hashes(cookie: str) -> tuple[str, ...]:
    """What a visit is found by."""
    return vault.indexes("consent-visit", cookie)


def digits_hash(visit_id: str, digits: str) -> str:
    """What is kept of a one-time code; good for one visit only."""
    return vault.index("consent-digits", f"{visit_id} {digits}")


def digits_fit(kept: str, visit_id: str, digits: str) -> bool:
    """Whether these are the digits of which this was kept."""
    return vault.fits(kept, "consent-digits", f"{visit_id} {digits}")


def state_hash(state: str) -> str:
    """What is kept of the `state` of a sign-in."""
    return vault.index("consent-state", state)


def state_hashes(state: str) -> tuple[str, ...]:
    """What a sign-in is found by."""
    return vault.indexes("consent-state", state)
