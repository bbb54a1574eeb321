"""The counts of every process of one machine, in one folder, so that whichever is asked answers for all.

Each process keeps its own in files that it maps into memory (prometheus_client's format for several processes) under a
name that is never used again, and holds a lock as long as it lives: no process ids, which are used again, and which
mean another process in another container. What a dead process has counted is added to one file for all the dead, so
that sums never fall and no files pile up. When nobody else lives, a new beginning is made.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

KINDS = ("counter", "histogram", "gauge_livesum")
"""The files of a process. Those of gauges go with it: what is no more is in use by nobody."""

_DEAD = "dead"
_PATIENCE_SECONDS = 2.0
_ROOM = 2**20


class Place:
    """This process's place in the folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError if the folder cannot be made, or has no room."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.name = secrets.token_hex(8)
        self._alive: int | None = None
        with self.alone() as mine:
            if mine and not self.bury():
                for file in folder.glob("*.db"):
                    file.unlink()
            self._alive = _lock(self._life(self.name))
            for kind in KINDS:  # whole from the start: others may read at any moment
                _new(folder / f"{kind}_{self.name}.db").close()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep others from burying and reading meanwhile; False if somebody does not let go (a stopped process)."""
        file = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + _PATIENCE_SECONDS
        try:
            while not (mine := _take(file)) and time.monotonic() < until:
                time.sleep(0.005)
            yield mine
        finally:
            os.close(file)

    def bury(self) -> int:
        """Add what dead processes have counted to the file of the dead; returns how many others live.

        Without room on the disk they are left as they are, and read as if they lived.
        """
        living = 0
        for life in self.folder.glob("*.life"):
            if life.stem == self.name:
                continue
            lock = _lock(life)
            if lock is None:
                living += 1
                continue
            with suppress(OSError):
                self._bury(life.stem)
                life.unlink()
            os.close(lock)
        return living

    def _bury(self, name: str) -> None:
        for kind in KINDS:
            file = self.folder / f"{kind}_{name}.db"
            if file.exists():
                if not kind.startswith("gauge"):
                    _add(self.folder / f"{kind}_{_DEAD}.db", file)
                file.unlink()

    def _life(self, name: str) -> Path:
        return self.folder / f"{name}.life"

    def leave(self) -> None:
        """This process counts no more; whoever is asked next buries it."""
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None


def _add(total: Path, file: Path) -> None:
    """Add one file's values to another's, which changes as a whole: it may be read, or we may die, at any moment."""
    sums: dict[str, float] = {}
    for each in (total, file):
        if each.exists():
            for key, value, *_ in MmapedDict.read_all_values_from_file(str(each)):
                sums[key] = sums.get(key, 0.0) + value
    fresh = total.with_suffix(".new")
    written = _new(fresh)
    for key, value in sums.items():
        written.write_value(key, value, 0.0)
    written.close()
    fresh.replace(total)


def _new(path: Path) -> MmapedDict:
    """A file of counts with its room on the disk taken beforehand.

    What is mapped into memory and has no room ends the process (SIGBUS) when it is written to: metrics must not stop
    the house because the disk is full. It does not grow beyond this, since the labels of the catalogue are few.
    """
    with path.open("wb") as file:
        file.write(bytes(_ROOM))
    return MmapedDict(str(path))


def _lock(path: Path) -> int | None:
    """An open file with its lock, or None if another process holds it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if _take(file):
        return file
    os.close(file)
    return None


def _take(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
