"""Messages to people: queued in the caller's transaction, handed to an outbox by a durable task.

They tell that something is to be seen, never what: the same words go out for every answer.
"""

from gateway.notices.outbox import FileOutbox, Letter, Outbox, SmtpOutbox, Undeliverable, Unreachable, open_outbox
from gateway.notices.send import beyond, deliver, init, letter, post, send

__all__ = [
    "FileOutbox",
    "Letter",
    "Outbox",
    "SmtpOutbox",
    "Undeliverable",
    "Unreachable",
    "beyond",
    "deliver",
    "init",
    "letter",
    "open_outbox",
    "post",
    "send",
]
