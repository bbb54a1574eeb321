"""The durable engine behind `gateway.work`: DBOS Transact, embedded, on the database file that we have.

One process at a time runs the work of a data folder; a lock file sees to that, and so the executor's id can be
a constant, which is what makes DBOS take up the work of a process that died when the next one starts.
"""

import fcntl
import logging
import os
from datetime import UTC, datetime, timedelta

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from gateway.config import Config
from gateway.db import db
from gateway.work import tasks
from gateway.work.queue import APPLICATION, QUEUE, TASK, TICK, TICK_QUEUE, client, here

_POLL_SECONDS = 0.1
_KEPT = timedelta(days=7)
_TICK_KEPT = timedelta(minutes=10)
_STRANDED = timedelta(minutes=2)
_BATCH = 500

logging.getLogger("dbos").addHandler(logging.NullHandler())  # else DBOS adds one that prints messages


class AlreadyRunning(RuntimeError):
    """Another process does the work of this data folder."""


def prepare() -> None:
    """Make or update the engine's own tables; `launch` does it too, a test without it needs it."""
    url = db.engine.url.render_as_string(hide_password=False)
    with db.alone():
        DBOS.migrate(url)


def launch(config: Config) -> None:
    """Start doing the work of this data folder in this process, what a dead process left first.

    Raises AlreadyRunning when another process does it.
    """
    prepare()
    here.lock_file = _lock(f"{db.engine.url.database}.work")
    here.stopping.clear()
    try:
        _start(config)
    except BaseException:
        stop(wait=0)
        raise


def _start(config: Config) -> None:
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_engine": db.engine,
            "serializer": DBOSPortableJSONSerializer(),
            "executor_id": "embedded",
            "application_version": "1",
            "run_migrations": False,
            "log_level": "WARNING",
        }
    )
    queue = client()
    queue.register_queue(QUEUE, worker_concurrency=config.threads, polling_interval_sec=_POLL_SECONDS)
    # Apart, so that tasks which wait for slow registries never keep an answer from its release.
    queue.register_queue(TICK_QUEUE, worker_concurrency=len(tasks.ticks) + 1, polling_interval_sec=_POLL_SECONDS)
    _schedule(queue)
    DBOS.launch()


def _lock(path: str) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise AlreadyRunning("another process does the work of this data folder") from None
    return file


def _schedule(queue: DBOSClient) -> None:
    for known in queue.list_schedules():
        if known["schedule_name"] not in tasks.ticks:
            queue.delete_schedule(known["schedule_name"])
    queue.apply_schedules(
        [
            {
                "schedule_name": name,
                "workflow_name": TICK,
                "schedule": tick.crontab,
                "context": name,
                "queue_name": TICK_QUEUE,
            }
            for name, tick in tasks.ticks.items()
        ]
    )


def stop(wait: int = 10) -> None:
    """Stop taking work, let what runs finish for up to `wait` seconds; the rest waits for the next start."""
    here.stopping.set()
    DBOS.destroy(workflow_completion_timeout_sec=wait if here.running else 0)
    if here.lock_file is not None:
        os.close(here.lock_file)
        here.lock_file = None


@tasks.every("work.sweep", seconds=60)
def sweep() -> None:
    """Forget what is long done, and take up again what a failing disk left marked as running."""
    now = datetime.now(UTC)
    queue = client()
    for name, kept in ((TICK, _TICK_KEPT), (TASK, _KEPT)):
        done = queue.list_workflows(
            name=name,
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=(now - kept).isoformat(),
            limit=_BATCH,
            load_input=False,
            load_output=False,
        )
        if done:
            queue.delete_workflows([row.workflow_id for row in done])
    stranded = queue.list_workflows(
        name=TASK, status="PENDING", dequeued_before=(now - _STRANDED).isoformat(), load_output=False
    )
    for row in stranded:
        if row.input is not None and "/".join(str(part) for part in row.input["args"][:4]) not in here.running:
            queue.resume_workflow(row.workflow_id)
