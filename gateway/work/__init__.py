"""Work that is done later and survives a restart.

    @work.task("checks.run")
    def run(id: str) -> None: ...

    with db.write() as session:
        session.add(check)
        work.enqueue(session, "checks.run", check.id)

Tasks carry ids only and are done at least once; a task raises `Later` to be tried again. The engine behind
this is DBOS Transact; nothing outside this package knows that.
"""

from gateway.work.doing import step
from gateway.work.engine import AlreadyRunning, launch, prepare, stop
from gateway.work.queue import enqueue, running, unfinished
from gateway.work.tasks import Later, StepFailed, every, task

__all__ = [
    "AlreadyRunning",
    "Later",
    "StepFailed",
    "enqueue",
    "every",
    "launch",
    "prepare",
    "running",
    "step",
    "stop",
    "task",
    "unfinished",
]
