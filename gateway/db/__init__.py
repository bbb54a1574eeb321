"""The database: one handle, short transactions, reads apart from writes; a SQLite file or a PostgreSQL server.

with db.write() as session:      # commits at the end, rolls back on an exception; the only write at this moment
    session.add(row)
with db.write(id) as session:    # the only write at this moment that is about this id, or about everything
    session.get(Row, id).seen = now
with db.read() as session:       # sees one moment; refuses to have written
    row = session.get(Row, id)
db.insert([row, other])          # new rows that nobody knows of yet; what others insert goes to the disk with them
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway.db.columns import Base, UtcDateTime, forget, new_id
from gateway.db.postgres import Server
from gateway.db.sqlite import File
from gateway.db.together import Share, Together
from gateway.db.together import write as write_shares

__all__ = ["Base", "Database", "UtcDateTime", "alembic_config", "db", "forget", "new_id", "why_no_connection"]

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Database:
    """A handle on the deployment's database, set up once by `init`."""

    def __init__(self) -> None:
        self._store: File | Server | None = None
        self._reading: Engine | None = None
        self._glancing: Engine | None = None
        self._thread = threading.local()
        self._together = Together(self._write_shares)

    def init(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; a file and its folder are made when they are missing."""
        self.close()
        parts = make_url(url)
        if parts.get_backend_name() == "postgresql":
            self._store = Server(url)
        elif parts.database:
            self._store = File(url, Path(parts.database))
        else:
            raise ValueError("the database must be a file, or on a PostgreSQL server")
        self._reading = self._store.engine.execution_options(**self._store.reading)
        self._glancing = self._store.engine.execution_options(**self._store.glancing)

    def close(self) -> None:
        """Close every connection. `init` may be called again afterwards."""
        if self._store is not None:
            self._store.close()
            self._store = self._reading = self._glancing = None

    @property
    def is_open(self) -> bool:
        """Whether `init` has been called, and not `close` since."""
        return self._store is not None

    @property
    def engine(self) -> Engine:
        """The engine; on a file its transactions are write transactions. Raises RuntimeError before `init`."""
        return self._opened().engine

    @property
    def embedded(self) -> bool:
        """Whether it is a file of this machine, with which one process does all the work."""
        return isinstance(self._opened(), File)

    def _opened(self) -> File | Server:
        if self._store is None:
            raise RuntimeError("db.init(url) has not been called")
        return self._store

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads, all of it from one moment. Raises RuntimeError if it has written."""
        with Session(self._reader(), autoflush=False, expire_on_commit=False) as session:
            yield session
            if session.new or session.dirty or session.deleted:
                raise RuntimeError("a read session was used to write; use db.write()")

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """For single statements that read, each of a moment of its own: without session and transaction."""
        with self._handle(self._glancing).connect() as connection:
            yield connection

    def _reader(self) -> Engine:
        return self._handle(self._reading)

    @staticmethod
    def _handle(engine: Engine | None) -> Engine:
        if engine is None:
            raise RuntimeError("db.init(url) has not been called")
        return engine

    @contextmanager
    def write(self, *about: str) -> Iterator[Session]:
        """A session that holds the right to write from its start and commits at its end.

        It is the only one at that moment; or, if ids are given, the only one that is about any of them (on SQLite it
        is the only one all the same). Whoever gives ids changes only what belongs to them, and what belongs to nobody
        in single statements that hold at any moment. What was read before is read again inside.

        Keep it short, never ask a registry or a mail server inside, never open a second one inside.
        """
        with self._transaction() as session:
            self._opened().enter(session.connection(), about)  # now, not at the first statement
            yield session

    @contextmanager
    def attempt(self, about: str) -> Iterator[Session | None]:
        """As `write(about)`, or at once None where another write is about the same."""
        with self._transaction() as session:
            yield session if self._opened().try_enter(session.connection(), about) else None

    def insert(self, rows: Sequence[Base], *, claim: Base | None = None) -> bool:
        """Insert new rows, which no other write can be about yet, and return when they are durable.

        `claim` is a row with an id that is inserted first; if one like it is there (in a column that is unique),
        nothing is inserted and False returned. Rows that are inserted at the same time by other threads share one
        transaction. Raises IntegrityError for rows that do not fit.
        """
        if getattr(self._thread, "writing", False):
            raise RuntimeError("rows were inserted beside a write transaction of the same thread")
        return self._together.insert(rows, claim)

    def _write_shares(self, batch: Sequence[Share]) -> None:
        store = self._opened()
        with store.engine.begin() as connection:
            store.join(connection)
            write_shares(connection, batch)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        if getattr(self._thread, "writing", False):
            raise RuntimeError("a write transaction was begun inside another one")
        self._thread.writing = True
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            self._thread.writing = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to write a file without a transaction, for a library that changes it by itself.

        On a server nothing is held: such a library has locks of its own there.
        """
        store = self._opened()
        with store.alone() if isinstance(store, File) else nullcontext():
            yield

    def upgrade(self) -> None:
        """Bring the tables to the newest migration, in one transaction.

        Tables that are newer than this version are left: its next version has come before it, on another machine.
        """
        store = self._opened()
        with store.engine.begin() as connection:
            store.enter(connection, ())
            if not _newer(connection):
                config = alembic_config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def pending(self) -> bool:
        """Whether the tables are older than the newest migration."""
        with self._reader().connect() as connection:
            applied = set(MigrationContext.configure(connection).get_current_heads())
            return applied != set(_scripts().get_heads()) and not _newer(connection)


def why_no_connection(error: Exception) -> str | None:
    """Why no connection to the database could be made, as the driver says it, in one line; None for any other error:
    that of a statement may quote what is personal."""
    if not isinstance(error, OperationalError) or error.statement is not None:
        return None
    return " ".join(str(error.orig).split())


def _newer(connection: Connection) -> bool:
    """Whether the tables were brought to a migration that this version does not know."""
    known = {script.revision for script in _scripts().walk_revisions()}
    return bool(set(MigrationContext.configure(connection).get_current_heads()) - known)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def alembic_config() -> AlembicConfig:
    """Where Alembic finds our migrations; it needs a connection in `attributes` to run them."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


db = Database()
