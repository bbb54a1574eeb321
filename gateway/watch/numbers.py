"""What is read of the state, by cheap queries, and at most every few seconds however often it is asked for.

A number is rounded until one check more or less, or one that went to a person, does not show (`gateway.metrics`):
counts up to one digit, and of what waits to be laid only what should have been long ago. Of the log neither size nor
age is told, however coarse: a review makes it longer and newer, and whoever fills it up with checks of their own, until
a step shows, counts what came between two steps.
"""

import platform
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from math import ceil, log10
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import audit, clock, logs, work
from gateway.checks import deployment
from gateway.db import db
from gateway.metrics import Metric, catalogue
from gateway.notices.models import TO_GO, Message
from gateway.retention import due
from gateway.vault import VaultKey, keks

Reading = tuple[Metric, dict[str, str], float]

OFTEN_SECONDS, SELDOM_SECONDS = 5.0, 300.0
"""How long what was read is told again: usually, and where the query goes through many rows."""

UNLAID = timedelta(minutes=1)
_WAL_STEP = 16 * 2**20

log = logs.get("watch")


class Numbers:
    """The readings, each kept for a while. Used by several threads at once."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, list[Reading]]] = {}

    def read(self) -> list[Reading]:
        """Every reading. What cannot be read is left out, and `sealgate_database_readable` is 0."""
        with self._lock:
            found, readable = list(_build()), True
            for name, seconds, reading in _READINGS:
                kept = self._kept.get(name)
                if kept is None or self._now() - kept[0] > seconds:
                    kept = self._kept[name] = (self._now(), _read(name, reading))
                found += kept[1]
                readable = readable and bool(kept[1])
            return [*found, (catalogue.READABLE, {}, float(readable))]


def _read(name: str, reading: Callable[[Session], Iterator[Reading]]) -> list[Reading]:
    try:
        with db.read() as session:
            return list(reading(session))
    except (SQLAlchemyError, OSError, RuntimeError) as error:
        log.error("not_read", kind=name, exc_info=error)
        return []


def coarse(number: int) -> int:
    """Rounded up to one digit, and to ten at least: 0, 10, 20, … 100, 200, … 1000, 2000."""
    if number <= 0:
        return 0
    unit = int(10 ** max(1, int(log10(number))))
    return ceil(number / unit) * unit


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _build() -> Iterator[Reading]:
    try:
        ours = version("sealgate")
    except PackageNotFoundError:
        ours = "unknown"
    labels = {"version": ours, "python": platform.python_version(), "database": db.engine.dialect.name}
    yield catalogue.BUILD, labels, 1


def _tasks(session: Session) -> Iterator[Reading]:
    found = work.backlog(session)
    for state in ("waiting", "running", "delayed", "again", "overdue"):
        yield catalogue.TASKS_NOW, {"state": state}, coarse(getattr(found, state))
    yield catalogue.TASK_AGE, {}, round(found.oldest_seconds)
    yield catalogue.WORKERS, {}, work.workers(session)


def _audit(session: Session) -> Iterator[Reading]:
    now, since = clock.now(), audit.waiting_since(session)
    late = since is not None and now - since > UNLAID
    yield catalogue.UNLAID, {}, coarse(audit.waiting(session)) if late else 0
    yield catalogue.UNLAID_AGE, {}, round(_age(since, now)) if late else 0


def _registries(_session: Session) -> Iterator[Reading]:
    there = deployment.ours().registries
    for name in there:
        yield catalogue.READY, {"registry": name}, float(there[name].ready())
    if not there:
        yield catalogue.READY, {"registry": "none"}, 0


def _messages(session: Session) -> Iterator[Reading]:
    waiting = Message.state.in_(TO_GO)
    count, since = session.execute(select(func.count(), func.min(Message.created_at)).where(waiting)).one()
    failed = session.scalar(select(func.count()).where(waiting, Message.attempts > 0)) or 0
    yield catalogue.MESSAGES, {"state": "waiting"}, coarse(count)
    yield catalogue.MESSAGES, {"state": "failed"}, coarse(failed)
    yield catalogue.MESSAGE_AGE, {}, round(_age(since, clock.now()))


def _wal(_session: Session) -> Iterator[Reading]:
    size = 0
    if db.embedded:
        path = Path(f"{db.engine.url.database}-wal")
        size = path.stat().st_size if path.exists() else 0
    yield catalogue.WAL, {}, ceil(size / _WAL_STEP) * _WAL_STEP


def _vault(session: Session) -> Iterator[Reading]:
    counted = select(VaultKey.kek_id, func.count()).where(VaultKey.kek_id.is_not(None)).group_by(VaultKey.kek_id)
    periods: dict[str, int] = {"standing": 0}
    for kek_id, count in session.execute(counted):
        period = keks.period_of(str(kek_id)) or "standing"
        periods[period] = periods.get(period, 0) + count
    for period, count in periods.items():
        yield catalogue.KEYS, {"period": period}, coarse(count)
    yield catalogue.UNSHREDDED_AGE, {}, round(due.lateness(session).total_seconds())


_READINGS: tuple[tuple[str, float, Callable[[Session], Iterator[Reading]]], ...] = (
    ("tasks", OFTEN_SECONDS, _tasks),
    ("audit", OFTEN_SECONDS, _audit),
    ("registries", OFTEN_SECONDS, _registries),
    ("messages", OFTEN_SECONDS, _messages),
    ("wal", OFTEN_SECONDS, _wal),
    ("vault", SELDOM_SECONDS, _vault),
)
