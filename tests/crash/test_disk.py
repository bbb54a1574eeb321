"""A full disk: what cannot be kept is not promised, what can be answered is, and afterwards everything goes on."""

import sys
import time
from pathlib import Path

import pytest
import requests

from tests.crash.chaos import ROUNDS
from tests.crash.crowd import Crowd
from tests.crash.disk import ways
from tests.crash.fleet import Fleet, afloat
from tests.crash.order import everything_is_in_order
from tests.visitors import wait_for

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes can be set on Linux only"),
]

CHECKS = 45
FULL_SECONDS = 2.0


@pytest.mark.parametrize("way", ways(), ids=lambda way: way.__name__.removeprefix("_"))
def test_a_full_disk(tmp_path: Path, way) -> None:
    """503 with Retry-After, never 500, never a false 201; `/healthz` answers; then all goes on by itself."""
    (tmp_path / "disk").mkdir()
    with way(tmp_path / "disk") as disk:
        fleet = Fleet(tmp_path / "disk" / "data")
        fleet.log = tmp_path / "server.log"
        fleet.add_web()
        with afloat(fleet):
            crowd = Crowd(fleet)
            with crowd.at_work(CHECKS * ROUNDS):
                for number in range(1, ROUNDS + 1):
                    wait_for("some checks", lambda n=number: crowd.accepted() >= n * CHECKS // 3)
                    _full_for_a_while(fleet, disk, crowd)
            assert crowd.ledger.statuses[503]
            crowd.come_to_an_end()
            everything_is_in_order(fleet, crowd)
            crowd.close()


def _full_for_a_while(fleet: Fleet, disk, crowd: Crowd) -> None:
    disk.fill(fleet)
    try:
        wait_for("a refusal", lambda: crowd.ledger.statuses[503])  # what room there is in the files goes first
        until = time.monotonic() + FULL_SECONDS
        while time.monotonic() < until:
            assert requests.get(f"{fleet.url}/healthz", timeout=5).status_code == 200
            time.sleep(0.2)
    finally:
        disk.free(fleet)
