"""A gateway whose registry is far away: `sealgate serve` with a connector that asks over a socket.

    python -c "from tests.crash import far; far.run(host, port)"

One line of JSON goes there, one comes back. The address is in the environment, FAR_REGISTRY=host:port.
"""

import json
import os
import socket
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from connectors.base import BadAnswer, Query, Reply, Unavailable
from gateway import app, logs, serve, work
from gateway.config import Config
from gateway.db import db
from policies.model import RecordError, Report, read_record

PATIENCE_SECONDS = 0.5


class FarRegistry:
    """Asks over a socket. What does not come whole and in time is no answer."""

    name = "police"

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self._address = (host, int(port))

    def ask(self, query: Query) -> Reply:
        """The reports on the first of the person's identifiers. Raises Unavailable or BadAnswer."""
        question = {"key": query.key, "consent": query.consent, "id": query.ids[0].value}
        try:
            with socket.create_connection(self._address, timeout=PATIENCE_SECONDS) as line:
                line.sendall(json.dumps(question).encode() + b"\n")
                answer = b"".join(iter(lambda: line.recv(4096), b""))
        except OSError:
            raise Unavailable(self.name, "does not answer") from None
        if not answer:
            raise Unavailable(self.name, "hung up")
        try:
            return Reply.of([Report(entry) for entry in read_record(json.loads(answer)).entries])
        except (ValueError, RecordError):
            raise BadAnswer(self.name, "the answer is not in the record format") from None

    def ready(self) -> bool:
        """Only asking tells."""
        return True


def application() -> Flask:
    """As `gateway.app.serve` on a file, with that registry."""
    config = Config.from_env(os.environ)
    logs.setup(config.log_level)
    made = app.create_app(config, registries={"police": FarRegistry(os.environ["FAR_REGISTRY"])})
    db.upgrade()
    work.launch(config)
    return made


def run(address: str, port: int) -> None:
    """As `gateway.serve.run`."""
    options: dict[str, Any] = {"interface": Interfaces.WSGI, "factory": True, "log_dictconfig": serve._LOGGING}
    server = Granian(
        "tests.crash.far:application", address, port, blocking_threads=8, log_level=LogLevels.error, **options
    )
    server.serve(spawn_target=serve.worker)
