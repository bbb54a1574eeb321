"""Sending: a row and a durable task now, the words and the handing over when the task runs.

A message that is written with a new check gets its task a moment later, from `post`: the row alone is quicker to
write, and says as surely that the message is to go.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from gateway import clock, logs, vault, work
from gateway.config import Config
from gateway.db import Base, db, new_id
from gateway.notices.models import TO_GO, Message
from gateway.notices.outbox import Letter, Outbox, Undeliverable, Unreachable, open_outbox
from gateway.notices.texts import LANGUAGES, fill

TERM = timedelta(days=7)
"""How long a message is tried when nothing else limits it."""

MOST_POSTED = 100
"""How many messages are given a task every other second."""

_FIRST_PAUSE_SECONDS = 5
_LONGEST_PAUSE_SECONDS = 15 * 60
_LETTER = "letter"

log = logs.get("notices")
_outbox: Outbox | None = None


def init(config: Config) -> None:
    """Open the outbox that the deployment has configured."""
    global _outbox
    _outbox = open_outbox(config.outbox)


def send(
    session: Session,
    to: Mapping[str, str],
    template: str,
    language: str,
    *,
    until: datetime | None = None,
    withheld: bool = False,
    **facts: str,
) -> str:
    """Queue a message in this transaction and return its id. `to` has `email`, `phone` or both.

    A withheld message goes the same way and reaches nobody: an answer to somebody who may be the wrong person
    must cost the same as one to the right person. Raises KeyError for an unknown template or a missing fact.
    """
    message = _message(template, language, until, facts, "queued")
    session.add(message)
    vault.put(session, message.id, _LETTER, {"to": dict(to), "facts": facts, "withheld": withheld})
    work.enqueue(session, "notices.deliver", message.id)
    return message.id


def letter(to: Mapping[str, str], template: str, language: str, *, until: datetime, **facts: str) -> list[Base]:
    """A message as rows for `db.insert`, to be sent as soon as they are there. Raises as `send`."""
    message = _message(template, language, until, facts, "written")
    return [message, *vault.sealed(message.id, {_LETTER: {"to": dict(to), "facts": facts, "withheld": False}})]


def _message(template: str, language: str, until: datetime | None, facts: Mapping[str, str], state: str) -> Message:
    language = language if language in LANGUAGES else LANGUAGES[0]
    fill(template, language, facts)
    now = clock.now()
    return Message(
        id=new_id("msg"), template=template, language=language, state=state, created_at=now, until=until or now + TERM
    )


@work.every("notices.post", seconds=2)
def post() -> None:
    """Queue the tasks of messages that were written without one, the oldest first, at most MOST_POSTED at a time.

    So many invitations at once take nothing away from the requests that they come from.
    """
    with db.read() as session:
        oldest = select(Message.id).where(Message.state == "written").order_by(Message.created_at)
        found = session.scalars(oldest.limit(MOST_POSTED)).all()
    for message_id in found:
        with db.write(message_id) as session:
            queued = update(Message).where(Message.id == message_id, Message.state == "written")
            if session.execute(queued.values(state="queued").returning(Message.id)).all():
                work.enqueue(session, "notices.deliver", message_id)


def beyond(most: int) -> bool:
    """Whether more than `most` messages are still without a task, since nobody does the work."""
    with db.read() as session:
        return bool(session.scalars(select(Message.id).where(Message.state == "written").offset(most).limit(1)).all())


@work.task("notices.deliver")
def deliver(id: str) -> None:  # noqa: A002 - a task's one argument is called so
    """Hand a queued message over, once; a crash between handing over and writing it down may repeat it."""
    with db.read() as session:
        message = session.get(Message, id)
        if message is None or message.state not in TO_GO:
            return
        kept = vault.get(session, id, _LETTER)
    if kept["withheld"] or clock.now() >= message.until:
        _close(id, "dropped")
    else:
        _close(id, _hand_over(message, kept))


def _hand_over(message: Message, kept: Mapping[str, Any]) -> str:
    """Give the message to the outbox and say how that ended. Raises work.Later."""
    if _outbox is None:
        raise RuntimeError("notices.init(config) has not been called")
    text = fill(message.template, message.language, kept["facts"])
    try:
        _outbox.deliver(Letter(message.id, kept["to"], message.language, text, message.created_at))
    except Undeliverable:
        log.warning("message_undeliverable", message=message.id, template=message.template)
        return "dropped"
    except Unreachable:
        _again(message)
    return "sent"


def _again(message: Message) -> NoReturn:
    """Try later, each time after a longer pause. Raises work.Later."""
    with db.write(message.id) as session:
        session.execute(update(Message).where(Message.id == message.id).values(attempts=Message.attempts + 1))
    log.warning("outbox_unreachable", message=message.id, attempt=message.attempts + 1)
    raise work.Later(min(_FIRST_PAUSE_SECONDS * 2**message.attempts, _LONGEST_PAUSE_SECONDS))


def _close(message_id: str, state: str) -> None:
    """Write down how it ended, once, and forget whom it was for and what stood in it."""
    to_go = and_(Message.id == message_id, Message.state.in_(TO_GO))
    with db.write(message_id) as session:
        session.execute(update(Message).where(to_go).values(state=state, closed_at=clock.now()))
        vault.shred(session, message_id)
