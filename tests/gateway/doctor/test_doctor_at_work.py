"""The doctor on both databases: clocks, workers, work that is late, metrics."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gateway import metrics, work
from gateway.db import db, new_id
from gateway.doctor import Finding
from gateway.oauth import register
from tests.gateway.doctor.conftest import Patient
from tests.server import HOST, free_port

pytestmark = pytest.mark.both_databases


def about(patient: Patient, what: str) -> list[Finding]:
    """What is said about something."""
    return [one for one in patient.examined() if one.about == what]


@pytest.fixture
def now(patient: Patient) -> Patient:
    """The deployment at the time that it really is: a database server has a clock of its own."""
    patient.time.at = datetime.now(UTC)
    return patient


def test_a_database_that_answers_says_what_it_is(now: Patient) -> None:
    """Its kind and version; SQLite with what is known of it."""
    (found,) = about(now, "database")
    assert found.level == "ok"
    assert "PostgreSQL" in found.found or "WAL-reset fault" in found.found


def test_clocks_that_agree(now: Patient) -> None:
    """Ours, and that of the server of the database."""
    assert about(now, "clock")[0].level == "ok"


def test_a_server_whose_clock_is_apart(now: Patient) -> None:
    """A machine an hour ahead of the database server; on a file there is no other clock."""
    now.time.forward(timedelta(hours=1))
    (found, *_) = about(now, "clock")
    embedded = "SEALGATE_DATABASE_URL" not in now.environ
    assert found.level == ("ok" if embedded else "fault")
    assert embedded or "3600 s apart" in found.found


def test_a_clock_behind_what_was_written(now: Patient) -> None:
    """The log has an entry of tomorrow."""
    now.time.forward(timedelta(days=-1))
    assert "the log has an entry of" in now.faults()["clock"]


def test_nobody_works(now: Patient) -> None:
    """On a server that is a fault; on a file it may just not have been started."""
    (found,) = about(now, "workers")
    embedded = "SEALGATE_DATABASE_URL" not in now.environ
    assert found.level == ("hint" if embedded else "fault")
    assert "start" in str(found.do)


def test_somebody_works(now: Patient, beating: Callable[[Patient], None]) -> None:
    """A process that holds the file's lock; or one that has said lately that it lives."""
    beating(now)
    (found,) = about(now, "workers")
    assert found.level == "ok"


def test_work_that_nobody_takes(now: Patient) -> None:
    """A task that could have been done an hour ago, whatever its name says of its time."""
    with now.opened():
        work.prepare()
        with db.write() as session:
            work.enqueue(session, "checks.run", "chk_a")
        table = "workflow_status" if db.embedded else "dbos.workflow_status"
    assert about(now, "work")[0].level == "ok"
    now.execute(f"UPDATE {table} SET created_at = created_at - 3600000")
    assert now.faults()["work"] == "a task that could be done has waited for 60 minutes"


def test_a_desk_needs_two(now: Patient) -> None:
    """Nobody and one alone are hints: a contest goes to another one than before."""
    for level in ("hint", "hint", "ok"):
        (found,) = about(now, "desk")
        assert found.level == level
        with now.opened(), db.write() as session:
            here = register.add_institution(session, "Desk", f"reg-{new_id('x')}", "cn", ("cn/kindergarten",))
            register.add_client(session, here, "Desk", None, ("reviews:decide",), desk=True)


def test_metrics_that_nobody_answers(now: Patient) -> None:
    """Off is well; on, and nobody there, is a hint; on and there is well."""
    assert about(now, "metrics")[0].level == "ok"
    now.environ["SEALGATE_METRICS"] = f"{HOST}:{free_port()}"
    assert about(now, "metrics")[0].level == "hint"
    metrics.start(now.config, list)
    try:
        assert about(now, "metrics")[0].level == "ok"
    finally:
        metrics.stop()
