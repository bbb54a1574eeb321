"""Reading signed tokens that strangers send: strict before the signature, one list of algorithms for it.

joserfc does the cryptography. What it leaves to its caller is closed here: a header that is not an object, a
member named twice, numbers that are none, nesting without end, algorithms by default, and the warning that
verifying `EdDSA` would raise (RFC 9864 deprecates the name, clients still send it).
"""

import base64
import binascii
import copy
import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

ALGORITHMS = ("ES256", "PS256", "Ed25519", "EdDSA")
"""What a signature may be made with: FAPI 2.0 §5.4.1, with the older name of Ed25519."""

MAX_TOKEN = 8192
"""The longest token that is looked at, in characters."""

PublicKey = ECKey | OKPKey | RSAKey

_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class Unreadable(Exception):
    """This is no signed token that we look at; the message may be told to whoever sent it."""


@dataclass(frozen=True)
class Unverified:
    """A token in its two parts, before anybody has looked at its signature."""

    token: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def algorithm(self) -> str:
        """The algorithm that the token names, one of ALGORITHMS."""
        return str(self.header["alg"])

    @property
    def kid(self) -> str | None:
        """The key that the token names, if it does."""
        kid: str | None = self.header.get("kid")
        return kid

    @property
    def typ(self) -> str | None:
        """The `typ` of the header, without `application/`, in lower case (RFC 7515 §4.1.9)."""
        typ: str | None = self.header.get("typ")
        return None if typ is None else typ.lower().removeprefix("application/")


def _models() -> dict[str, Any]:
    models: dict[str, Any] = {name: JWSRegistry.algorithms[name] for name in ("ES256", "PS256", "Ed25519")}
    models["EdDSA"] = copy.copy(models["Ed25519"])
    models["EdDSA"].name = "EdDSA"
    return models


class _Registry(JWSRegistry):
    """joserfc's algorithms, reduced to ours, and its limits, widened to those of `read`."""

    algorithms = _models()
    max_header_length = max_signature_length = MAX_TOKEN


# Headers that we do not know are ignored, as RFC 7515 §4 wants it; critical ones are refused by `read`.
_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


def read(token: str) -> Unverified:
    """Take a compact JWS apart without believing it. Raises Unreadable."""
    if len(token) > MAX_TOKEN:
        raise Unreadable(f"It is longer than {MAX_TOKEN} characters.")
    match = _SEGMENTS.fullmatch(token)
    if match is None:
        raise Unreadable("It is not three base64url parts with dots between them.")
    header, claims = _object(match[1], "header"), _object(match[2], "payload")
    if any(not isinstance(header.get(name, ""), str) for name in ("alg", "kid", "typ")):
        raise Unreadable("In its header 'alg', 'kid' and 'typ' must be strings.")
    # Nothing else is looked up in a database: a lone surrogate, which JSON can spell, is no text to one.
    if not all(header.get(name, "").isprintable() for name in ("alg", "kid", "typ")):
        raise Unreadable("In its header 'alg', 'kid' and 'typ' must be printable.")
    if "crit" in header or "b64" in header:
        raise Unreadable("Critical headers and unencoded payloads are not supported.")
    if header.get("alg") not in ALGORITHMS:
        raise Unreadable(f"Its 'alg' must be one of {', '.join(ALGORITHMS)}.")
    return Unverified(token, header, claims)


def verifies(unverified: Unverified, key: PublicKey) -> bool:
    """Whether this key made the token's signature, with the algorithm that the token names."""
    try:
        jws.deserialize_compact(unverified.token, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        return False
    return True


def _object(segment: str, part: str) -> dict[str, Any]:
    try:
        octets = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
        value = json.loads(octets.decode(), object_pairs_hook=_each_once, parse_constant=_no_number)
    except (binascii.Error, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unreadable(f"Its {part} is not a JSON object with each name once.")
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 7519 §4: claim names are unique; a parser that takes the first and one that takes the last disagree."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")
