"""The queue of durable work, and what this process knows of itself.

What DBOS Transact stores of a task is its name, an id, a due time and two counters, as JSON.
"""

import threading
from datetime import datetime

from dbos import DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import db
from gateway.work import tasks
from gateway.work.tasks import plain

APPLICATION = "sealgate"
QUEUE = "sealgate"
TICK_QUEUE = "sealgate-ticks"
TASK = "sealgate.task"
TICK = "sealgate.tick"
QUEUES = {TASK: QUEUE, TICK: TICK_QUEUE}


class Here:
    """What runs in this process."""

    def __init__(self) -> None:
        self.client: DBOSClient | None = None
        self.client_engine: Engine | None = None
        self.executor_id = ""
        """As what this process does work; empty while it does none."""
        self.lock_file: int | None = None
        self.stopping = threading.Event()
        self.running: set[str] = set()
        self.ticking: dict[str, threading.Lock] = {}
        self.owed: set[str] = set()
        """Turns of periodic tasks that are over here and not given back yet (`executors.turn`)."""
        self.local = threading.local()


here = Here()


def client() -> DBOSClient:
    """DBOS's own client on our engine; it enqueues whether or not work runs in this process."""
    if here.client is None or here.client_engine is not db.engine:
        here.client_engine = db.engine
        here.client = DBOSClient(
            system_database_engine=db.engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,  # it would wait for the database for ever
        )
    return here.client


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
    put(session, delay, name, about, due, 0, 0)


def put(session: Session, delay: float, name: str, about: str, due: str, run: int, failures: int) -> None:
    """Enqueue one try at a task, `delay` seconds from now."""
    options: EnqueueOptions = {
        "workflow_name": TASK,
        "queue_name": QUEUE,
        "workflow_id": f"{name}/{about}/{due}" + (f"/{run}" if run else ""),
    }
    if delay > 0:
        options["delay_seconds"] = delay
    client().enqueue_in_transaction(session, options, name, about, due, run, failures)


def running() -> bool:
    """Whether this process does work."""
    return bool(here.executor_id) and not here.stopping.is_set()


def ready() -> bool:
    """Whether what is enqueued here will be done: by this process, or by the workers of the same database."""
    return running() or (db.is_open and not db.embedded)


def unfinished() -> list[str]:
    """The tasks that are enqueued, delayed or running, as `name/id/due`, for `doctor` and for tests."""
    rows = client().list_workflows(
        name=TASK, status=["ENQUEUED", "PENDING", "DELAYED"], load_input=False, load_output=False
    )
    return [row.workflow_id for row in rows]
