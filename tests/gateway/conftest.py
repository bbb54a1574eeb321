"""What the gateway's tests share: a configuration, a real database, the vault."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import audit, logs, retention, vault, work
from gateway.config import Config
from gateway.db import Database, db
from tests.databases import make_tables

Environ = dict[str, str]


def key(letter: str) -> str:
    """A 256-bit key in base64url, different for each letter."""
    return base64.urlsafe_b64encode(letter.encode() * 32).decode().rstrip("=")


@pytest.fixture
def environ(tmp_path: Path, database_environ: Environ) -> Environ:
    """A complete environment for a trial deployment in a temporary folder."""
    registries = tmp_path / "registries.toml"
    registries.touch()
    return {
        "SEALGATE_MODE": "trial",
        "SEALGATE_ISSUER": "http://localhost:8000",
        "SEALGATE_DATA": str(tmp_path / "data"),
        "SEALGATE_SECRET_KEY": "not a secret, forty characters, for tests",
        "SEALGATE_KEKS": f"new:{key('n')},old:{key('o')}",
        "SEALGATE_INDEX_KEY": key("i"),
        "SEALGATE_REGISTRIES": str(registries),
        "SEALGATE_OUTBOX": f"file:{tmp_path / 'outbox.jsonl'}",
        "SEALGATE_PROOF": "particulars",
        "SEALGATE_RELEASE_HOLD": "PT2S",
        "SEALGATE_RELEASE_GRID": "PT1S",
        "SEALGATE_LOG_LEVEL": "warning",
        **database_environ,
    }


@pytest.fixture
def config(environ: Environ) -> Config:
    """A configuration for a temporary folder, in trial mode, with short holds."""
    return Config.from_env(environ)


@pytest.fixture
def keys(config: Config) -> None:
    """The vault with the keys of the configuration, and the name of the log."""
    vault.init(config.keks, config.index_key, config.key_file)
    audit.init(config.issuer)
    retention.init(config)


@pytest.fixture
def working(database: Database, config: Config) -> Iterator[Database]:
    """The database with durable work running on it in this process."""
    work.launch(config)
    yield database
    work.stop()


@pytest.fixture
def database(config: Config, keys: None) -> Iterator[Database]:
    """The database of the configuration, a real one, with every table that is known, the work engine's too."""
    db.init(config.database_url)
    make_tables()
    yield db
    db.close()


@pytest.fixture
def lines() -> Iterator[Any]:
    """Logging set up on a stream of its own; calling the fixture gives the lines so far."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.setup("info", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
