"""A mail server in a process of its own that takes a message and dies before it says so, the first time.

    python far_mail.py PORT FOLDER

Every attempt at a message is kept: FOLDER/<number of its Message-ID>.<attempt>. The first message of all kills the
process; of the others the first attempt only ends in a cut line.
"""

import hashlib
import os
import re
import signal
import socketserver
import sys
from pathlib import Path

FOLDER = Path(sys.argv[2])


class Session(socketserver.StreamRequestHandler):
    """As much SMTP as is needed (RFC 5321)."""

    def handle(self) -> None:
        """One session."""
        self.say("220 mail.example ESMTP")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                if not self.take(b"".join(iter(self.rfile.readline, b".\r\n"))):
                    return
            self.say("221 bye" if verb == "QUIT" else "250 ok")

    def take(self, mail: bytes) -> bool:
        """Keep a message; False if the line is to be cut before it is confirmed."""
        named = re.search(rb"^Message-ID: (.*)\r$", mail, re.M)
        assert named
        number = hashlib.sha256(named[1]).hexdigest()[:16]
        first = not list(FOLDER.iterdir())
        attempts = len(list(FOLDER.glob(f"{number}.*")))
        (FOLDER / f"{number}.{attempts}").write_bytes(mail)
        if first:
            os.kill(os.getpid(), signal.SIGKILL)
        return attempts > 0

    def say(self, line: str) -> None:
        """Answer."""
        self.wfile.write(line.encode() + b"\r\n")


class Mail(socketserver.ThreadingTCPServer):
    """Serves many at a time."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Mail(("127.0.0.1", int(sys.argv[1])), Session) as server:
        server.serve_forever()
