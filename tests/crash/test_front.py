"""The process in front is killed while the one behind it is still starting: nothing keeps the port, nor the work."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.crash.fleet import Fleet, alive
from tests.visitors import wait_for

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end"),
]


@pytest.mark.parametrize("pause", [0.0, 0.2, 0.6])
def test_the_front_is_killed_at_the_start(tmp_path: Path, pause: float) -> None:
    """Whatever the moment, the process behind it ends by itself."""
    fleet = Fleet(tmp_path / "data")
    post = fleet.add_web()
    try:
        (behind,) = wait_for("the process behind", post.children)
        time.sleep(pause)
        os.kill(post.process.pid, signal.SIGKILL)
        post.process.wait(30)
        wait_for("the end of the process behind", lambda: not alive(behind), 15)
    finally:
        fleet.end()
