"""Handing letters over: to a file, and to a real mail server on a real port."""

import json
import os
import socketserver
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import ClassVar

import pytest

from gateway.notices import FileOutbox, Letter, SmtpOutbox, Undeliverable, Unreachable, open_outbox
from gateway.notices.texts import Text

AT = datetime(2026, 11, 20, 7, 20, tzinfo=UTC)


def letter(to: dict[str, str] | None = None, number: int = 1) -> Letter:
    """A letter to somebody."""
    text = Text("您的核查请求有新消息", f"Line one\nNumber {number}\n.\nLast line\n")
    return Letter(f"msg_{number:026d}", to or {"email": "somebody@mail.example"}, "zh", text, AT)


def test_file_gets_one_whole_line_a_letter(tmp_path: Path) -> None:
    """Other programs can read the outbox line by line."""
    outbox = open_outbox(f"file:{tmp_path / 'outbox.jsonl'}")
    outbox.deliver(letter(number=1))
    outbox.deliver(letter({"phone": "+8613800138000"}, number=2))
    lines = [json.loads(line) for line in (tmp_path / "outbox.jsonl").read_text("utf-8").splitlines()]
    assert [line["to"] for line in lines] == [{"email": "somebody@mail.example"}, {"phone": "+8613800138000"}]
    assert lines[0] == {
        "id": "msg_00000000000000000000000001",
        "at": "2026-11-20T07:20:00+00:00",
        "to": {"email": "somebody@mail.example"},
        "language": "zh",
        "subject": "您的核查请求有新消息",
        "text": "Line one\nNumber 1\n.\nLast line\n",
    }


def test_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Contacts and codes are in it."""
    FileOutbox(tmp_path / "outbox.jsonl").deliver(letter())
    assert stat.S_IMODE((tmp_path / "outbox.jsonl").stat().st_mode) == 0o600


def test_many_at_once_leave_whole_lines(tmp_path: Path) -> None:
    """Eight writers never write into one another's lines."""
    outbox = FileOutbox(tmp_path / "outbox.jsonl")
    threads = [
        threading.Thread(
            target=lambda start: [outbox.deliver(letter(number=start + i)) for i in range(20)], args=(n * 20,)
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [json.loads(line)["id"] for line in (tmp_path / "outbox.jsonl").read_text("utf-8").splitlines()]
    assert len(set(ids)) == len(ids) == 160


def test_file_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    """A missing folder or a full disk is no reason to lose a letter."""
    with pytest.raises(Unreachable):
        FileOutbox(tmp_path / "missing" / "outbox.jsonl").deliver(letter())
    if os.path.exists("/dev/full"):
        with pytest.raises(Unreachable):
            FileOutbox(Path("/dev/full")).deliver(letter())


class Mailbox(socketserver.StreamRequestHandler):
    """A mail server that speaks as much SMTP as is needed (RFC 5321), and keeps what it gets."""

    heard: ClassVar[list[str]] = []
    mails: ClassVar[list[bytes]] = []
    refuse: ClassVar[dict[str, str]] = {}

    def handle(self) -> None:
        self.say("220 mail.example ESMTP")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            self.heard.append(line)
            if verb in self.refuse:
                self.say(self.refuse[verb])
            elif verb == "EHLO":
                self.say("250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                self.say("235 ok")
            elif verb == "DATA":
                self.say("354 go on")
                self.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@pytest.fixture
def mail_port() -> Iterator[int]:
    """The port of a mail server on this machine."""
    Mailbox.heard, Mailbox.mails, Mailbox.refuse = [], [], {}
    with Server(("", 0), Mailbox) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_mail_server_gets_a_well_formed_mail(mail_port: int) -> None:
    """Subject, body and marks arrive as they were written."""
    open_outbox(f"smtp://gate:p%40ss@127.0.0.1:{mail_port}?from=gate@gate.example").deliver(letter())
    mail = message_from_bytes(Mailbox.mails[0], policy=policy.default)
    assert mail["Subject"] == "您的核查请求有新消息"
    assert mail["To"] == "somebody@mail.example"
    assert mail["From"] == "gate@gate.example"
    assert mail["Message-ID"] == "<msg_00000000000000000000000001@gate.example>"
    assert mail["Date"] == "Fri, 20 Nov 2026 07:20:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert any(line.startswith("AUTH ") for line in Mailbox.heard)


def test_password_and_letter_do_not_travel_without_tls(mail_port: int) -> None:
    """A server elsewhere that offers no TLS gets neither (RFC 8314)."""
    outbox = SmtpOutbox("127.0.0.2", mail_port, "gate", "secret", "gate@gate.example")
    with pytest.raises(Unreachable):
        outbox.deliver(letter())
    assert not [line for line in Mailbox.heard if line.startswith(("AUTH", "MAIL", "DATA"))]


@pytest.mark.parametrize(
    ("verb", "reply", "error"),
    [
        ("RCPT", "550 no such person", Undeliverable),
        ("RCPT", "451 come back later", Unreachable),
        ("DATA", "554 refused", Undeliverable),
        ("EHLO", "421 shutting down", Unreachable),
        ("MAIL", "452 full", Unreachable),
    ],
)
def test_refusal_for_good_is_told_from_one_for_now(
    mail_port: int, verb: str, reply: str, error: type[Exception]
) -> None:
    """Only what can never succeed is given up; the error does not say to whom it was."""
    Mailbox.refuse = {verb: reply, "HELO": reply}
    with pytest.raises(error) as raised:
        SmtpOutbox("127.0.0.1", mail_port, "", "", "gate@gate.example").deliver(letter())
    assert "somebody" not in str(raised.value)


def test_server_that_is_away_is_tried_again_later() -> None:
    """Nobody listens on port 9 of this machine."""
    with pytest.raises(Unreachable):
        SmtpOutbox("127.0.0.1", 9, "", "", "gate@gate.example").deliver(letter())


def test_person_without_a_mail_address_cannot_be_mailed(mail_port: int) -> None:
    """A telephone number is no use to a mail server."""
    with pytest.raises(Undeliverable):
        SmtpOutbox("127.0.0.1", mail_port, "", "", "gate@gate.example").deliver(letter({"phone": "+8613800138000"}))
