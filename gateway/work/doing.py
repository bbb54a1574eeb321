"""How a task is done: tried, tried again, kept when the database refuses; and the steps within one.

DBOS sees no exception of ours, since its error column and its log would keep their messages: a task that fails
is enqueued again from here, and all that is kept of the error is its class.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dbos import DBOS, PortableWorkflowError

from gateway import logs, metrics
from gateway.db import db
from gateway.work import executors, tasks
from gateway.work.queue import TASK, TICK, here, put
from gateway.work.tasks import Later, Plain, StepFailed, plain

log = logs.get("work")

_T = TypeVar("_T", bound=Plain)

_SLOWEST_RETRY = 3600.0


class Stopping(BaseException):
    """Leaves a task where it is, to be taken up at the next start; DBOS records nothing for it."""


@DBOS.workflow(name=TASK, max_recovery_attempts=None)
def run_task(name: str, about: str, due: str, run: int, failures: int) -> None:
    """One try at a task. Whatever happens to it, it is done or enqueued again when this returns."""
    key = f"{name}/{about}/{due}/{run}"
    if here.stopping.is_set():
        raise Stopping
    here.running.add(key)
    try:
        with logs.bound(task=name):
            wait = _timed(name, about, failures)
            if wait is not None:
                seconds, failures = wait
                _again(seconds, name, about, due, run + 1, failures)
    finally:
        here.running.discard(key)


def _timed(name: str, about: str, failures: int) -> tuple[float, int] | None:
    started = time.monotonic()
    wait = _try_task(name, about, failures)
    result = "done" if wait is None else "failed" if wait[1] > failures else "again"
    metrics.count(metrics.TASKS, task=name, result=result)
    metrics.took(metrics.TASK_SECONDS, time.monotonic() - started, task=name)
    return wait


def _try_task(name: str, about: str, failures: int) -> tuple[float, int] | None:
    """Run the task; None when it is done, else how long to wait and how often it has failed in a row."""
    function = tasks.tasks.get(name)
    if function is None:
        log.error("task_unknown", task=name)
        return _SLOWEST_RETRY, failures
    here.local.inside = True
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
        here.local.inside = False
    return None


def _again(seconds: float, name: str, about: str, due: str, run: int, failures: int) -> None:
    """Enqueue the next try; if the database refuses (a full disk), hold on to it until it does not."""
    while True:
        try:
            with db.write(about) as session:
                put(session, seconds, name, about, due, run, failures)
        except Exception as error:
            log.error("task_held", task=name, exc_info=error)
            if here.stopping.wait(5.0):
                raise Stopping from None
        else:
            return


@DBOS.workflow(name=TICK, max_recovery_attempts=None)
def run_tick(_at: str, name: str) -> None:
    """One run of a periodic task; skipped while the one before it still runs, here or in another process."""
    tick = tasks.ticks.get(name)
    lock = here.ticking.setdefault(name, threading.Lock())
    if tick is None or here.stopping.is_set() or not lock.acquire(blocking=False):
        return
    here.running.add(name)
    try:
        with logs.bound(task=name), executors.turn(name) as mine:
            if mine:
                tick.function()
                metrics.count(metrics.TICKS, task=name, result="done")
    except Exception as error:
        metrics.count(metrics.TICKS, task=name, result="failed")
        log.error("tick_failed", task=name, logged=getattr(error, "logged", None), exc_info=error)
    finally:
        here.running.discard(name)
        lock.release()


def step(function: Callable[..., _T], *args: Plain) -> _T:
    """Do one part of a task, and not again if the process dies after it: its result is kept.

    Arguments and result are ids, words and whole numbers (TypeError otherwise). An exception of the function
    comes through as it is; what is stored of it is its class. Never call it inside a database session.
    Outside a task it simply calls the function.
    """
    for value in args:
        plain(value)
    if not getattr(here.local, "inside", False):
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
