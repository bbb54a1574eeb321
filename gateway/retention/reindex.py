"""A new key of the blind index, while the gateway runs. Killed in the midst of it, the next call goes on.

A key is added and every stored index is brought on (`gateway/vault/blind.py`); meanwhile both are looked up. The old
keys stay: what is stored was made with them, and says nothing without the new one.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Row, Table, func, or_, select, update
from sqlalchemy.orm import Session

from gateway import audit
from gateway.audit import models as audit_models
from gateway.checks import models as checks
from gateway.consent import models as consent
from gateway.db import Base, db
from gateway.notices import models as notices
from gateway.oauth import models as oauth
from gateway.retention.keys import KeyKept
from gateway.retention.pace import breathe
from gateway.retention.rotate import Progress, Rotated, change
from gateway.staff import models as staff
from gateway.vault import BlindIndex, blind, fit, keyfile
from gateway.vault.ring import ring

TABLES = (audit_models, checks, consent, notices, oauth, staff)
"""Every module that has tables: one that was not imported would be left behind."""

BATCH = 500
"""How many rows one transaction brings on: others want to write meanwhile."""

PAUSE_SECONDS = 1.0
"""Between a new key being known and being written with: longer than a transaction that does not know it takes."""


def rotate_index(told: Progress = lambda _done, _total: None) -> Rotated:
    """Bring every stored blind index under a new key. Raises keyfile.KeyFileError, KeyKept."""
    resumed = ring().index_waits or behind()
    if not resumed:
        add_waiting()
        time.sleep(PAUSE_SECONDS)
        with db.write():
            pass  # alone: whoever had reckoned with the former keys only, and then waited for its turn, is done
    change(lambda lines: keyfile.begun(lines, "index"))
    with db.write() as session:  # before any row: a machine without the key is not ready from now on
        fit.keep_index_sample(session)
    tables = _indexed()
    with db.read() as session:
        total = sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    done = moved = 0
    for table, columns in tables.items():
        for seen, changed in _bring_on(table, columns):
            done, moved = done + seen, moved + changed
            told(done, max(done, total))
    return Rotated(resumed, (_note(),), moved)


def add_waiting() -> str:
    """Add the next key without using it, to be given to other machines first; returns its number."""
    if ring().index_waits:
        raise KeyKept("the next key of the blind index is there already")
    number = str(len(ring().index_keys) + 1)
    change(lambda lines: [*lines, keyfile.new("index", number, waits=True)])
    return number


def behind() -> bool:
    """Whether a row, or the sample, is of an older generation than is written now: a rotation is not finished."""
    now = ring().generation
    with db.read() as session:
        kept = fit.kept_sample(session)
        if kept is not None and (blind.generation(kept) or now) < now:
            return True
        for table, columns in _indexed().items():
            older = or_(*(column.not_like(f"{now}:%") for column in columns))
            if session.execute(select(*table.primary_key.columns).where(older).limit(1)).first():
                return True
    return False


def _indexed() -> dict[Table, list[Column[Any]]]:
    """Every table with columns of blind indexes."""
    found = {
        table: [column for column in table.columns if isinstance(column.type, BlindIndex)]
        for table in Base.metadata.sorted_tables
    }
    return {table: columns for table, columns in found.items() if columns}


def _bring_on(table: Table, columns: Sequence[Column[Any]]) -> Iterator[tuple[int, int]]:
    """Walk a table by its key, and give how many rows each transaction saw and changed."""
    (key,) = table.primary_key.columns
    query = select(key, *columns).order_by(key).limit(BATCH)
    after = None
    while True:
        with db.write() as session:
            rows = session.execute(query if after is None else query.where(key > after)).all()
            changed = sum(_bring_row_on(session, table, columns, row) for row in rows)
        yield len(rows), changed
        if len(rows) < BATCH:
            return
        after = rows[-1][0]
        breathe()


def _bring_row_on(session: Session, table: Table, columns: Sequence[Column[Any]], row: Row[Any]) -> bool:
    """A value that was changed since it was read is of the new generation already, and stays."""
    (key,) = table.primary_key.columns
    now, changed = ring().generation, False
    kept: tuple[str | None, ...] = row[1:]
    for column, stored in zip(columns, kept, strict=True):
        if stored is not None and (blind.generation(stored) or now) < now:
            brought = {column: blind.brought_on(stored)}
            session.execute(update(table).where(key == row[0], column == stored).values(brought))
            changed = True
    return changed


def _note() -> str:
    name = f"index-{ring().generation}"
    with db.write() as session:
        audit.record(session, "key.rotated", name, use="index")
    return name
