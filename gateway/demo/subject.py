"""A person who is asked for consent: opens the link, shows who they are, reads, and agrees or declines."""

import json
import re
import time
from pathlib import Path
from typing import Any

from gateway.demo.browser import Browser, Lost
from gateway.demo.cast import Asked

_PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.05


class Mailbox:
    """The outbox file, read as if it were one person's mail, from the moment it is opened."""

    def __init__(self, outbox: Path, address: str) -> None:
        self._outbox = outbox
        self._address = address
        self._read = outbox.stat().st_size if outbox.exists() else 0

    def code(self) -> str:
        """Wait for the next letter with a one-time code. Raises Lost when none comes."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            for code in self.codes():
                return code
            time.sleep(_PAUSE_SECONDS)
        raise Lost("no letter with a code came")

    def codes(self) -> list[str]:
        """The one-time codes that came since the last look."""
        codes = []
        for letter in self._new():
            if "://" in letter["text"]:  # an invitation: its link may happen to hold six digits
                continue
            found = re.search(r"(?<!\d)\d{6}(?!\d)", letter["text"])
            if letter["to"].get("email") == self._address and found:
                codes.append(str(found[0]))
        return codes

    def _new(self) -> list[dict[str, Any]]:
        if not self._outbox.exists():
            return []
        with self._outbox.open("rb") as stream:
            stream.seek(self._read)
            whole, _, _ = stream.read().rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        return [json.loads(line) for line in whole.splitlines()]


def decide(asked: Asked, link: str, outbox: Path) -> None:
    """Take a person through the pages. Raises Lost when a page is not the expected one, requests.RequestException."""
    with Browser() as browser:
        browser.open(link)
        browser.send()
        mailbox = Mailbox(outbox, asked.email)
        year, month, day = asked.born.isoformat().split("-")
        browser.send(name=asked.name, year=year, month=month, day=day)
        browser.send(code=mailbox.code())
        if browser.place != "request":
            raise Lost(f"after the proof the browser is at {browser.place}")
        browser.send(decision="decline" if asked.declines else "agree")
        if browser.place != "done":
            raise Lost(f"after the decision the browser is at {browser.place}")
