"""How much work there is, how old it is, and who is there to do it: for those who watch. Reads only.

Read from the table of DBOS Transact by queries of our own, which its indexes of unfinished rows answer; its public way
to list them would load every row.
"""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, TableClause, and_, column, func, select, table
from sqlalchemy.orm import Session

from gateway.db import db
from gateway.work import executors
from gateway.work.models import Executor
from gateway.work.queue import QUEUE, here

LATE_SECONDS = 60.0
"""How long after it could be done a task is overdue."""

_MOST = 100_000
_READY, _RUNNING, _DELAYED = "ENQUEUED", "PENDING", "DELAYED"


@dataclass(frozen=True)
class Backlog:
    """Tasks that are unfinished, in numbers; those of periodic tasks are not among them."""

    waiting: int
    """Ready to be done, and not begun."""
    running: int
    delayed: int
    """Their time has not come, those to be tried again included."""
    again: int
    """To be tried again: an error, or a registry or mail server that is silent."""
    overdue: int
    """Ready for more than a minute, and not done."""
    oldest_seconds: float
    """For how long the oldest that could be done now has not been done."""


def backlog(session: Session) -> Backlog:
    """The numbers of this moment. Raises SQLAlchemyError before the engine's tables are there."""
    rows, now = _rows(), time.time()
    late = _since(rows) < (now - LATE_SECONDS) * 1000
    oldest = session.scalar(select(func.min(_since(rows))).where(_unfinished(rows, _READY, _RUNNING)))
    return Backlog(
        waiting=_count(session, rows, _unfinished(rows, _READY)),
        running=_count(session, rows, _unfinished(rows, _RUNNING)),
        delayed=_count(session, rows, _unfinished(rows, _DELAYED)),
        again=_count(session, rows, _unfinished(rows, _DELAYED), rows.c.workflow_uuid.like("%/%/%/%")),
        overdue=_count(session, rows, _unfinished(rows, _READY, _RUNNING), late),
        oldest_seconds=0.0 if oldest is None else max(0.0, now - oldest / 1000),
    )


def workers(session: Session) -> int:
    """How many processes do the work and live: on a server those that have said so lately, on a file one or none."""
    if not db.embedded:
        alive = executors.alive_since()
        return session.scalar(select(func.count()).where(Executor.seen_at > alive)) or 0
    return 1 if here.lock_file is not None or _held(Path(lock_path())) else 0


def lock_path() -> str:
    """The file that is locked by the process which does the work of a database file."""
    return f"{db.engine.url.database}.work"


def _held(path: Path) -> bool:
    if not path.exists():
        return False
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _rows() -> TableClause:
    names = ("workflow_uuid", "status", "queue_name", "created_at", "delay_until_epoch_ms")
    return table("workflow_status", *map(column, names), schema=None if db.embedded else "dbos")


def _unfinished(rows: TableClause, *states: str) -> ColumnElement[bool]:
    return and_(rows.c.queue_name == QUEUE, rows.c.status.in_(states))


def _since(rows: TableClause) -> ColumnElement[int]:
    """Since when, in milliseconds, a task could be done."""
    return func.coalesce(rows.c.delay_until_epoch_ms, rows.c.created_at)


def _count(session: Session, rows: TableClause, *which: ColumnElement[bool]) -> int:
    some = select(rows.c.status).where(*which).limit(_MOST).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
