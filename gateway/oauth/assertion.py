"""Client authentication by a signed assertion: `private_key_jwt` (RFC 7523, RFC 7521 §4.2).

Authlib's own checker takes RS256, an `exp` years ahead and a foreign server among the audiences. This one
is registered in its place.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from gateway import clock
from gateway.db import db, forget
from gateway.oauth import jose, keysets
from gateway.oauth.clients import RegisteredClient
from gateway.oauth.errors import ClientRefused, TooManyFailures
from gateway.oauth.failures import Failures, admit
from gateway.oauth.models import UsedAssertion
from gateway.oauth.request import FormRequest

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHOD = "private_key_jwt"

LONGEST = timedelta(seconds=3600)
"""How far ahead `exp` may lie: what Authlib's own client asks for and does not let anyone change."""
SKEW = timedelta(seconds=60)
"""How far a client's clock may be ahead of ours (FAPI 2.0 §5.3.2.1)."""

_TYPES = (None, "jwt", "client-authentication+jwt")
_NOT_VERIFIED = (
    "The client is unknown or revoked, or none of its registered keys verifies this assertion. "
    "A client with several keys must name one by 'kid'."
)


@dataclass(frozen=True)
class Assertion:
    """What a verified assertion says."""

    client_id: str
    jti: str
    expires_at: datetime


class PrivateKeyJwt:
    """The method `private_key_jwt` for Authlib's registry of client authentication methods."""

    def __init__(self, audiences: Callable[[FormRequest], Collection[str]], failures: Failures) -> None:
        self._audiences = audiences
        self._failures = failures

    def __call__(
        self, query_client: Callable[[str], RegisteredClient | None], request: FormRequest
    ) -> RegisteredClient:
        """The client that signed the request's assertion. Raises ClientRefused, TooManyCalls, TooManyFailures."""
        if request.form.get("client_assertion_type") != TYPE:
            raise ClientRefused(f"client_assertion_type must be {TYPE}.")
        try:
            unverified = jose.read(request.form["client_assertion"])
        except jose.Unreadable as error:
            raise ClientRefused(f"The client_assertion cannot be used. {error}") from None
        if unverified.typ not in _TYPES:
            raise ClientRefused("The client_assertion is a token of another kind: look at its 'typ'.")
        client = self._signer(query_client, unverified)
        assertion = check(unverified.claims, client.id, self._audiences(request), clock.now())
        admit(client.id)  # before the assertion is used up, and before anything is written
        if request.form.get("client_id", client.id) != client.id:
            raise ClientRefused("client_id names another client than the client_assertion.")
        if not use_once(assertion):
            raise ClientRefused("The client_assertion was used before: make a new one, with a new 'jti'.")
        return client

    def _signer(
        self, query_client: Callable[[str], RegisteredClient | None], unverified: jose.Unverified
    ) -> RegisteredClient:
        """The client named by `sub`, if it made the signature. The signature is always looked at first, so
        that failures by somebody else never keep the client itself out."""
        named = unverified.claims.get("sub")
        client = query_client(named) if isinstance(named, str) else None
        key = keysets.choose(client.jwks, unverified) if client and client.jwks else None
        if client is None or key is None:
            raise ClientRefused(_NOT_VERIFIED)
        if not jose.verifies(unverified, key):
            if seconds := self._failures.spend(client.id):
                raise TooManyFailures(seconds)
            raise ClientRefused(_NOT_VERIFIED)
        return client


def check(claims: Mapping[str, Any], client_id: str, audiences: Collection[str], now: datetime) -> Assertion:
    """Read the claims of an assertion whose signature was verified with a key of `client_id`.

    Raises ClientRefused saying which claim is wrong (RFC 7523 §3; FAPI 2.0 §5.3.2.1).
    """
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise ClientRefused("'iss' and 'sub' must both be the client_id.")
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not isinstance(audience, str) or audience not in audiences:
        raise ClientRefused("'aud' must be this server's issuer, or the URL of its token endpoint, alone.")
    expires_at = _check_times(claims, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
        raise ClientRefused("'jti' must be a string of 1 to 256 characters.")
    return Assertion(client_id, jti, expires_at)


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    expires = _moment(claims, "exp")
    if expires is None:
        raise ClientRefused("'exp' is missing.")
    if expires <= now.timestamp():
        raise ClientRefused("'exp' has passed: the client_assertion is expired.")
    if expires > (now + LONGEST + SKEW).timestamp():
        raise ClientRefused(f"'exp' must be at most {LONGEST.seconds} seconds ahead.")
    for name in ("iat", "nbf"):
        moment = _moment(claims, name)
        if moment is not None and moment > (now + SKEW).timestamp():
            raise ClientRefused(f"'{name}' lies in the future.")
    return datetime.fromtimestamp(expires, UTC)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519 §2), in seconds since 1970. It may be infinite (1e999), but never NaN."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClientRefused(f"'{name}' must be a number of seconds.")
    return value


def use_once(assertion: Assertion) -> bool:
    """Keep the assertion as used until it has expired. False if it is there already, however close the race."""
    text = f"{assertion.client_id}\0{assertion.jti}".encode(errors="surrogatepass")
    row = UsedAssertion(digest=hashlib.sha256(text).hexdigest(), expires_at=assertion.expires_at)
    try:
        with db.write(row.digest) as session:
            forget(session, UsedAssertion.digest, UsedAssertion.expires_at < clock.now() - SKEW)
            session.add(row)
    except IntegrityError:
        return False
    return True
