"""The database server goes away under load and comes back: 503 meanwhile, and afterwards everything goes on."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.crash.chaos import ROUNDS
from tests.crash.crowd import Crowd
from tests.crash.fleet import Fleet, afloat
from tests.crash.order import everything_is_in_order
from tests.databases import own_server
from tests.visitors import wait_for

pytestmark = [pytest.mark.crash, pytest.mark.slow]

CHECKS = 60


def test_the_database_is_restarted(tmp_path: Path) -> None:
    """Restarted at once, as by an impatient administrator; then killed, and away for two seconds."""
    with own_server("durable") as (url, server):
        fleet = Fleet(tmp_path / "data", url)
        fleet.add_web()
        fleet.add_worker()
        with afloat(fleet):  # one that is only starting may end where there is no database: it has begun nothing
            wait_for("the worker", lambda: b"Sealgate works" in fleet.log.read_bytes(), 60)
            crowd = Crowd(fleet)
            with crowd.at_work(CHECKS * ROUNDS):
                for number in range(2 * ROUNDS):
                    wait_for("some checks", lambda n=number: crowd.accepted() >= (n + 1) * CHECKS // 3, 60)
                    _told(server, ("restart", "kill")[number % 2])
                    time.sleep(1)
            assert crowd.ledger.statuses[503]
            assert [post.process.poll() for post in fleet.posts] == [None, None]
            crowd.come_to_an_end()
            everything_is_in_order(fleet, crowd)
            crowd.close()


def _told(server: "subprocess.Popen[str]", what: str) -> None:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(f"{what}\n")
    server.stdin.flush()
    assert server.stdout.readline().strip() == "done"
