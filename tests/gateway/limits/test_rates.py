"""A client's calls in a minute: never more than it has, over all processes, and seldom a question to the database."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from gateway import clock
from gateway.config import Config
from gateway.db import Database
from gateway.limits import Rates
from gateway.limits.models import LimitCount

pytestmark = pytest.mark.both_databases

START = datetime(2026, 11, 20, 9, 0, 12, tzinfo=UTC)


def spent(rates: Rates, who: str = "cli_a") -> int:
    """How many calls go before the first that does not."""
    count = 0
    while rates.spend(who) == 0:
        count += 1
    return count


@pytest.mark.parametrize("per_minute", [1, 7, 100, 1200])
def test_a_client_has_its_calls_and_no_more(database: Database, per_minute: int) -> None:
    """All of them, then none until the next minute; and another client has its own."""
    rates = Rates("calls", per_minute)
    with clock.stopped(START) as at:
        assert spent(rates) == per_minute
        assert rates.spend("cli_a") == 48
        assert spent(rates, "cli_b") == per_minute
        at.forward(timedelta(minutes=3))
        assert spent(rates) == per_minute


def test_the_minute_before_counts_on(database: Database) -> None:
    """No double burst around the change of the minute; the wait that is told is enough."""
    rates = Rates("calls", 100)
    with clock.stopped(START) as at:
        assert spent(rates) == 100
        at.forward(timedelta(seconds=48 + 15))  # a quarter of the next minute is gone
        assert spent(rates) == 25
        at.forward(timedelta(seconds=rates.spend("cli_a")))
        assert rates.spend("cli_a") == 0


def test_what_one_process_has_leased_the_others_do_not_have(database: Database) -> None:
    """Several processes with leases of their own never pass the limit together, and use all of it."""
    processes = [Rates("calls", 200) for _ in range(5)]
    with clock.stopped(START):
        taken = [rates.spend("cli_a") for _ in range(100) for rates in processes].count(0)
    assert taken == 200


def test_a_client_with_few_calls_is_not_refused_for_being_on_many_processes(database: Database) -> None:
    """Sixty processes, one call on each."""
    with clock.stopped(START):
        assert [Rates("calls", 200).spend("cli_a") for _ in range(60)] == [0] * 60


def test_a_lease_is_void_in_the_next_minute(database: Database) -> None:
    """Else calls of one minute could be made in another."""
    rates, other = Rates("calls", 120), Rates("calls", 120)
    with clock.stopped(START) as at:
        assert rates.spend("cli_a") == 0
        at.forward(timedelta(minutes=2))
        assert spent(other) == 120
        assert rates.spend("cli_a") > 0


def test_the_database_is_asked_seldom(database: Database) -> None:
    """A thousand calls need a few dozen statements, refusals need none."""
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    rates = Rates("calls", 2000)
    with clock.stopped(START):
        assert {rates.spend("cli_a") for _ in range(1000)} == {0}
        begun = [one for one in statements if one.startswith("INSERT INTO limit_counts")]
        assert len(begun) <= 10
        spent(rates)
        before = len(statements)
        assert all(rates.spend("cli_a") for _ in range(500))
        assert len(statements) == before


def test_what_is_kept_says_only_which_client(database: Database) -> None:
    """Keys are the limit's name, the client's id and numbers."""
    with clock.stopped(START):
        Rates("calls", 100).spend("cli_a")
        with database.read() as session:
            assert session.scalars(select(LimitCount.key)).all() == [
                f"calls/cli_a/100/1/minute/{START.timestamp() // 60:.0f}"
            ]


def test_two_processes_share_one_limit(database: Database, config: Config) -> None:
    """Real ones, at the same moment, each as fast as it can: together exactly what the client has."""
    command = [sys.executable, "-m", "tests.gateway.limits.sharing", config.database_url, "500"]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    granted = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(granted) == 500
