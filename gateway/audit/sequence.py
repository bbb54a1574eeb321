"""Laying entries into the tree and signing what it has become."""

import base64
import re
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from gateway import clock, logs, vault, work
from gateway.audit import merkle, note
from gateway.audit.entries import fits, hour_of
from gateway.audit.kinds import SEALED_ABOUT
from gateway.audit.models import AuditCheckpoint, AuditEntry, AuditNode
from gateway.audit.note import Checkpoint
from gateway.db import db

_OWNER, _KEY = "gateway", "audit signing key"
_BATCH = 10_000
_HASH = re.compile("[0-9a-f]{64}")

log = logs.get("audit")


class _Origin:
    name: str | None = None


def init(issuer: str) -> None:
    """Say whose log this is: the origin of a new log is the host of the issuer, `gate.example/audit`."""
    _Origin.name = f"{urlsplit(issuer).netloc}/audit"


def signing_key(session: Session) -> tuple[str, Ed25519PrivateKey]:
    """The origin of the log and its key; both are made with the first checkpoint and then stay.

    Raises RuntimeError when there is none and `init` was not called.
    """
    try:
        kept = vault.get(session, _OWNER, _KEY)
    except vault.Absent:
        if _Origin.name is None:
            raise RuntimeError("audit.init(issuer) has not been called") from None
        private = Ed25519PrivateKey.generate()
        seed = base64.b64encode(private.private_bytes_raw()).decode()
        vault.put(session, _OWNER, _KEY, {"origin": _Origin.name, "seed": seed}, standing=True)
        return _Origin.name, private
    return kept["origin"], Ed25519PrivateKey.from_private_bytes(base64.b64decode(kept["seed"]))


def verifier_key(session: Session) -> str:
    """The log's public key as witnesses and monitors want it. Raises RuntimeError before the first checkpoint."""
    origin, private = signing_key(session)
    return note.verifier_key(origin, private.public_key())


def latest(session: Session) -> AuditCheckpoint | None:
    """The newest checkpoint."""
    return session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(1)).first()


def covered(session: Session, entry_id: str) -> bool:
    """Whether an entry is under a signed checkpoint. An answer may be told only then."""
    position = session.scalar(select(AuditEntry.position).where(AuditEntry.id == entry_id))
    checkpoint = latest(session)
    return position is not None and checkpoint is not None and position < checkpoint.size


def sequence() -> Checkpoint | None:
    """Lay what was recorded since into the tree and sign a checkpoint; None if there was nothing.

    Entries whose `about` is sealed wait until their hour is over and are then laid in random order (`kinds.py`).
    """
    with db.read() as session:
        if not session.scalars(select(AuditEntry.id).where(may_be_laid()).limit(1)).first():
            return None
    with db.write() as session:
        return _sequence(session)


def _sequence(session: Session) -> Checkpoint | None:
    # Of a row only what it takes to lay it: it may be damaged, and the others must not wait for it.
    waiting = session.execute(
        select(AuditEntry.recorded, AuditEntry.id, AuditEntry.leaf)
        .where(may_be_laid())
        .order_by(AuditEntry.recorded)  # as they were written; those that are sealed by their random numbers
        .limit(_BATCH)
    ).all()
    if not waiting:
        return None
    before = latest(session)
    tree = merkle.Growing(before.size, _hashes(session)) if before else merkle.Growing()
    nodes: list[merkle.Node] = []
    places: list[dict[str, int]] = []
    for recorded, entry_id, leaf in waiting:
        if not fits(session, entry_id):
            log.error("audit_entry_damaged", entry=entry_id)
        places.append({"recorded": recorded, "position": tree.size})
        nodes.extend(tree.add(_laid(leaf)))
    session.execute(update(AuditEntry), places)
    session.execute(insert(AuditNode), [{"level": at, "index": index, "hash": made} for at, index, made in nodes])
    origin, private = signing_key(session)
    checkpoint = Checkpoint(origin, tree.size, tree.root())
    signed = note.sign(checkpoint.text(), origin, private)
    session.add(AuditCheckpoint(size=tree.size, root=checkpoint.root, note=signed, at=clock.now()))
    return checkpoint


def may_be_laid() -> ColumnElement[bool]:
    """Whether an entry waits to be laid, and its time for that has come."""
    clear_or_old = AuditEntry.kind.not_in(SEALED_ABOUT) | (AuditEntry.at < hour_of(clock.now()))
    return AuditEntry.position.is_(None) & clear_or_old


def _laid(leaf: object) -> bytes:
    """The hash to lay; for one that is itself damaged, another that no entry fits, so that `verify` names it."""
    if isinstance(leaf, str) and _HASH.fullmatch(leaf):
        return bytes.fromhex(leaf)
    return merkle.leaf_hash(repr(leaf).encode())


def _hashes(session: Session) -> merkle.HashAt:
    def hash_at(level: int, index: int) -> bytes:
        node = session.get(AuditNode, (level, index))
        if node is None:
            raise LookupError("a node of the log is missing")
        return node.hash

    return hash_at


def inclusion_proof(session: Session, entry_id: str, size: int | None = None) -> tuple[int, int, list[bytes]]:
    """(position, size, path) that shows an entry under the checkpoint of `size`, or the newest.

    Raises LookupError for an entry that is unknown or not covered by that checkpoint.
    """
    checkpoint = latest(session) if size is None else session.get(AuditCheckpoint, size)
    position = session.scalar(select(AuditEntry.position).where(AuditEntry.id == entry_id))
    if checkpoint is None or position is None or position >= checkpoint.size:
        raise LookupError("the entry is not under that checkpoint")
    return position, checkpoint.size, merkle.inclusion_proof(position, checkpoint.size, _hashes(session))


def consistency_proof(session: Session, first: int, second: int) -> list[bytes]:
    """That the log of size `second` only added to that of size `first`. Raises LookupError for unknown sizes."""
    for size in (first, second):
        if size and session.get(AuditCheckpoint, size) is None:
            raise LookupError("no checkpoint has that size")
    return merkle.consistency_proof(first, second, _hashes(session))


@work.every("audit.sequence", seconds=5)
def _tick() -> None:
    while sequence() is not None:
        pass
