"""The keys that sign receipts: one signs, the next is already published, and those before it verify for ever.

A receipt is the person's to keep. So the public half of a key stays in our key set when it signs no more, unless it
leaked; its private half is shredded. Nothing else is signed with these keys, and no access token is verified with
them (RFC 8725 §3.12: different keys for different kinds of tokens).
"""

from typing import Any

from joserfc.jwk import ECKey, OKPKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, clock, vault
from gateway.oauth import keysets, signing
from gateway.oauth.jose import PublicKey
from gateway.oauth.models import ReceiptKey


def prepare(session: Session, algorithm: str = "ES256") -> None:
    """Make the first two keys, unless there are keys."""
    if session.scalar(select(ReceiptKey.kid).limit(1)) is None:
        _make(session, algorithm, "current")
        _make(session, algorithm, "next")


def current(session: Session) -> tuple[str, str, ECKey | OKPKey]:
    """The key that signs now: its `kid`, its algorithm, its private half. Raises signing.NoKeys."""
    row = session.scalar(select(ReceiptKey).where(ReceiptKey.state == "current"))
    if row is None:
        raise signing.NoKeys
    return row.kid, str(row.public["alg"]), signing.private_half(session, row.public)


def published(session: Session) -> list[dict[str, Any]]:
    """All public halves, the newest first."""
    return [row.public for row in session.scalars(select(ReceiptKey).order_by(ReceiptKey.created_at.desc()))]


def find(session: Session, kid: str) -> tuple[PublicKey, str] | None:
    """The published key of this name and its algorithm."""
    row = session.get(ReceiptKey, kid)
    return None if row is None else (keysets.load(row.public), str(row.public["alg"]))


def rotate(session: Session, algorithm: str = "ES256", *, at_once: bool = False) -> str:
    """Let the next key sign, keep the public half of the one before, publish a new next one; returns the kid that
    signs now.

    `at_once` is for a key that may have leaked: it is dropped, and no receipt that it signed is ours any more; people
    get new ones on their page. Otherwise raises signing.TooSoon while others may not have seen the next key.
    """
    prepare(session, algorithm)
    rows = {row.state: row for row in session.scalars(select(ReceiptKey).where(ReceiptKey.state != "past"))}
    old, new = rows["current"], rows["next"]
    if not at_once and new.created_at > clock.now() - signing.MAX_AGE:
        raise signing.TooSoon(f"The next key must be published for {signing.MAX_AGE.seconds // 60} minutes first.")
    vault.shred(session, old.kid)
    if at_once:
        session.delete(old)
    else:
        old.state = "past"
    session.flush()  # one row is current at a time, and the index holds us to it
    new.state = "current"
    session.flush()
    _make(session, algorithm, "next")
    audit.record(session, "key.rotated", new.kid, use="receipt")
    return new.kid


def _make(session: Session, algorithm: str, state: str) -> None:
    kid, public = signing.new_pair(session, algorithm)
    session.add(ReceiptKey(kid=kid, state=state, public=public, created_at=clock.now()))
    session.flush()
