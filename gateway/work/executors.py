"""Several processes that do the work of one PostgreSQL server: what they say of themselves, and who goes on for whom.

DBOS knows which process has begun a task, and not whether it lives. So each says every BEAT_SECONDS that it does;
one that has said nothing for DEAD_SECONDS is taken for dead, and what it has left unfinished is enqueued again, by
whichever notices first. One that was only slow does its task beside the other: tasks may be done more than once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, DateTime, Function, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import logs
from gateway.db import db
from gateway.work.models import Executor, Turn
from gateway.work.queue import QUEUE, QUEUES, TASK, client, here

BEAT_SECONDS = 2.0
DEAD_SECONDS = 10.0

_DEAD = timedelta(seconds=DEAD_SECONDS)
_STRANDED = timedelta(seconds=15)
"""Longer than it takes to begin what was taken from the queue; if it was begun after all, it is done twice."""

log = logs.get("work")


def _now() -> Function[datetime]:
    return func.timezone("UTC", func.clock_timestamp(), type_=DateTime())


def alive_since() -> ColumnElement[datetime]:
    """Whoever has said since this moment of the server's that it lives is not taken for dead."""
    return _now() - _DEAD


def beat() -> None:
    """Say that this process lives, and since when without a gap."""
    now = _now()
    said = insert(Executor).values(id=here.executor_id, since=now, seen_at=now)
    gap = Executor.seen_at < now - _DEAD
    with db.write(here.executor_id) as session:
        session.execute(
            said.on_conflict_do_update(
                index_elements=[Executor.id], set_={"since": case((gap, now), else_=Executor.since), "seen_at": now}
            )
        )
    for task in sorted(here.owed):
        _give_back(task)


def leave() -> None:
    """Say that this process is at its end: what it has not finished, others may take up at once."""
    with db.write(here.executor_id) as session:
        session.execute(delete(Executor).where(Executor.id == here.executor_id))
        session.execute(update(Turn).where(Turn.executor_id == here.executor_id).values(executor_id=None))
    _enqueue_again(here.executor_id)


def take_over() -> int:
    """Enqueue again what dead processes have left unfinished; returns how much that was.

    Judged only by a process that has itself been seen without a gap for as long as it takes to be held dead: after
    an outage of the database nobody has been seen for a while, and all may be alive.
    """
    with db.attempt("work.take-over") as session:
        if session is None or not _seen_long_enough(session):
            return 0
        # First the list: whoever has begun one of these and lives is among the living that are read after it.
        running = client().list_workflows(status="PENDING", load_input=False, load_output=False)
        alive = set(session.scalars(select(Executor.id).where(Executor.seen_at > alive_since())))
        left = {row.executor_id or "" for row in running} - alive
        taken = sum(_enqueue_again(executor_id) for executor_id in left)
        session.execute(delete(Executor).where(Executor.seen_at <= alive_since()))
    if taken:
        log.warning("work_taken_over", count=taken, total=len(left))
    return taken


def _seen_long_enough(session: Session) -> bool:
    long = select(Executor.id).where(Executor.id == here.executor_id, Executor.since <= _now() - _DEAD)
    return session.scalar(long) is not None


def _enqueue_again(executor_id: str) -> int:
    count = 0
    for name, queue in QUEUES.items():
        rows = client().list_workflows(
            name=name, status="PENDING", executor_id=executor_id, load_input=False, load_output=False
        )
        if rows:
            client().resume_workflows([row.workflow_id for row in rows], queue_name=queue)
        count += len(rows)
    return count


def take_up_stranded() -> None:
    """Enqueue again what is marked as running here, though nothing here runs it: a failing database left it so."""
    before = datetime.now(UTC) - _STRANDED
    rows = client().list_workflows(
        name=TASK,
        status="PENDING",
        executor_id=here.executor_id,
        dequeued_before=before.isoformat(),
        load_output=False,
    )
    for row in rows:
        if row.input is not None and "/".join(str(part) for part in row.input["args"][:4]) not in here.running:
            client().resume_workflow(row.workflow_id, queue_name=QUEUE)


@contextmanager
def turn(task: str) -> Iterator[bool]:
    """Whether a periodic task may run here now: on a file always, on a server while no other living process runs it."""
    if db.embedded:
        yield True
        return
    mine = _taken(task)
    try:
        yield mine
    finally:
        if mine:
            here.owed.add(task)
            _give_back(task)


def _give_back(task: str) -> None:
    """Let others take a turn again. If the database fails, the next beat does it: nobody else may while we live."""
    with db.write(task) as session:
        if task in here.owed:  # not if it was taken again meanwhile
            mine_still = (Turn.task == task) & (Turn.executor_id == here.executor_id)
            session.execute(update(Turn).where(mine_still).values(executor_id=None))
    here.owed.discard(task)


def _taken(task: str) -> bool:
    with db.write(task) as session:
        row = session.get(Turn, task)
        if row is None:
            row = Turn(task=task)
            session.add(row)
        others = select(Executor.id).where(
            Executor.id == row.executor_id, Executor.id != here.executor_id, Executor.seen_at > alive_since()
        )
        if row.executor_id is not None and session.scalar(others) is not None:
            return False
        row.executor_id = here.executor_id
        here.owed.discard(task)
        return True
