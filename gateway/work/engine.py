"""The durable engine behind `gateway.work`: DBOS Transact, embedded, on the database file that we have.

What DBOS stores is a task's name, an id, a due time and two counters, as JSON. It sees no exception of ours,
since its error column and its log would keep their messages: a task that fails is enqueued again from here.
One process at a time runs the work of a data folder; a lock file sees to that, and so the executor's id can be
a constant, which is what makes DBOS take up the work of a process that died when the next one starts.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, PortableWorkflowError
from sqlalchemy import Engine, exc
from sqlalchemy.orm import Session

from gateway import clock, logs
from gateway.config import Config
from gateway.db import db
from gateway.work import tasks
from gateway.work.tasks import Later, Plain, StepFailed, plain

log = logs.get("work")

_T = TypeVar("_T", bound=Plain)

_APPLICATION = "sealgate"
_QUEUE = "sealgate"
_TASK = "sealgate.task"
_TICK = "sealgate.tick"
_POLL_SECONDS = 0.1
_SLOWEST_RETRY = 3600.0
_KEPT = timedelta(days=7)
_TICK_KEPT = timedelta(minutes=10)
_STRANDED = timedelta(minutes=2)
_BATCH = 500


class AlreadyRunning(RuntimeError):
    """Another process does the work of this data folder."""


class _Stopping(BaseException):
    """Leaves a task where it is, to be taken up at the next start; DBOS records nothing for it."""


class _Engine:
    """What runs in this process."""

    def __init__(self) -> None:
        self.client: DBOSClient | None = None
        self.client_engine: Engine | None = None
        self.lock_file: int | None = None
        self.stopping = threading.Event()
        self.running: set[str] = set()
        self.ticking: dict[str, threading.Lock] = {}
        self.local = threading.local()


_engine = _Engine()
logging.getLogger("dbos").addHandler(logging.NullHandler())  # else DBOS adds one that prints messages


def prepare() -> None:
    """Make or update the engine's own tables; `launch` does it too, a test without it needs it."""
    url = db.engine.url.render_as_string(hide_password=False)
    with db.alone():
        DBOS.migrate(url)


def _client() -> DBOSClient:
    if _engine.client is None or _engine.client_engine is not db.engine:
        _engine.client_engine = db.engine
        _engine.client = DBOSClient(
            system_database_engine=db.engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=_APPLICATION,
            lazy=True,
        )
    return _engine.client


def enqueue(session: Session, name: str, about: str, at: datetime | None = None) -> None:
    """Have a task done about an id, at once or at a time, in the transaction of `session`.

    If the transaction rolls back nothing was enqueued. The same name, id and time enqueued again is the same
    task: it runs once, also when it has run already; without a time that means once for this id.
    Raises LookupError for a task that is not registered, TypeError for an id that is not plain.
    """
    if name not in tasks.tasks:
        raise LookupError(f"no task is called {name}")
    if not isinstance(about, str) or not about:
        raise TypeError("a task is about one id")
    plain(about)
    due = "now" if at is None else str(int(at.timestamp() * 1000))
    delay = 0.0 if at is None else (at - clock.now()).total_seconds()
    _put(session, delay, name, about, due, 0, 0)


def _put(session: Session, delay: float, name: str, about: str, due: str, run: int, failures: int) -> None:
    options: EnqueueOptions = {
        "workflow_name": _TASK,
        "queue_name": _QUEUE,
        "workflow_id": f"{name}/{about}/{due}" + (f"/{run}" if run else ""),
    }
    if delay > 0:
        options["delay_seconds"] = delay
    _client().enqueue_in_transaction(session, options, name, about, due, run, failures)


@DBOS.workflow(name=_TASK, max_recovery_attempts=None)
def _run_task(name: str, about: str, due: str, run: int, failures: int) -> None:
    """One try at a task. Whatever happens to it, it is done or enqueued again when this returns."""
    key = f"{name}/{about}/{due}/{run}"
    if _engine.stopping.is_set():
        raise _Stopping
    _engine.running.add(key)
    try:
        wait = _try_task(name, about, failures)
        if wait is not None:
            seconds, failures = wait
            _again(seconds, name, about, due, run + 1, failures)
    finally:
        _engine.running.discard(key)


def _try_task(name: str, about: str, failures: int) -> tuple[float, int] | None:
    """Run the task; None when it is done, else how long to wait and how often it has failed in a row."""
    function = tasks.tasks.get(name)
    if function is None:
        log.error("task_unknown", task=name)
        return _SLOWEST_RETRY, failures
    _engine.local.inside = True
    try:
        function(about)
    except Later as later:
        return later.seconds, 0
    except Exception as error:
        log.error(
            "task_failed",
            task=name,
            about=about,
            attempt=failures + 1,
            logged=getattr(error, "logged", None),
            exc_info=error,
        )
        return min(2.0**failures, _SLOWEST_RETRY), failures + 1
    finally:
        _engine.local.inside = False
    return None


