"""How we use SQLite: durable, one writer at a time, and never checkpointing beside a writer.

SQLite before 3.51.3 can corrupt a database in WAL mode when one connection checkpoints while another writes
(the "WAL-reset" fault, https://sqlite.org/wal.html#walresetbug), and the SQLite of current Debian releases
is older than that. So no connection checkpoints by itself (`wal_autocheckpoint=0`), every write transaction
of every process holds a lock file, and the only checkpoint happens under that same lock, by the writer that
has just committed. The lock also makes writers queue in order instead of sleeping and trying again.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

_READ = "sealgate_read"
_GLANCE = "sealgate_glance"

WAIT_SECONDS = 30.0
CHECKPOINT_BYTES = 4 * 1024 * 1024

_PRAGMAS = (
    "PRAGMA busy_timeout=30000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=0",
    # Without it the file stays as long as it once was, and the next writers take it for one that has grown again.
    f"PRAGMA journal_size_limit={CHECKPOINT_BYTES // 4}",
    "PRAGMA secure_delete=ON",  # shredded means overwritten, not left in free pages
)


_SUBSECONDS = (3, 42)
"""From this SQLite on `unixepoch('subsec')` is there, which DBOS writes into its tables on Python 3.12 and newer."""


def _unixepoch(modifier: str) -> float | None:
    return time.time() if modifier == "subsec" else None


class Gate:
    """The right to write: one holder among all threads of all processes that use this database file."""

    def __init__(self, database: Path) -> None:
        self._thread = threading.Lock()
        self._holder: int | None = None
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._wal = Path(f"{database}-wal")

    def enter(self) -> None:
        """Wait for the right to write.

        Raises OperationalError after WAIT_SECONDS, and RuntimeError at once if this thread has it already: it
        would wait for itself.
        """
        if self._holder == threading.get_ident():
            raise RuntimeError("a write transaction was begun inside another one")
        until = time.monotonic() + WAIT_SECONDS
        if not self._thread.acquire(timeout=WAIT_SECONDS):
            raise _locked()
        while not self._take_file():
            if time.monotonic() > until:
                self._thread.release()
                raise _locked()
            time.sleep(0.002)
        self._holder = threading.get_ident()

    def _take_file(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def leave(self, connection: DBAPIConnection | None) -> None:
        """Give the right back, after a checkpoint if the write-ahead log has grown."""
        try:
            if connection is not None and self._wal_bytes() > CHECKPOINT_BYTES:
                _run(connection, "PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            pass  # a later writer will do it: the log only stays longer
        finally:
            self._holder = None
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._thread.release()

    def _wal_bytes(self) -> int:
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        """Let go of the lock file."""
        os.close(self._file)


def _locked() -> exc.OperationalError:
    return exc.OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))


def _run(connection: DBAPIConnection, statement: str) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()


class File:
    """A database in a file of this machine."""

    reading: Mapping[str, Any] = {_READ: True}
    """Execution options of a connection that only reads."""

    glancing: Mapping[str, Any] = {_GLANCE: True}
    """The same for single statements: they take no transaction."""

    def __init__(self, url: str, database: Path) -> None:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        database.touch(mode=0o600)
        self.engine, self._gate = _open_engine(url, database)

    def enter(self, connection: Connection, about: tuple[str, ...]) -> None:
        """Nothing is left to do: every transaction that is not for reading is the only one from its beginning."""

    def join(self, connection: Connection) -> None:
        """Nothing is left to do: as `enter`."""

    def try_enter(self, connection: Connection, about: str) -> bool:
        """True: as `enter`."""
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to write without a transaction, for a library that changes the file by itself."""
        self.engine.dispose()  # it may have to change the journal
        self._gate.enter()
        try:
            yield
        finally:
            self._gate.leave(None)

    def close(self) -> None:
        """Close every connection and let go of the lock file."""
        self.engine.dispose()
        self._gate.close()


def _open_engine(url: str, database: Path) -> tuple[Engine, Gate]:
    """The engine: a transaction takes the write lock at its beginning (BEGIN IMMEDIATE) unless it is for reading.

    Without that, two transactions that read and then write would fail.
    """
    gate = Gate(database)
    engine = create_engine(url, hide_parameters=True, pool_size=16, max_overflow=16, pool_timeout=WAIT_SECONDS)
    writers: dict[int, ConnectionPoolEntry] = {}

    @event.listens_for(engine, "connect")
    def connected(connection: Any, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in _PRAGMAS:
            _run(connection, pragma)
        if sqlite3.sqlite_version_info < _SUBSECONDS:
            connection.create_function("unixepoch", 1, _unixepoch)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(_GLANCE):
            return
        if options.get(_READ):
            connection.exec_driver_sql("BEGIN")
            return
        entry = _entry(connection)
        if id(entry) not in writers:
            gate.enter()
            writers[id(entry)] = entry
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def left(connection: DBAPIConnection | None, entry: ConnectionPoolEntry, *_: object) -> None:
        if writers.pop(id(entry), None) is not None:
            gate.leave(connection)

    event.listen(engine, "checkin", left)
    event.listen(engine, "invalidate", lambda _connection, entry, _error: left(None, entry))
    return engine, gate


def _entry(connection: Connection) -> ConnectionPoolEntry:
    # The pool's events name a connection by its record; the class that public API gives has it under this name.
    entry: ConnectionPoolEntry | None = connection.connection._connection_record
    if entry is None:
        raise RuntimeError("a detached connection cannot write")
    return entry
