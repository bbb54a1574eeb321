"""The same request sent twice makes one check (the Idempotency-Key header).

A key's row is inserted in one transaction with what its request makes, and the answer with it, sealed, since it holds
the way to the consent. Of two requests with one key the database lets one in; the other gets the answer of the first.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gateway import clock, problems, vault
from gateway.checks.models import IdempotencyKey
from gateway.db import Base, db, new_id

KEPT = timedelta(days=14)
"""How long a key and its answer are remembered: as long as the consent that the answer leads to is waited for."""

ANSWER = "answer"
"""The name under which the first answer is sealed, with what else belongs to the check."""

_TRIES = 3

_APART = timedelta(hours=1)
"""More than what a request makes and its key can be apart, though a clock be set meanwhile."""


class KeyReused(problems.InvalidFields):
    """422: the key came before with another message."""

    type = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"
    meaning = "A key stands for one message. Send another message with a new key."


@dataclass(frozen=True)
class Made:
    """What a request makes: an id, the answer to it, and the rows, among which the answer is sealed as `ANSWER`."""

    owner_id: str
    answer: bytes = field(repr=False)
    rows: Sequence[Base] = field(repr=False)


def answer(client_id: str, key: str, message: object, make: Callable[[], Made]) -> bytes:
    """The answer to a client's message (parsed JSON): the one that was given first, or what is made and kept now.

    Raises KeyReused when the key came with another message, vault.Shredded when what was made then is shredded.
    """
    key, body = _written(client_id, key, message)
    known = vault.indexes("idempotency-key", key)
    # Once the index has had two keys, the row may be under the other, and the database would not see that it is there.
    found = _first(client_id, known, body) if len(known) > 1 else None
    for left in reversed(range(_TRIES)):
        if found is not None:
            return found
        made = make()
        claim = IdempotencyKey(
            id=new_id("idk"), client_id=client_id, answered_at=clock.now(), owner_id=made.owner_id,
            key_index=vault.index("idempotency-key", key), body_index=vault.index("idempotency-body", body),
        )  # fmt: skip
        try:
            if db.insert(made.rows, claim=claim):
                return made.answer
        except IntegrityError:  # its short code is another request's, or its key was closed on another machine
            if not left:
                raise
            vault.look_again()
        found = _first(client_id, known, body)
    raise problems.Unavailable


def first(client_id: str, key: str, message: object) -> bytes | None:
    """The answer that was given first, if there was one: sent again, it counts, though it could not be asked today.

    Raises as `answer`.
    """
    key, body = _written(client_id, key, message)
    return _first(client_id, vault.indexes("idempotency-key", key), body)


def _written(client_id: str, key: str, message: object) -> tuple[str, str]:
    return f"{client_id} {key}", json.dumps(message, sort_keys=True, ensure_ascii=True)


def _first(client_id: str, known: Sequence[str], body: str) -> bytes | None:
    row_of = select(IdempotencyKey).where(IdempotencyKey.client_id == client_id, IdempotencyKey.key_index.in_(known))
    with db.read() as session:
        row = session.scalars(row_of).first()
        if row is None:
            return None
        found: str = vault.get(session, row.owner_id, ANSWER)  # first: what was shredded fits no message any more
        if not vault.fits(row.body_index, "idempotency-body", body):
            raise KeyReused(errors=[{"field": "Idempotency-Key", "problem": "came before with another message"}])
        return found.encode()


def blur(session: Session, owner_id: str, made_at: datetime) -> None:
    """Of a request whose data is shredded, drop what its message could be tried against; its key stays taken."""
    about_then = IdempotencyKey.answered_at.between(made_at - _APART, made_at + _APART)  # of this there is an index
    nothing = vault.index("idempotency-body", new_id("idk"))
    row = update(IdempotencyKey).where(about_then, IdempotencyKey.owner_id == owner_id)
    session.execute(row.values(body_index=nothing).execution_options(synchronize_session=False))


def forget(session: Session, row_id: str) -> None:
    """Delete a key and its answer."""
    row = session.get(IdempotencyKey, row_id)
    if row is not None:
        vault.remove(session, row.owner_id, ANSWER)
        session.delete(row)
