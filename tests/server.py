"""The real server in a process of its own, on a deployment with an embedded registry."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from connectors.codes import table
from connectors.embedded import build, read_key
from gateway import audit, retention, setup, vault
from gateway.config import Config
from gateway.db import db
from gateway.oauth.register import add_client, add_institution
from tests import tether
from tests.visitors import Software, wait_for

HOST = "127.0.0.1"

COLUMNS = "id_type,id,name,name_script,born,ref,jurisdiction,kind,offence,disposition,decided_on"
PEOPLE = (
    "passport,BARRED,Li Lei,Latn,1990-04-23,r-1,cn,administrative,drugs.use,penalised,2012-05-05",
    "passport,FORGIVEN,Han Mei,Latn,1985-01-02,r-2,cn,administrative,theft,penalised,2012-05-05",
    "passport,CLEAN,Wang Xiaoming,Latn,1990-04-23,,,,,,",
)


def free_port() -> int:
    """A port of the loopback interface that nobody uses at this moment."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Deployment:
    """A folder with keys, a registry and a port; `start` and `stop` its server, or `kill` it."""

    def __init__(
        self,
        folder: Path,
        database_url: str | None = None,
        people: Sequence[str] = PEOPLE,
        settings: Mapping[str, str] = {},
    ) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.folder = folder
        self.outbox = folder / "outbox"
        self.log = folder.parent / "server.log"
        self.environ = setup.initialise(
            folder,
            "trial",
            self.url,
            {"SEALGATE_PROOF": "particulars", "SEALGATE_RELEASE_HOLD": "PT2S", "SEALGATE_RELEASE_GRID": "PT1S"}
            | {"SEALGATE_RATE": "1000000"}  # tests ask again and again
            | ({} if database_url is None else {"SEALGATE_DATABASE_URL": database_url})
            | settings,
        )
        self._build_registry(people)
        self.process: subprocess.Popen[bytes] | None = None

    def _build_registry(self, people: Sequence[str]) -> None:
        source = self.folder.parent / "people.csv"
        source.write_text("\n".join([COLUMNS, *people]) + "\n", "utf-8")
        key = read_key(self.environ["SEALGATE_REGISTRY_KEY"])
        build(source, self.folder.parent / "police.sqlite", key, table.shipped("record-format"), lambda *_: None)
        (self.folder / setup.REGISTRIES).write_text(
            '[police]\nconnector = "embedded"\npath = "../police.sqlite"\nkey_env = "SEALGATE_REGISTRY_KEY"\n', "utf-8"
        )

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        self.process = self.run(f"from gateway import serve; serve.run({HOST!r}, {self.port})")
        wait_for("the server", self._ready)

    def run(self, program: str) -> "subprocess.Popen[bytes]":
        """Start a program in the environment of this deployment."""
        environ = {**os.environ, "SEALGATE_LOG_LEVEL": "info", **self.environ}
        with self.log.open("ab") as log:
            return tether.start([sys.executable, "-c", program], stdout=log, stderr=log, env=environ)

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text("utf-8", "replace")[-3000:]
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self) -> int:
        """SIGTERM, as a supervisor does; returns the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process = None
        return status

    def kill(self) -> None:
        """kill -9 for the server and its worker at once, as when the machine loses power."""
        if self.process is not None:
            tether.kill(self.process)
            self.process = None

    def register(self, name: str, policies: Sequence[str], scopes: Sequence[str], **options: Any) -> Software:
        """Register an institution with one client, and sign it in."""
        software = Software(self.url)
        with self.opened(), db.write() as session:
            institution = add_institution(session, name, f"reg-{name}", "cn", policies)
            client, _ = add_client(session, institution, f"{name}'s software", software.jwks, scopes, **options)
            client_id = client.id
        software.sign_in(client_id, " ".join(scopes))
        return software

    @contextmanager
    def opened(self) -> Iterator[Config]:
        """The deployment's database and vault in this process, beside the server."""
        config = Config.from_env(self.environ)
        vault.init(config.keks, config.index_key, config.key_file)
        audit.init(config.issuer)
        retention.init(config)
        db.init(config.database_url)
        try:
            yield config
        finally:
            db.close()


def person(passport: str, name: str, born: str) -> dict[str, Any]:
    """A subject with a contact, for a request."""
    return {
        "names": [{"full": name, "script": "Latn"}],
        "born": born,
        "ids": [{"type": "passport", "value": passport}],
        "contact": {"email": f"{passport.lower()}@mail.example"},
    }
