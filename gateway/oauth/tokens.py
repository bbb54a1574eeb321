"""Access tokens: RFC 9068 JWTs, signed by the current key, read with every check that Authlib leaves out.

A token names its client, its scopes and this API as its only audience. It lasts LIFETIME. What it says is
believed only together with what the database says of its client at that moment.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749 import TokenMixin
from joserfc import jwt
from sqlalchemy import Connection, bindparam, exists
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import forget
from gateway.oauth import clients, jose, signing
from gateway.oauth.clients import RegisteredClient
from gateway.oauth.models import RevokedToken, SigningKey

LIFETIME = timedelta(minutes=10)
TYPE = "at+jwt"

MOST_SEEN = 4096
"""How many tokens a process knows again without verifying their signature once more."""

_STANDING = clients.STANDING.add_columns(
    exists().where(SigningKey.kid == bindparam("kid"), signing.ALIVE).label("alive"),
    exists().where(RevokedToken.jti == bindparam("jti")).label("taken_back"),
)


def resources(issuer: str) -> tuple[str, str]:
    """The names under which this API may be asked for as `resource` (RFC 8707); the first is the default."""
    return f"{issuer}/v1", issuer


@dataclass(frozen=True)
class AccessToken(TokenMixin):  # type: ignore[misc]
    """A token of ours whose signature and claims hold, with its client as it stands now."""

    jti: str
    client: RegisteredClient
    scopes: tuple[str, ...]
    claims: Mapping[str, Any]
    expires_at: datetime
    revoked: bool

    def check_client(self, client: RegisteredClient) -> bool:
        """For Authlib: whether the token was issued to this client."""
        return self.client.id == client.id

    def get_scope(self) -> str:
        """For Authlib: the scopes that the token gives at this moment."""
        return " ".join(self.scopes)

    def is_expired(self) -> bool:
        """For Authlib."""
        return self.expires_at <= clock.now()

    def is_revoked(self) -> bool:
        """For Authlib: taken back, or its client revoked, or its institution suspended."""
        return self.revoked or self.client.revoked or self.client.suspended


def issue(session: Session, issuer: str, client: RegisteredClient, scope: str, resource: str) -> dict[str, Any]:
    """A new access token with the members of its response (RFC 6749 §5.1). Raises signing.NoKeys."""
    kid, algorithm, key = signing.current(session)
    now = clock.now()
    claims = {
        "iss": issuer,
        "sub": client.id,
        "client_id": client.id,
        "aud": resource,
        "scope": scope,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": secrets.token_urlsafe(16),
    }
    header = {"typ": TYPE, "alg": algorithm, "kid": kid}
    token = jwt.encode(header, claims, key, algorithms=[algorithm])
    return {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME.seconds, "scope": scope}


def read(connection: Connection, issuer: str, text: str) -> AccessToken | None:
    """The token if we issued it for this API and it is not malformed; None for anything else.

    It may still be expired or revoked: ask it. Of a token that came before, only the signature is not looked at again;
    what may have changed since (its key, its client, its institution, whether it was taken back) is, every time.
    """
    digest = hashlib.sha256(f"{issuer} {text}".encode()).digest()
    known = _seen.get(digest)
    signed = known or _signed(connection, issuer, text)
    if signed is None:
        return None
    claims = signed.claims
    asked = {"client_id": claims["client_id"], "jti": claims["jti"], "kid": signed.kid, "now": clock.now()}
    row = connection.execute(_STANDING, asked).one_or_none()
    if row is None or not row.alive:
        return None
    if known is None:
        _seen.put(digest, signed)
    client = clients.read_row(row)
    scopes = tuple(scope for scope in str(claims["scope"]).split() if scope in client.scopes)
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    return AccessToken(str(claims["jti"]), client, scopes, claims, expires_at, bool(row.taken_back))


def _signed(connection: Connection, issuer: str, text: str) -> "Signed | None":
    """What a token says, if a key of ours has signed it for this API."""
    try:
        token = jose.read(text)
    except jose.Unreadable:
        return None
    if token.typ != TYPE or token.kid is None:  # RFC 9068 §4: without `typ` it could be any JWT of ours
        return None
    found = signing.find(connection, token.kid)
    if found is None or token.algorithm != found[1] or not jose.verifies(token, found[0]):
        return None
    if token.claims.get("iss") != issuer or token.claims.get("aud") not in resources(issuer):
        return None
    return Signed(token.kid, token.claims)


@dataclass(frozen=True)
class Signed:
    """What a token of ours says, and which key signed it."""

    kid: str
    claims: Mapping[str, Any]


class Seen:
    """Tokens that we know to have signed, the latest of them, by their hashes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[bytes, Signed] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> Signed | None:
        """What the token of this hash says, if it is known."""
        with self._lock:
            found = self._known.get(digest)
            if found is not None:
                self._known.move_to_end(digest)
            return found

    def put(self, digest: bytes, signed: Signed) -> None:
        """Know it from now on, and forget the one that was used longest ago if there are too many."""
        with self._lock:
            self._known[digest] = signed
            if len(self._known) > self._most:
                self._known.popitem(last=False)


_seen = Seen(MOST_SEEN)


def revoke(session: Session, token: AccessToken) -> None:
    """Take a token back before its time; tokens that have expired meanwhile are forgotten."""
    forget(session, RevokedToken.jti, RevokedToken.expires_at < clock.now())
    if session.get(RevokedToken, token.jti) is None:
        session.add(RevokedToken(jti=token.jti, expires_at=token.expires_at))
