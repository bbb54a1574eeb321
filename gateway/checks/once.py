"""The same request sent twice makes one check (the Idempotency-Key header).

A key is first reserved in a transaction of its own, so that a second request meanwhile is told that the first
is still running; the answer is then kept in the same transaction as the check itself. A reservation whose
process died is taken over after LEASE. What was answered is in the vault: it holds the way to the consent.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway import clock, problems, vault
from gateway.checks.models import IdempotencyKey
from gateway.db import db, new_id

LEASE = timedelta(seconds=90)
"""Longer than any request can take; after that its process is taken to have died."""


KEPT = timedelta(days=14)
"""How long a key and its answer are remembered: as long as the consent that the answer leads to is waited for."""


class KeyReused(problems.InvalidFields):
    """422: the key came before with another message."""

    type = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"
    meaning = "A key stands for one message. Send another message with a new key."


class StillRunning(problems.Conflict):
    """409: the first request with this key has no answer yet."""

    type = "idempotency-key-in-use"
    title = "A request with this Idempotency-Key is still running"
    meaning = "Wait for the first request to be answered, then send this one again: it gets the same answer."


@dataclass(frozen=True)
class Claim:
    """The right to answer a request; `answered` holds the first answer if there is one."""

    id: str
    attempt: str
    keys: tuple[str, ...]
    """What every write about it names (`db.write`)."""
    answered: bytes | None = None


def claim(client_id: str, key: str, message: object) -> Claim:
    """Reserve a client's key for a message (parsed JSON), or find the answer that it got.

    Raises KeyReused when the key came with another message, StillRunning when its answer is being made.
    """
    key, body = f"{client_id} {key}", json.dumps(message, sort_keys=True, ensure_ascii=True)
    known = vault.indexes("idempotency-key", key)
    with db.write(*known) as session:
        row = session.scalar(
            select(IdempotencyKey).where(IdempotencyKey.client_id == client_id, IdempotencyKey.key_index.in_(known))
        )
        if row is None:
            row = IdempotencyKey(id=new_id("idk"), client_id=client_id)
            row.key_index, row.body_index = vault.index("idempotency-key", key), vault.index("idempotency-body", body)
            session.add(row)
        elif not vault.fits(row.body_index, "idempotency-body", body):
            raise KeyReused(errors=[{"field": "Idempotency-Key", "problem": "came before with another message"}])
        elif row.answered_at is not None:
            return Claim(row.id, row.attempt, known, vault.get(session, row.id, "answer")["body"].encode())
        elif clock.now() < row.started_at + LEASE:
            raise StillRunning
        row.started_at, row.attempt = clock.now(), new_id("att")
        return Claim(row.id, row.attempt, known)


def answer(session: Session, claimed: Claim, body: bytes) -> None:
    """Keep the first answer, in the transaction of the act. Raises StillRunning if another attempt took over."""
    row = session.get_one(IdempotencyKey, claimed.id)
    if row.attempt != claimed.attempt:
        raise StillRunning("Another attempt took over this request.")
    row.answered_at = clock.now()
    vault.put(session, row.id, "answer", {"body": body.decode()})


def give_up(claimed: Claim) -> None:
    """Free the key of a request that failed, so that it may be sent again."""
    with db.write(*claimed.keys) as session:
        session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.id == claimed.id,
                IdempotencyKey.attempt == claimed.attempt,
                IdempotencyKey.answered_at.is_(None),
            )
        )
