"""The public keys of a client: what is taken at registration, and which one a token was signed with.

Taken: EC keys on P-256, Ed25519 keys, RSA keys of 2048 bits or more (FAPI 2.0 §5.4.1). A key set is kept in a
plain form of its own: only the members that make the key, and a `kid` for every key.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.oauth.jose import PublicKey, Unverified

MAX_KEYS = 10
RSA_BITS = range(2048, 4097)

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_MEMBERS = {"EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "RSA": ("n", "e")}
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_ALGORITHMS = {"EC": ("ES256",), "OKP": ("Ed25519", "EdDSA"), "RSA": ("PS256",)}
_KID = re.compile(r"[\x21-\x7e]{1,128}")


class KeySetRefused(ValueError):
    """A key set cannot be registered: `field` says where (`keys[0].d`), `problem` why. No key is quoted."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def read(document: object) -> dict[str, Any]:
    """Check a JWK Set (RFC 7517 §5) of public keys and return the form in which it is kept.

    Raises KeySetRefused.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("keys"), list):
        raise KeySetRefused("keys", 'must be a list: a JWK Set is {"keys": […]}')
    if not 1 <= len(document["keys"]) <= MAX_KEYS:
        raise KeySetRefused("keys", f"must hold 1 to {MAX_KEYS} keys")
    keys = [_read_key(key, f"keys[{place}]") for place, key in enumerate(document["keys"])]
    kids = [key["kid"] for key in keys]
    for place, kid in enumerate(kids):
        if kid in kids[:place]:
            raise KeySetRefused(f"keys[{place}].kid", "is the kid of another key of this set")
    return {"keys": keys}


def choose(keyset: Mapping[str, Any], token: Unverified) -> PublicKey | None:
    """The key that a token names; when it names none, the only one that its algorithm fits; else None."""
    fitting = [key for key in keyset["keys"] if token.algorithm in _ALGORITHMS[key["kty"]]]
    if token.kid is not None:
        fitting = [key for key in fitting if key["kid"] == token.kid]
    return load(fitting[0]) if len(fitting) == 1 else None


def load(key: Mapping[str, Any]) -> PublicKey:
    """A key in the form in which it is kept, ready to verify with. Raises ValueError, JoseError."""
    material: dict[str, Any] = {name: key[name] for name in ("kty", *_MEMBERS[key["kty"]])}
    kinds: dict[str, type[ECKey | OKPKey | RSAKey]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}
    return kinds[key["kty"]].import_key(material)


def _read_key(key: object, place: str) -> dict[str, str]:
    if not isinstance(key, Mapping):
        raise KeySetRefused(place, "must be a JSON object")
    for name in _PRIVATE:
        if name in key:
            raise KeySetRefused(f"{place}.{name}", "belongs to a private or shared key; send the public key only")
    kind = key.get("kty")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise KeySetRefused(f"{place}.kty", "must be EC, OKP or RSA")
    _check_purpose(key, kind, place)
    for name in _MEMBERS[kind]:
        if not isinstance(key.get(name), str):
            raise KeySetRefused(f"{place}.{name}", "is missing or not a string")
    _check_strength(key, kind, place)
    kept = {name: str(key[name]) for name in _MEMBERS[kind]} | {"kty": str(kind)}
    try:
        loaded = load(kept)
    except (JoseError, ValueError) as error:
        raise KeySetRefused(place, "is not a valid public key") from error
    return kept | {"kid": _kid(key, place) or loaded.thumbprint()}


def _check_purpose(key: Mapping[str, Any], kind: str, place: str) -> None:
    if key.get("use", "sig") != "sig":
        raise KeySetRefused(f"{place}.use", "must be sig")
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeySetRefused(f"{place}.key_ops", "must hold verify")
    if key.get("alg", _ALGORITHMS[kind][0]) not in _ALGORITHMS[kind]:
        raise KeySetRefused(f"{place}.alg", f"must be {' or '.join(_ALGORITHMS[kind])} for this type of key")


def _check_strength(key: Mapping[str, Any], kind: str, place: str) -> None:
    if kind in _CURVES and key["crv"] != _CURVES[kind]:
        raise KeySetRefused(f"{place}.crv", f"must be {_CURVES[kind]}")
    if kind == "RSA":
        if _number(key["n"], f"{place}.n").bit_length() not in RSA_BITS:
            raise KeySetRefused(f"{place}.n", f"must have {RSA_BITS.start} to {RSA_BITS.stop - 1} bits")
        exponent = _number(key["e"], f"{place}.e")
        if exponent < 65537 or exponent % 2 == 0 or exponent.bit_length() > 64:
            raise KeySetRefused(f"{place}.e", "must be 65537 or a larger odd number of at most 64 bits")


def _number(text: str, place: str) -> int:
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeySetRefused(place, "is not base64url") from error
    return int.from_bytes(octets, "big")


def _kid(key: Mapping[str, Any], place: str) -> str | None:
    kid = key.get("kid")
    if kid is not None and not (isinstance(kid, str) and _KID.fullmatch(kid)):
        raise KeySetRefused(f"{place}.kid", "must be 1 to 128 visible ASCII characters")
    return kid
