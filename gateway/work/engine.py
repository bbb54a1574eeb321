"""The durable engine behind `gateway.work`: DBOS Transact, on the database that we have.

On a file one process at a time does the work; a lock file sees to that, and so the executor's id can be a constant,
which is what makes DBOS take up the work of a process that died when the next one starts.

On a PostgreSQL server as many processes as wanted do it (`sealgate worker`), each under an id of its own that is never
used again; `executors` has what they know of each other. Processes that only enqueue never launch DBOS.
"""

import fcntl
import logging
import os
import time
from datetime import UTC, datetime, timedelta
from math import ceil

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from gateway import logs
from gateway.config import Config
from gateway.db import db, new_id
from gateway.work import executors, tasks
from gateway.work.load import lock_path
from gateway.work.queue import APPLICATION, QUEUE, TASK, TICK, TICK_QUEUE, client, here

_EMBEDDED = "embedded"
_POLL_SECONDS = 0.1
_KEPT = timedelta(days=7)
_TICK_KEPT = timedelta(minutes=10)
_BATCH = 500
_FINISHING_SECONDS = 0.5

log = logs.get("work")
logging.getLogger("dbos").addHandler(logging.NullHandler())  # else DBOS adds one that prints messages


class AlreadyRunning(RuntimeError):
    """Another process does the work of this data folder."""


def prepare() -> None:
    """Make or update the engine's own tables; `launch` does it too, a test without it needs it."""
    url = db.engine.url.render_as_string(hide_password=False)
    with db.alone():
        DBOS.migrate(url)


def launch(config: Config) -> None:
    """Start doing work in this process; on a file, what a dead process left first.

    Raises AlreadyRunning when another process does the work of this file, or this process does some already.
    """
    prepare()
    if here.executor_id:
        raise AlreadyRunning("this process does the work already")
    if db.embedded:
        here.lock_file = _lock(lock_path())
    here.executor_id = _EMBEDDED if db.embedded else new_id("exe")
    here.stopping.clear()
    try:
        if not db.embedded:
            executors.beat()
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
            "executor_id": here.executor_id,
            "application_version": "1",  # that of what is stored, not ours: a new version goes on with the old one's
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


def stop(wait: float = 10) -> None:
    """Stop taking work, let what runs finish for up to `wait` seconds; the rest is for others, or the next start."""
    here.stopping.set()
    until = time.monotonic() + wait
    while not db.embedded and here.running and time.monotonic() < until:
        keep()  # else what is about to finish would seem to be left by a dead process
        time.sleep(_FINISHING_SECONDS)
    DBOS.destroy(workflow_completion_timeout_sec=ceil(max(0.0, until - time.monotonic())) if here.running else 0)
    if here.lock_file is not None:
        os.close(here.lock_file)
        here.lock_file = None
    elif here.executor_id:
        _leave()
    here.executor_id = ""


def _leave() -> None:
    try:
        executors.leave()
    except Exception as error:
        log.error("work_not_left", exc_info=error)  # the others find out by themselves


def keep() -> None:
    """What a worker process does every `executors.BEAT_SECONDS`: say that it lives, go on for those that do not."""
    try:
        executors.beat()
        executors.take_over()
        executors.take_up_stranded()
    except Exception as error:
        log.error("work_not_kept", exc_info=error)  # the database does not answer; it is asked again soon


@tasks.every("work.sweep", seconds=60)
def sweep() -> None:
    """Forget what is long done."""
    now = datetime.now(UTC)
    queue = client()
    for name, kept in ((TICK, _TICK_KEPT), (TASK, _KEPT)):
        while done := queue.list_workflows(
            name=name,
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=(now - kept).isoformat(),
            limit=_BATCH,
            load_input=False,
            load_output=False,
        ):
            queue.delete_workflows([row.workflow_id for row in done])


@tasks.every("work.take_up", seconds=5)
def take_up() -> None:
    """Take up again what a failing disk left marked as running; on a server every worker does it itself (`keep`)."""
    if db.embedded:
        executors.take_up_stranded()
