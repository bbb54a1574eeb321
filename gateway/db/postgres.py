"""How we use PostgreSQL: many writers in many processes, and the guarantees of the one writer where code needs them.

A read sees one moment (REPEATABLE READ, read only). A write (READ COMMITTED) first takes advisory locks, which live as
long as its transaction, and only then reads, so that it sees what the holder before it has committed:

    db.write()          alone: no other write is under way anywhere, as on SQLite
    db.write(check_id)  alone with what it names: beside writes that name other things, never beside one without a name

So code that was not thought about is as safe as on SQLite, and what there is much of names what it changes: the id
that it is about. What two writes could both change they both name, or one of them names nothing.

No lock outlives its process for long: a session that has stopped in the midst of a transaction is ended by the server.
"""

import hashlib
import math
import time
from collections.abc import Mapping
from typing import Any

from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown as StrDumper
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

WAIT_SECONDS = 30

IDLE_SECONDS = 2.0
"""For how long a connection is trusted to live after it was used."""

_USED = "sealgate used"

_SPACE = 1_397_769_044
"""Sets our lock of everything apart from other programs' locks in this database."""

_SETTINGS: Mapping[str, str] = {
    "lock_timeout": f"{WAIT_SECONDS}s",
    # Ends a process that was stopped, or cut off, while it held locks. Our transactions never wait for anybody.
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}

_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""A server or a role may have it off: then what was told to be kept could be lost with the server."""

_CONNECT: Mapping[str, Any] = {
    "application_name": "sealgate",
    "connect_timeout": 10,
    # After a failover the former primary may answer for a while, or its standby: who cannot be written to is down.
    "target_session_attrs": "read-write",
    # The same for the other side: a server that has vanished is noticed.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Server:
    """A database on a PostgreSQL server."""

    reading: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    """Execution options of a connection that only reads."""

    glancing: Mapping[str, Any] = {"isolation_level": "AUTOCOMMIT"}
    """The same for single statements: they take no transaction."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(
            url,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_size=8,
            max_overflow=8,  # README: how many connections the server must have
            pool_timeout=WAIT_SECONDS,
            connect_args=dict(_CONNECT),
        )
        event.listen(self.engine, "connect", _connected)
        event.listen(self.engine, "checkin", _returned)
        event.listen(self.engine, "checkout", self._lives)

    def _lives(self, connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: object) -> None:
        """Ask a connection that was idle whether it lives: a server that was restarted has cut those of the pool.

        Of those that were used a moment ago it costs more to ask than it helps: of a busy pool a few fail, once.
        """
        if time.monotonic() < entry.info.get(_USED, math.inf) + IDLE_SECONDS:
            return
        try:
            self.engine.dialect.do_ping(connection)
        except Exception:  # noqa: BLE001 - whatever it is, another connection is tried
            raise exc.InvalidatePoolError from None

    def enter(self, connection: Connection, about: tuple[str, ...]) -> None:
        """Take the right to write, in a transaction that has done nothing yet."""
        if not about:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SPACE}, 0)")
            return
        # Always in one order, and the shared lock before the others: so writes never wait for each other in a circle.
        locks = [f"pg_advisory_xact_lock({key})" for key in sorted({_key(one) for one in about})]
        steps = [f"pg_advisory_xact_lock_shared({_SPACE}, 0)", *locks]
        connection.exec_driver_sql("; ".join(f"SELECT {step}" for step in steps))

    def join(self, connection: Connection) -> None:
        """Take the right to insert rows that no other write can be about: beside all but those that are alone."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_SPACE}, 0)")

    def try_enter(self, connection: Connection, about: str) -> bool:
        """Take the right to write what one name stands for, unless another transaction has it."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_SPACE}, 0)")
        return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_key(about)})").scalar_one())

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


class _Text(StrDumper):
    """A text on its way to the server, which knows no NUL in one and would fail: so it finds nothing, as on SQLite."""

    def dump(self, obj: str) -> Buffer | None:
        """Its bytes."""
        return super().dump(obj.replace("\x00", "\ufffd"))


def _key(name: str) -> int:
    """The number of a name's lock. Two names with one number only wait for each other without need."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _returned(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info[_USED] = time.monotonic()


def _connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.adapters.register_dumper(str, _Text)
    cursor = connection.cursor()
    try:
        cursor.execute("; ".join([*(f"SET {name} = '{value}'" for name, value in _SETTINGS.items()), _DURABLE]))
    finally:
        cursor.close()
    connection.commit()  # a bare SET is undone when the pool rolls the connection back
