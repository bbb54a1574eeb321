"""New rows of several callers in one transaction, so that one forced write to the disk serves them all.

The first caller to come leads: it writes what has gathered, its own rows and those of others, and then hands the lead
to somebody who came meanwhile. There is no thread for it, and nobody waits for more to come: a caller who is alone
writes at once.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from gateway.db.columns import Base

MOST = 64
"""How many callers one transaction serves; more have to wait for the next."""

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(eq=False)
class Share:
    """What one caller wants to be written, all of it or nothing."""

    rows: Sequence[Base]
    claim: Base | None
    """A row of its own, first: when one like it is there already, nothing is written."""
    kept: bool = False
    over: bool = False
    leads: bool = False
    error: BaseException | None = None
    turn: threading.Event = field(default_factory=threading.Event)


class Together:
    """The callers of one process. `write` is given shares and writes them in one transaction, or raises."""

    def __init__(self, write: Callable[[Sequence[Share]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[Share] = []
        self._led = False

    def insert(self, rows: Sequence[Base], claim: Base | None) -> bool:
        """Write rows and return when they are durable; False if there was a row like `claim`.

        Raises what the database raises, for the caller's own rows or for the transaction as a whole.
        """
        share = Share(rows, claim)
        with self._lock:
            self._waiting.append(share)
            share.leads, self._led = not self._led, True
        if not share.leads:
            share.turn.wait()
        if share.leads:
            self._lead()
        if share.error is not None:
            raise share.error
        return share.kept

    def _lead(self) -> None:
        """Write what has gathered, which has the leader's own share in it, and give the lead away."""
        with self._lock:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            self._written(batch)
        finally:
            with self._lock:
                self._led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].turn.set()
            for share in batch:
                if not share.over and share.error is None:  # the leader was interrupted
                    share.error = RuntimeError("the transaction was interrupted")
                share.turn.set()

    def _written(self, batch: Sequence[Share]) -> None:
        try:
            self._write(batch)
        except (IntegrityError, DataError) as error:
            if len(batch) > 1:  # the row of one of them; the others must not suffer for it
                for share in batch:
                    self._written([share])
                return
            batch[0].error = error
        except Exception as error:  # noqa: BLE001 - each caller gets it
            for share in batch:
                share.error = error
        for share in batch:
            share.over = True


def write(connection: Connection, batch: Sequence[Share]) -> None:
    """Insert the shares' rows into their tables, each table's in one statement; claims that are taken first."""
    # Always in one order: another process's transaction may hold the same ones, and they would wait in a circle.
    claims = sorted((share.claim for share in batch if share.claim is not None), key=_contested)
    taken: set[str] = set()
    for table, rows in _by_table(claims).items():
        statement = _INSERT[connection.dialect.name](table).on_conflict_do_nothing().returning(table.c.id)
        for values in rows:
            taken.update(connection.execute(statement, values).scalars())
    for share in batch:
        share.kept = share.claim is None or _values(share.claim)["id"] in taken
    rows_of = _by_table([row for share in batch if share.kept for row in share.rows])
    for table in sorted(rows_of, key=_order().__getitem__):
        for values in rows_of[table]:
            connection.execute(table.insert(), values)


def _contested(claim: Base) -> list[str]:
    """What of a claim there can be only once, so that others may be waiting for it."""
    table: Any = type(claim).__table__
    rules = [rule for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    values = _values(claim)
    return [
        table.name,
        *(str(values.get(name)) for name in sorted({one.name for rule in rules for one in rule.columns})),
    ]


def _by_table(rows: Sequence[Base]) -> dict[Table, list[list[dict[str, Any]]]]:
    """The values of rows by table, in lists of which all have the same columns: what is not given has its default."""
    found: dict[Table, dict[tuple[str, ...], list[dict[str, Any]]]] = {}
    for row in rows:
        values = _values(row)
        table: Any = type(row).__table__
        found.setdefault(table, {}).setdefault(tuple(values), []).append(values)
    return {table: list(kinds.values()) for table, kinds in found.items()}


def _values(row: Base) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


@cache
def _order() -> dict[Table, int]:
    """Tables after those that they refer to."""
    return {table: place for place, table in enumerate(Base.metadata.sorted_tables)}
