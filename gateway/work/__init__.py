"""Work that is done later and survives a restart.

    @work.task("checks.run")
    def run(id: str) -> None: ...

    with db.write() as session:
        session.add(check)
        work.enqueue(session, "checks.run", check.id)

Tasks carry ids only and are done at least once; a task raises `Later` to be tried again. The engine behind
this is DBOS Transact; nothing outside this package knows that.
"""

from gateway.work.bound import Bound, beyond
from gateway.work.doing import step
from gateway.work.engine import AlreadyRunning, keep, launch, prepare, stop
from gateway.work.executors import BEAT_SECONDS
from gateway.work.load import Backlog, backlog, workers
from gateway.work.queue import enqueue, ready, running, unfinished
from gateway.work.tasks import Later, StepFailed, every, task

__all__ = [
    "BEAT_SECONDS",
    "AlreadyRunning",
    "Backlog",
    "Bound",
    "Later",
    "StepFailed",
    "backlog",
    "beyond",
    "enqueue",
    "every",
    "keep",
    "launch",
    "prepare",
    "ready",
    "running",
    "step",
    "stop",
    "task",
    "unfinished",
    "workers",
]
