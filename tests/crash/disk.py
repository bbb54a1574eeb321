"""Disks that are full, and have room again: a small file system, or a limit on what a process may write."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import tether
from tests.crash.fleet import Fleet

_SIZE = 24 * 1024 * 1024


class Small:
    """A file system of a few megabytes: full when they are taken (ENOSPC)."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, _: Fleet) -> None:
        """Take all the room that is left."""
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(65536)):
                    pass
            except OSError:
                pass
            try:
                while filler.write(bytes(64)):
                    pass
            except OSError:
                pass

    def free(self, _: Fleet) -> None:
        """Give it back."""
        self._filler.unlink()


class Forbidden:
    """A limit of nothing on the files of each process: every write fails (EFBIG), as on a disk out of quota."""

    def __init__(self, _: Path) -> None:
        pass

    def fill(self, fleet: Fleet) -> None:
        """From now on nothing can be written to a file."""
        self._limit(fleet, 0)

    def free(self, fleet: Fleet) -> None:
        """From now on it can."""
        self._limit(fleet, resource.RLIM_INFINITY)

    def _limit(self, fleet: Fleet, size: int) -> None:
        for post in fleet.posts:
            for pid in (post.process.pid, *post.children()):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


Disk = Small | Forbidden


@contextmanager
def _small(folder: Path) -> Iterator[Disk]:
    tether.unmount_afterwards(folder)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield Small(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def _forbidden(folder: Path) -> Iterator[Disk]:
    yield Forbidden(folder)


def _may_mount() -> bool:
    script = 'd=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs "$d" && umount "$d" && rmdir "$d"'
    return sys.platform == "linux" and subprocess.run(["sh", "-c", script], capture_output=True).returncode == 0


def ways() -> list[Callable[[Path], "Iterator[Disk]"]]:
    """The kinds of full disks that there can be here: a file system of one's own needs the right to mount one."""
    return [_forbidden, *([_small] if _may_mount() else [])]  # type: ignore[list-item]
