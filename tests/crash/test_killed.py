"""kill -9 and SIGSTOP at random moments, for processes that answer, that work, and that lay the log."""

from pathlib import Path

import pytest

from tests.crash.chaos import ROUNDS, Chaos
from tests.crash.crowd import Crowd
from tests.crash.fleet import Fleet, afloat
from tests.crash.order import everything_is_in_order
from tests.databases import Postgres

pytestmark = [pytest.mark.crash, pytest.mark.slow]


def _walk_through(fleet: Fleet, checks: int, harms: int, pause: tuple[float, float]) -> None:
    crowd = Crowd(fleet)
    chaos = Chaos(fleet, harms * ROUNDS, pause)
    try:
        with crowd.at_work(checks * ROUNDS) as busy:
            chaos.rage(busy)
        fleet.all_up()
        crowd.come_to_an_end()
        everything_is_in_order(fleet, crowd)
    finally:
        print(chaos.done, crowd.ledger.statuses, "cut", crowd.ledger.cut)
        crowd.close()


def test_two_that_answer_and_two_that_work(tmp_path: Path, postgres: Postgres) -> None:
    """On a server: any of four processes dies or stops, again and again."""
    with postgres.fresh() as url:
        fleet = Fleet(tmp_path / "data", url)
        for add in (fleet.add_web, fleet.add_web, fleet.add_worker, fleet.add_worker):
            add()
        with afloat(fleet):
            _walk_through(fleet, checks=100, harms=6, pause=(0.5, 2.0))


def test_one_that_does_everything(tmp_path: Path) -> None:
    """On a file: the one process that answers, works and lays the log dies or stops, or a half of it does."""
    fleet = Fleet(tmp_path / "data")
    fleet.add_web()
    with afloat(fleet):
        _walk_through(fleet, checks=70, harms=3, pause=(0.5, 2.0))
