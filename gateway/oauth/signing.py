"""The keys that sign access tokens: one signs, the next is already published, the last one still verifies.

Clients and resource servers may keep our key set for MAX_AGE. So a key is published for at least that long
before it signs, and stays published after it until the last token that it signed has expired.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from joserfc.jwk import ECKey, OKPKey
from sqlalchemy import Connection, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from gateway import audit, clock, vault
from gateway.db import new_id
from gateway.oauth import keysets
from gateway.oauth.jose import PublicKey
from gateway.oauth.models import SigningKey

MAX_AGE = timedelta(minutes=10)
"""How long others may keep our key set."""
OVERLAP = timedelta(minutes=15)
"""How long a key stays published after its last signature: a token's lifetime and some."""
ALGORITHMS = ("ES256", "Ed25519")

_PRIVATE = "private"
ALIVE = or_(SigningKey.retires_at.is_(None), SigningKey.retires_at > bindparam("now"))
"""Which keys are published at the moment `now`."""
_FIND = select(SigningKey.public).where(SigningKey.kid == bindparam("kid"), ALIVE)


class TooSoon(Exception):
    """The next key has not been published for long enough to sign."""


class NoKeys(LookupError):
    """There is no key yet: `prepare` has not run."""


def prepare(session: Session, algorithm: str = "ES256") -> None:
    """Make the first two keys, unless there are keys."""
    if session.scalar(select(SigningKey.kid).limit(1)) is None:
        _make(session, algorithm, "current")
        _make(session, algorithm, "next")


def current(session: Session) -> tuple[str, str, ECKey | OKPKey]:
    """The key that signs now: its `kid`, its algorithm, its private half. Raises NoKeys."""
    row = session.scalar(select(SigningKey).where(SigningKey.state == "current"))
    if row is None:
        raise NoKeys
    return row.kid, str(row.public["alg"]), private_half(session, row.public)


def published(session: Session) -> list[dict[str, Any]]:
    """The public halves, the current one first: our JWK Set."""
    rows = session.scalars(select(SigningKey).where(ALIVE).order_by(SigningKey.created_at), {"now": clock.now()}).all()
    return [row.public for row in sorted(rows, key=lambda row: row.state != "current")]


def find(connection: Connection, kid: str) -> tuple[PublicKey, str] | None:
    """The published key of this name and its algorithm."""
    public = connection.execute(_FIND, {"kid": kid, "now": clock.now()}).scalar_one_or_none()
    return None if public is None else (keysets.load(public), str(public["alg"]))


def rotate(session: Session, algorithm: str = "ES256", *, at_once: bool = False) -> str:
    """Let the next key sign, retire the current one, publish a new next one; returns the kid that signs now.

    `at_once` is for a key that may have leaked: the old key is dropped in the same moment, and every token
    that it signed with it. Otherwise raises TooSoon while the next key has not been published for MAX_AGE.
    """
    prepare(session, algorithm)
    now = clock.now()
    session.execute(delete(SigningKey).where(SigningKey.retires_at < now))
    rows = {row.state: row for row in session.scalars(select(SigningKey).where(SigningKey.state != "retiring"))}
    old, new = rows["current"], rows["next"]
    if not at_once and new.created_at > now - MAX_AGE:
        raise TooSoon(f"The next key must be published for {MAX_AGE.seconds // 60} minutes before it signs.")
    vault.shred(session, old.kid)
    if at_once:
        session.delete(old)
    else:
        old.state, old.retires_at = "retiring", now + OVERLAP
    session.flush()  # one row is current at a time, and the index holds us to it
    new.state = "current"
    session.flush()
    _make(session, algorithm, "next")
    audit.record(session, "key.rotated", new.kid, use="access-token")
    return new.kid


def new_pair(session: Session, algorithm: str) -> tuple[str, dict[str, Any]]:
    """A new key pair: its `kid` and its public half as a JWK. The private half goes into the vault and stays there."""
    key: ECKey | OKPKey = ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
    kid = new_id("key")
    vault.put(session, kid, _PRIVATE, key.as_dict(private=True), standing=True)
    return kid, key.as_dict(private=False) | {"kid": kid, "use": "sig", "alg": algorithm}


def private_half(session: Session, public: Mapping[str, Any]) -> ECKey | OKPKey:
    """The key that signs, to its public half. Raises vault.Shredded, vault.Tampered."""
    kind = ECKey if public["kty"] == "EC" else OKPKey
    return kind.import_key(vault.get(session, str(public["kid"]), _PRIVATE))


def _make(session: Session, algorithm: str, state: str) -> None:
    kid, public = new_pair(session, algorithm)
    session.add(SigningKey(kid=kid, state=state, public=public, created_at=clock.now()))
