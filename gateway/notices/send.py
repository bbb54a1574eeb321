"""Sending: a row and a durable task now, the words and the handing over when the task runs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway import clock, logs, vault, work
from gateway.config import Config
from gateway.db import db, new_id
from gateway.notices.models import Message
from gateway.notices.outbox import Letter, Outbox, Undeliverable, Unreachable, open_outbox
from gateway.notices.texts import LANGUAGES, fill

TERM = timedelta(days=7)
"""How long a message is tried when nothing else limits it."""

_FIRST_PAUSE_SECONDS = 5
_LONGEST_PAUSE_SECONDS = 15 * 60

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
    if language not in LANGUAGES:
        language = LANGUAGES[0]
    fill(template, language, facts)
    now = clock.now()
    message = Message(id=new_id("msg"), template=template, language=language, created_at=now, until=until or now + TERM)
    session.add(message)
    vault.put(session, message.id, "letter", {"to": dict(to), "facts": facts, "withheld": withheld})
    work.enqueue(session, "notices.deliver", message.id)
    return message.id


@work.task("notices.deliver")
def deliver(id: str) -> None:  # noqa: A002 - a task's one argument is called so
    """Hand a queued message over, once; a crash between handing over and writing it down may repeat it."""
    with db.read() as session:
        message = session.get(Message, id)
        if message is None or message.state != "queued":
            return
        letter = vault.get(session, id, "letter")
    if letter["withheld"] or clock.now() >= message.until:
        _close(id, "dropped")
    else:
        _close(id, _hand_over(message, letter))


def _hand_over(message: Message, letter: Mapping[str, Any]) -> str:
    """Give the message to the outbox and say how that ended. Raises work.Later."""
    if _outbox is None:
        raise RuntimeError("notices.init(config) has not been called")
    text = fill(message.template, message.language, letter["facts"])
    try:
        _outbox.deliver(Letter(message.id, letter["to"], message.language, text, message.created_at))
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
    """Write down how it ended and forget whom it was for and what stood in it."""
    with db.write(message_id) as session:
        session.execute(update(Message).where(Message.id == message_id).values(state=state, closed_at=clock.now()))
        vault.shred(session, message_id)
