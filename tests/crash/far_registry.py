"""A registry in a process of its own that fails in every way before it answers: it hangs up, answers half, hangs, dies.

    python far_registry.py PORT JOURNAL

Who is asked about decides the answer. Every question is written into the journal, with its key. How often a key was
asked about before decides how it fails; the seventh question kills the process in the midst of its answer.
"""

import json
import os
import signal
import socketserver
import sys
import time
from pathlib import Path

RECORDS = {"PPKESTREL9917": ("drugs.use", "2012-05-07"), "PPHERON424288": ("theft", "2011-03-17")}
RECORDS |= {"PPDUNLIN31415": ("violence", "2024-01-09")}

JOURNAL = Path(sys.argv[2])
HANGS_SECONDS = 2.0
DIES_AT = 7


class Line(socketserver.StreamRequestHandler):
    """One question."""

    def handle(self) -> None:
        """Fail, or answer."""
        question = json.loads(self.rfile.readline())
        with JOURNAL.open("a") as journal:
            journal.write(json.dumps({"key": question["key"], "consent": question["consent"]}) + "\n")
        asked = [json.loads(line)["key"] for line in JOURNAL.read_text().splitlines()]
        answer = json.dumps({"entries": entries(question["id"])}).encode()
        before = asked.count(question["key"]) - 1
        if len(asked) == DIES_AT:
            self.wfile.write(answer[:7])
            os.kill(os.getpid(), signal.SIGKILL)
        if before == 0:
            {0: self.hang, 1: self.half, 2: self.hang_up}[sum(question["key"].encode()) % 3](answer)
        elif before == 1:
            self.half(answer)
        else:
            self.wfile.write(answer)

    def hang(self, answer: bytes) -> None:
        """Too late."""
        time.sleep(HANGS_SECONDS)
        self.half(answer)

    def half(self, answer: bytes) -> None:
        """And no more."""
        self.wfile.write(answer[: len(answer) // 2])

    def hang_up(self, _: bytes) -> None:
        """Not a word."""


def entries(who: str) -> list[dict[str, str]]:
    """What is on file."""
    if who not in RECORDS:
        return []
    offence, day = RECORDS[who]
    matter = {"jurisdiction": "cn", "kind": "administrative", "disposition": "penalised"}
    return [matter | {"offence": offence, "decided_on": day, "ref": "r"}]


class Registry(socketserver.ThreadingTCPServer):
    """Answers many at a time."""

    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hung up does not matter."""


if __name__ == "__main__":
    with Registry(("127.0.0.1", int(sys.argv[1])), Line) as registry:
        registry.serve_forever()