def _again(seconds: float, name: str, about: str, due: str, run: int, failures: int) -> None:
    """Enqueue the next try; if the database refuses (a full disk), hold on to it until it does not."""
    while True:
        try:
            with db.write() as session:
                _put(session, seconds, name, about, due, run, failures)
        except exc.DBAPIError as error:
            log.error("task_held", task=name, exc_info=error)
            if _engine.stopping.wait(5.0):
                raise _Stopping from None
        else:
            return


@DBOS.workflow(name=_TICK, max_recovery_attempts=None)
def _run_tick(_at: str, name: str) -> None:
    """One run of a periodic task; skipped while the one before it still runs."""
    tick = tasks.ticks.get(name)
    lock = _engine.ticking.setdefault(name, threading.Lock())
    if tick is None or _engine.stopping.is_set() or not lock.acquire(blocking=False):
        return
    try:
        tick.function()
    except Exception as error:
        log.error("tick_failed", task=name, logged=getattr(error, "logged", None), exc_info=error)
    finally:
        lock.release()


def step(function: Callable[..., _T], *args: Plain) -> _T:
    """Do one part of a task, and not again if the process dies after it: its result is kept.

    Arguments and result are ids, words and whole numbers (TypeError otherwise). An exception of the function
    comes through as it is; what is stored of it is its class. Never call it inside a database session.
    Outside a task it simply calls the function.
    """
    for value in args:
        plain(value)
    if not getattr(_engine.local, "inside", False):
        return _checked(function, *args)
    raised: list[Exception] = []

    def guarded() -> _T:
        try:
            return _checked(function, *args)
        except Exception as error:  # noqa: BLE001 - reduced to its class before DBOS stores it
            raised.append(error)
            raise StepFailed(type(error).__name__) from None

    try:
        return DBOS.run_step({"name": f"{function.__module__}.{function.__qualname__}"}, guarded)
    except StepFailed:
        raise raised[0] from None
    except PortableWorkflowError as kept:  # from an earlier life of this task
        raise StepFailed(kept.name) from None


def _checked(function: Callable[..., _T], *args: Plain) -> _T:
    result = function(*args)
    plain(result)
    return result


def launch(config: Config) -> None:
    """Start doing the work of this data folder in this process, what a dead process left first.

    Raises AlreadyRunning when another process does it.
    """
    prepare()
    _engine.lock_file = _lock(f"{db.engine.url.database}.work")
    _engine.stopping.clear()
    DBOS(
        config={
            "name": _APPLICATION,
            "system_database_engine": db.engine,
            "serializer": DBOSPortableJSONSerializer(),
            "executor_id": "embedded",
            "application_version": "1",
            "run_migrations": False,
            "log_level": "WARNING",
            "scheduler_polling_interval_sec": 30.0,
        }
    )
    client = _client()
    client.register_queue(_QUEUE, worker_concurrency=config.threads, polling_interval_sec=_POLL_SECONDS)
    _schedule(client)
    DBOS.launch()


def _lock(path: str) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise AlreadyRunning("another process does the work of this data folder") from None
    return file


def _schedule(client: DBOSClient) -> None:
    for known in client.list_schedules():
        if known["schedule_name"] not in tasks.ticks:
            client.delete_schedule(known["schedule_name"])
    client.apply_schedules(
        [
            {
                "schedule_name": name,
                "workflow_name": _TICK,
                "schedule": tick.crontab,
                "context": name,
                "queue_name": _QUEUE,
            }
            for name, tick in tasks.ticks.items()
        ]
    )


def stop(wait: int = 10) -> None:
    """Stop taking work, let what runs finish for up to `wait` seconds; the rest waits for the next start."""
    _engine.stopping.set()
    DBOS.destroy(workflow_completion_timeout_sec=wait if _engine.running else 0)
    if _engine.lock_file is not None:
        os.close(_engine.lock_file)
        _engine.lock_file = None


def running() -> bool:
    """Whether this process does the work."""
    return _engine.lock_file is not None and not _engine.stopping.is_set()


def unfinished() -> list[str]:
    """The tasks that are enqueued, delayed or running, as `name/id/due`, for `doctor` and for tests."""
    rows = _client().list_workflows(
        name=_TASK, status=["ENQUEUED", "PENDING", "DELAYED"], load_input=False, load_output=False
    )
    return [row.workflow_id for row in rows]


@tasks.every("work.sweep", seconds=60)
def sweep() -> None:
    """Forget what is long done, and take up again what a failing disk left marked as running."""
    now = datetime.now(UTC)
    client = _client()
    for name, kept in ((_TICK, _TICK_KEPT), (_TASK, _KEPT)):
        done = client.list_workflows(
            name=name,
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=(now - kept).isoformat(),
            limit=_BATCH,
            load_input=False,
            load_output=False,
        )
        if done:
            client.delete_workflows([row.workflow_id for row in done])
    stranded = client.list_workflows(
        name=_TASK, status="PENDING", dequeued_before=(now - _STRANDED).isoformat(), load_output=False
    )
    for row in stranded:
        if row.input is not None and "/".join(str(part) for part in row.input["args"][:4]) not in _engine.running:
            client.resume_workflow(row.workflow_id)
