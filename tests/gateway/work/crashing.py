"""A process of its own that does durable work, to be killed in the midst of it.

    python crashing.py SCENARIO MARKS

reads its configuration from the environment, enqueues a task the first time, and writes a line to the file
MARKS for everything that it does. With the environment variable HANG it stays where the scenario says.
"""

import os
import sys
import time
from pathlib import Path

from gateway import vault, work
from gateway.config import Config
from gateway.db import Base, db

SCENARIO, MARKS = sys.argv[1], Path(sys.argv[2])


def mark(text: str) -> None:
    """Note durably that something was done."""
    with MARKS.open("a") as marks:
        marks.write(f"{text}\n")
        marks.flush()
        os.fsync(marks.fileno())


def hang() -> None:
    """Stay here, if this is the life that is to be cut off."""
    while "HANG" in os.environ:
        time.sleep(0.05)


@work.task("crash.plain")
def plain(thing: str) -> None:
    """Begins, hangs, ends."""
    mark(f"begun {thing}")
    hang()
    mark(f"done {thing}")


def counted(thing: str) -> int:
    """A step."""
    mark(f"step {thing}")
    return 7


@work.task("crash.step")
def stepped(thing: str) -> None:
    """A step, then hangs, then ends."""
    result = work.step(counted, thing)
    mark(f"begun {result}")
    hang()
    mark(f"done {thing}")


@work.task("crash.later")
def later(thing: str) -> None:
    """Not yet, the first time."""
    mark("tried")
    if "HANG" in os.environ:
        raise work.Later(1)
    mark(f"done {thing}")


def main() -> None:
    """Work until standard input closes."""
    config = Config.from_env(os.environ)
    vault.init(config.keks, config.index_key)
    db.init(config.database_url)
    Base.metadata.create_all(db.engine)
    try:
        work.launch(config)
    except work.AlreadyRunning:
        mark("refused")
        return
    if "HANG" in os.environ:
        with db.write() as session:
            work.enqueue(session, f"crash.{SCENARIO}", "thing_1")
    sys.stdin.read()
    work.stop()
    db.close()
    mark("stopped")


if __name__ == "__main__":
    main()
