"""The database: one handle, short transactions, reads apart from writes.

with db.write() as session:      # commits at the end, rolls back on an exception
    session.add(row)
with db.read() as session:       # sees one moment; refuses to have written
    row = session.get(Row, id)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from gateway.db.columns import Base, UtcDateTime, new_id
from gateway.db.sqlite import Gate, open_engine

__all__ = ["Base", "Database", "UtcDateTime", "alembic_config", "db", "new_id"]

_READ = "sealgate_read"
_MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Database:
    """A handle on the deployment's database, set up once by `init`."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._gate: Gate | None = None

    def init(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the file and its folder are made when they are missing."""
        self.close()
        database = make_url(url).database
        if not database:
            raise ValueError("the database must be a file")
        Path(database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(database).touch(mode=0o600)
        self._engine, self._gate = open_engine(url, Path(database), read_option=_READ)

    def close(self) -> None:
        """Close every connection. `init` may be called again afterwards."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._gate is not None:
            self._gate.close()
            self._gate = None

    @property
    def engine(self) -> Engine:
        """The engine; its transactions are write transactions. Raises RuntimeError before `init`."""
        if self._engine is None:
            raise RuntimeError("db.init(url) has not been called")
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads, all of it from one moment. Raises RuntimeError if it has written."""
        engine = self.engine.execution_options(**{_READ: True})
        with Session(engine, autoflush=False, expire_on_commit=False) as session:
            yield session
            if session.new or session.dirty or session.deleted:
                raise RuntimeError("a read session was used to write; use db.write()")

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the right to write from its start and commits at its end.

        Keep it short, never ask a registry or a mail server inside, never open a second one inside.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            session.connection()  # take the right to write now, not at the first statement
            yield session

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to write without a transaction, for a library that changes the file by itself."""
        self.engine.dispose()  # it may have to change the journal
        gate = self._gate
        assert gate is not None  # noqa: S101 - set together with the engine
        gate.enter()
        try:
            yield
        finally:
            gate.leave(None)

    def upgrade(self) -> None:
        """Bring the tables to the newest migration, in one transaction."""
        with self.engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def pending(self) -> bool:
        """Whether the tables are older than the newest migration."""
        with self.engine.execution_options(**{_READ: True}).connect() as connection:
            applied = MigrationContext.configure(connection).get_current_heads()
        return set(applied) != set(ScriptDirectory.from_config(alembic_config()).get_heads())


def alembic_config() -> AlembicConfig:
    """Where Alembic finds our migrations; it needs a connection in `attributes` to run them."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


db = Database()
