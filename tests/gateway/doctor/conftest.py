"""Deployments to examine."""

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, insert, text

from gateway import audit, clock, retention, setup, vault
from gateway.config import Config
from gateway.db import db
from gateway.doctor import Finding, examine
from gateway.oauth.register import add_institution
from gateway.work.load import lock_path
from gateway.work.models import Executor
from tests.gateway.retention.conftest import key_file, with_keys
from tests.stage import NOW, make_stage, stage_environ

__all__ = ["key_file", "make_stage", "stage_environ", "with_keys"]


class Patient:
    """A deployment in a folder, as the doctor finds it: once opened, one institution, one thing in the vault."""

    def __init__(self, folder: Path, time: clock.Stopped, environ: Mapping[str, str] = {}) -> None:
        self.time, self.folder = time, folder / "gate"
        settings = {"SEALGATE_PROOF": "particulars", **environ}
        self.environ = setup.initialise(self.folder, "trial", "http://127.0.0.1:8400", settings)
        self.keys = self.folder / setup.KEYS
        self.database = self.folder / "sealgate.sqlite"
        with self.opened():
            with db.write() as session:
                assert vault.wrong_keys(session) == []
                vault.put(session, "chk_a", "subject", "somebody")
                add_institution(session, "Nursery", "1", "cn", [])
            audit.sequence()

    @property
    def config(self) -> Config:
        """Its configuration."""
        return Config.from_env(self.environ)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Its database and vault, in this process."""
        db.init(self.config.database_url)
        try:
            db.upgrade()
            vault.init(self.config.keks, self.config.index_key, self.config.key_file)
            audit.init(self.config.issuer)
            retention.init(self.config)
            yield
        finally:
            db.close()

    def execute(self, statement: str) -> None:
        """Change its tables."""
        db.init(self.config.database_url)
        with db.engine.begin() as connection:
            connection.execute(text(statement))
        db.close()

    def examined(self) -> list[Finding]:
        """Everything that the doctor says."""
        found = list(examine(self.config))
        assert all(one.do for one in found if one.level != "ok")
        return found

    def faults(self) -> dict[str, str]:
        """What is at fault, and how."""
        return {one.about: one.found for one in self.examined() if one.level == "fault"}


@pytest.fixture
def patient(tmp_path: Path, database_environ: dict[str, str]) -> Iterator[Patient]:
    """A deployment that is well, but for its registries and its work, which have not begun yet."""
    with clock.stopped(NOW) as time:
        yield Patient(tmp_path, time, database_environ)


@pytest.fixture
def beating() -> Iterator[Callable[[Patient], None]]:
    """Let another process seem to work: one that has just said so on a server, one that holds the lock on a file."""
    with ExitStack() as held:

        def beat(patient: Patient) -> None:
            with patient.opened():
                if not db.embedded:
                    with db.write() as session:
                        now = func.timezone("UTC", func.clock_timestamp())
                        session.execute(insert(Executor).values(id="exe_a", since=now, seen_at=now))
                    return
                path = Path(lock_path())
            file = held.enter_context(path.open("w"))
            fcntl.flock(file, fcntl.LOCK_EX)

        yield beat
