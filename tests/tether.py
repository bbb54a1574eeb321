"""Processes that end with the tests, however those end: kill -9 included.

`start` begins a process in a session of its own and tells the watchman about it: one more process, which holds the
other end of a pipe. When the tests are gone the pipe is at its end, and the watchman kills every session that is left,
stopped processes too. (A parent's death signal would not do: Linux sends it when the *thread* that started a process
ends, and stopped processes could not follow a pipe of their own.)
"""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_END_SECONDS = 30
_watchman: list["subprocess.Popen[str]"] = []


def start(command: Sequence[str], **options: Any) -> "subprocess.Popen[Any]":
    """Start a program, tied to this process; `options` are those of Popen."""
    _the_watchman()
    process: subprocess.Popen[Any] = subprocess.Popen(list(command), start_new_session=True, **options)
    _tell(str(process.pid))
    return process


def kill(process: "subprocess.Popen[Any]") -> None:
    """kill -9 for a process and all that it has started, as when the machine loses power."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # also if the first of them has ended: the others may live
    process.wait(_END_SECONDS)


def _the_watchman() -> "subprocess.Popen[str]":
    if not _watchman or _watchman[0].poll() is not None:
        # Nothing of site-packages, so that it is there at once; a session of its own, out of the way of Ctrl-C.
        command = [sys.executable, "-I", "-S", str(Path(__file__))]
        _watchman[:] = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)]
        atexit.register(_watchman[0].communicate)
    return _watchman[0]


def unmount_afterwards(folder: Path) -> None:
    """Have a file system unmounted that would be left otherwise."""
    _tell(f"unmount {folder}")


def _tell(line: str) -> None:
    watchman = _the_watchman()
    assert watchman.stdin is not None
    watchman.stdin.write(f"{line}\n")
    watchman.stdin.flush()


def watch(lines: Iterable[str]) -> None:
    """What the watchman does: note who is started, and when nobody is left to tell, end them."""
    sessions: dict[int, str] = {}
    folders: list[str] = []
    for line in lines:
        if line.startswith("unmount "):
            folders.append(line.removeprefix("unmount ").strip())
        else:
            sessions[int(line)] = born(int(line))
    for pid, when in sessions.items():
        # A number is not given again while a session of it lives: if its first process is gone, the others are ours.
        if born(pid) in ("", when):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    for folder in folders:
        if os.path.ismount(folder):
            subprocess.run(["umount", "-l", folder], check=False)


def born(pid: int) -> str:
    """When a process began, so that another one that has its number now is not taken for it; empty if there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        return "somewhen"
    try:
        return stat.read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watch(sys.stdin)
