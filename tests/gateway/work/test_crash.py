"""Work survives the death of the process: a real process, really killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import tether

SCRIPT = Path(__file__).with_name("crashing.py")
ROOT = Path(__file__).parents[3]
Environ = dict[str, str]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """The file in which the process notes what it does."""
    path = tmp_path / "marks"
    path.touch()
    return path


@pytest.fixture
def start(environ: Environ, marks: Path) -> Iterator[Start]:
    """Starts the process; `hang=True` for the life that is to be cut off."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(scenario: str, *, hang: bool) -> "subprocess.Popen[bytes]":
        extra = {"HANG": "1"} if hang else {}
        process = tether.start(
            [sys.executable, str(SCRIPT), scenario, str(marks)],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ, **extra},
            stdin=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _reached(marks: Path, line: str, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if line in marks.read_text().splitlines():
            return True
        time.sleep(0.02)
    return False


def _killed(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def _stopped(process: "subprocess.Popen[bytes]") -> None:
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_task_cut_off_by_sigkill_is_taken_up_by_the_next_process(start: Start, marks: Path) -> None:
    """The process dies in the midst of a task; the next one begins it again and ends it, once."""
    first = start("plain", hang=True)
    assert _reached(marks, "begun thing_1")
    _killed(first)
    second = start("plain", hang=False)
    assert _reached(marks, "done thing_1")
    _stopped(second)
    assert marks.read_text().splitlines() == ["begun thing_1", "begun thing_1", "done thing_1", "stopped"]


def test_a_step_that_was_done_before_sigkill_is_not_done_again(start: Start, marks: Path) -> None:
    """The result of the step is kept; only what follows it is repeated."""
    first = start("step", hang=True)
    assert _reached(marks, "begun 7")
    _killed(first)
    second = start("step", hang=False)
    assert _reached(marks, "done thing_1")
    _stopped(second)
    assert marks.read_text().splitlines() == ["step thing_1", "begun 7", "begun 7", "done thing_1", "stopped"]


def test_a_task_that_waits_survives_sigkill(start: Start, marks: Path) -> None:
    """A task that asked to be tried later is tried later by the next process."""
    first = start("later", hang=True)
    assert _reached(marks, "tried")
    time.sleep(0.5)
    _killed(first)
    second = start("later", hang=False)
    assert _reached(marks, "done thing_1")
    _stopped(second)


def test_two_processes_do_not_share_a_data_folder(start: Start, marks: Path) -> None:
    """The second process is refused while the first lives, so no task runs twice at a time."""
    first = start("plain", hang=True)
    assert _reached(marks, "begun thing_1")
    second = start("plain", hang=False)
    assert _reached(marks, "refused")
    assert second.wait(10) == 0
    assert first.poll() is None
    assert "done thing_1" not in marks.read_text()
