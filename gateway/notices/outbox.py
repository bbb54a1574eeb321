"""Where messages go: a file (for trials and for other programs to pick up), or a mail server.

    OutboxError
    ├── Unreachable      try again later
    └── Undeliverable    trying again will not help

Their messages carry nothing personal.
"""

import fcntl
import json
import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from gateway.notices.texts import Text

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TIMEOUT_SECONDS = 20.0
_IMPLICIT_TLS_PORT = 465  # RFC 8314 §3.3: submission over TLS from the first byte


class OutboxError(Exception):
    """A message could not be handed over."""


class Unreachable(OutboxError):
    """The outbox does not work at the moment."""


class Undeliverable(OutboxError):
    """This outbox can never deliver this message."""


@dataclass(frozen=True)
class Letter:
    """A message ready to go. `to` has `email`, `phone` or both."""

    id: str
    to: Mapping[str, str]
    language: str
    text: Text
    written_at: datetime


class Outbox(Protocol):
    """Takes letters away."""

    def deliver(self, letter: Letter) -> None:
        """Hand a letter over. Raises OutboxError; a letter may come twice, with the same id, after a crash."""

    def probe(self) -> None:
        """See whether letters could be handed over now, without handing one over. Raises Unreachable."""


def open_outbox(setting: str) -> Outbox:
    """The outbox that a deployment has configured: `file:PATH` or `smtp://user:password@host:port?from=a@b`."""
    if setting.startswith("file:"):
        return FileOutbox(Path(setting.removeprefix("file:")))
    parts = urlsplit(setting)
    return SmtpOutbox(
        host=parts.hostname or "",
        port=parts.port or _IMPLICIT_TLS_PORT,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=parse_qs(parts.query)["from"][0],
    )


class FileOutbox:
    """Appends one JSON object a line to a file that only its owner may read. A line is there whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, letter: Letter) -> None:
        """Append the letter and force it to disk. Raises Unreachable when the disk refuses."""
        line = {
            "id": letter.id,
            "at": letter.written_at.isoformat(),
            "to": dict(letter.to),
            "language": letter.language,
            "subject": letter.text.subject,
            "text": letter.text.body,
        }
        try:
            self._append(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            raise Unreachable(error.strerror or "the outbox file cannot be written") from None

    def probe(self) -> None:
        """See whether the file can be written. Raises Unreachable."""
        there = self._path if self._path.exists() else self._path.parent
        if not os.access(there, os.W_OK):
            raise Unreachable("the outbox file cannot be written")

    def _append(self, line: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = os.fstat(file).st_size
            try:
                written = os.write(file, line)
                if written < len(line):
                    raise OSError(0, "the disk is full")
                os.fsync(file)
            except OSError:
                os.ftruncate(file, before)
                raise
        finally:
            os.close(file)


class SmtpOutbox:
    """Submits letters to a mail server, over TLS unless the server is on this machine."""

    def __init__(self, host: str, port: int, user: str, password: str, sender: str) -> None:
        self._host, self._port = host, port
        self._user, self._password = user, password
        self._sender = sender

    def deliver(self, letter: Letter) -> None:
        """Submit the letter. Raises Undeliverable when it has no mail address or the server refuses it for good."""
        if "email" not in letter.to:
            raise Undeliverable("the person has no mail address, and this outbox sends mail only")
        try:
            with self._connect() as server:
                server.send_message(compose(letter, self._sender))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            raise (Undeliverable if _for_good(error) else Unreachable)("the mail server refused it") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"the mail server does not work: {type(error).__name__}") from None

    def probe(self) -> None:
        """Greet the server, and sign in. Raises Unreachable."""
        try:
            with self._connect() as server:
                server.noop()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"the mail server does not work: {type(error).__name__}") from None

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._port == _IMPLICIT_TLS_PORT:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        try:
            if self._port != _IMPLICIT_TLS_PORT and self._host not in _LOOPBACK:
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as an Internet message (RFC 5322), marked as sent by a machine (RFC 3834)."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to["email"]
    message["Subject"] = letter.text.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.language
    message.set_content(letter.text.body)
    return message


def _for_good(error: smtplib.SMTPException) -> bool:
    """Whether every reply code is a 5xx: RFC 5321 §4.2.1, the same message will not be accepted later either."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500
