"""The keys that sign access tokens: one signs, the next is already published, the last one still verifies.

Clients and resource servers may keep our key set for MAX_AGE. So a key is published for at least that long
before it signs, and stays published after it until the last token that it signed has expired.
"""

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
    private = vault.get(session, row.kid, _PRIVATE)
    kind = ECKey if row.public["kty"] == "EC" else OKPKey
    return row.kid, str(row.public["alg"]), kind.import_key(private)


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


def _make(session: Session, algorithm: str, state: str) -> None:
    key: ECKey | OKPKey = ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
    kid = new_id("key")
    public = key.as_dict(private=False) | {"kid": kid, "use": "sig", "alg": algorithm}
    session.add(SigningKey(kid=kid, state=state, public=public, created_at=clock.now()))
    vault.put(session, kid, _PRIVATE, key.as_dict(private=True), standing=True)
