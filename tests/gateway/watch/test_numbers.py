"""What is read of the state: true on both databases, coarse enough, and kept for a while."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway import audit, notices, vault, work
from gateway.audit.models import AuditCheckpoint
from gateway.db import db
from gateway.notices.models import Message
from gateway.watch import Numbers
from gateway.watch.numbers import OFTEN_SECONDS, coarse
from tests.gateway.retention.conftest import key_file, with_keys
from tests.stage import RELEASE, Stage, make_stage, stage, stage_environ

__all__ = ["key_file", "make_stage", "stage", "stage_environ", "with_keys"]

pytestmark = pytest.mark.both_databases


def numbers() -> dict[str, float]:
    """What is read now, by metric and labels: `sealgate_tasks_now waiting`."""
    return {" ".join([metric.name, *labels.values()]): value for metric, labels, value in Numbers().read()}


def test_a_deployment_at_rest(stage: Stage) -> None:
    """Nothing waits, nobody works, and everything could be read."""
    found = numbers()
    assert found["sealgate_database_readable"] == 1
    assert found["sealgate_tasks_now waiting"] == found["sealgate_oldest_task_seconds"] == 0
    assert found["sealgate_workers"] == found["sealgate_audit_waiting_seconds"] == 0
    assert found["sealgate_registry_ready police"] == 1
    assert found["sealgate_vault_keys standing"] == 10
    assert found["sealgate_messages waiting"] == found["sealgate_oldest_message_seconds"] == 0
    assert found["sealgate_oldest_unshredded_seconds"] == 0
    assert len([name for name in found if name.startswith("sealgate_build_info")]) == 1


def test_work_that_waits(stage: Stage) -> None:
    """Tasks by what they wait for; those that have been ready for a minute are overdue."""
    with db.write() as session:
        work.enqueue(session, "checks.run", "chk_a")
        work.enqueue(session, "notices.deliver", "msg_a", at=stage.time.at + timedelta(days=1))
        work.queue.put(session, 60.0, "checks.run", "chk_b", "now", 3, 2)
    found = work_now()
    assert (found.waiting, found.running, found.delayed, found.again, found.overdue) == (1, 0, 2, 1, 0)
    assert found.oldest_seconds < 60
    table = "workflow_status" if db.embedded else "dbos.workflow_status"
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET created_at = created_at - 3600000 WHERE status = 'ENQUEUED'")
    assert (work_now().overdue, work_now().oldest_seconds >= 3600) == (1, True)
    told = numbers()
    assert told["sealgate_tasks_now overdue"] == told["sealgate_tasks_now again"] == 10
    assert told["sealgate_oldest_task_seconds"] >= 3600


def work_now() -> work.Backlog:
    """The backlog of this moment."""
    with db.read() as session:
        return work.backlog(session)


def test_messages_that_wait(stage: Stage) -> None:
    """How many, how many have failed, and since when the oldest waits."""
    with db.write() as session:
        facts = {"code": "AAAA-AAAA", "minutes": "15"}
        message = notices.send(session, {"email": "a@b.example"}, "code", "en", **facts)
        session.execute(update(Message).where(Message.id == message).values(attempts=2))
    stage.time.forward(timedelta(hours=2))
    found = numbers()
    assert (found["sealgate_messages waiting"], found["sealgate_messages failed"]) == (10, 10)
    assert found["sealgate_oldest_message_seconds"] == 7200


def test_entries_that_wait_show_when_they_are_late(stage: Stage) -> None:
    """What was just written says nothing: it is laid within seconds. What should have been laid long ago does."""
    stage.caller()
    assert numbers()["sealgate_audit_waiting_entries"] == 0
    stage.time.forward(timedelta(minutes=2))
    found = numbers()
    assert (found["sealgate_audit_waiting_entries"], found["sealgate_audit_waiting_seconds"]) == (10, 120)
    audit.sequence()
    assert numbers()["sealgate_audit_waiting_seconds"] == 0


def test_the_log_cannot_be_measured(stage: Stage) -> None:
    """Not by steps either: an institution could fill the log up to just below one, and see what a review adds."""

    def longer(size: int) -> None:
        with db.write() as session:
            session.add(AuditCheckpoint(size=size, root=b"0" * 32, note="", at=stage.time.at))

    longer(999)
    before = numbers()
    longer(1001)
    assert numbers() == before
    stage.time.forward(timedelta(hours=30))
    assert numbers() == before


def test_what_is_late_to_be_shredded(with_keys: Callable[..., Stage]) -> None:
    """Since it was due; and keys by period, rounded up."""
    stage = with_keys()
    check_id = stage.caller().asked()
    stage.agree(check_id)
    stage.until(RELEASE)
    assert numbers()["sealgate_vault_keys 2026-11"] == 10
    stage.until(RELEASE + timedelta(days=99, seconds=-1))
    assert numbers()["sealgate_oldest_unshredded_seconds"] == 0
    stage.until(RELEASE + timedelta(days=101))
    assert numbers()["sealgate_oldest_unshredded_seconds"] == 2 * 86400
    with db.write() as session:
        vault.shred(session, check_id)
    assert numbers()["sealgate_oldest_unshredded_seconds"] == 0


def test_one_check_more_or_a_review_does_not_show(stage: Stage) -> None:
    """A clean person, one who is barred and goes to the desk, one who is unclear: nothing changes, for any of them."""
    hr, desk = stage.caller(), stage.desk()
    for number, passport in enumerate(("CLEAN", "CLEAN", "BARRED", "UNCLEAR")):
        check_id = hr.asked(passport, f"key-{number}")
        seen = [steady()]
        stage.agree(check_id)
        audit.sequence()
        seen.append(steady())
        stage.settle_reviews(desk)
        audit.sequence()
        seen.append(steady())
        assert seen[0] == seen[1] == seen[2] or number == 0  # the first one makes the first checkpoint


def steady() -> dict[str, float]:
    """What is read, without what goes on by itself."""
    return {name: value for name, value in numbers().items() if name != "sealgate_oldest_task_seconds"}


def test_it_is_read_seldom(stage: Stage) -> None:
    """However often it is asked for."""
    now = [1000.0]
    kept = Numbers(lambda: now[0])

    def waiting() -> float:
        found = {metric.name + "".join(labels.values()): value for metric, labels, value in kept.read()}
        return found["sealgate_tasks_nowwaiting"]

    assert waiting() == 0
    with db.write() as session:
        work.enqueue(session, "checks.run", "chk_a")
    assert waiting() == 0
    now[0] += OFTEN_SECONDS + 0.1
    assert waiting() == 10


def test_a_database_that_does_not_answer(stage: Stage, lines: Callable[[], list[dict[str, object]]]) -> None:
    """What cannot be read is left out, and said."""
    db.close()
    db.init(f"sqlite:///{stage.config.data / 'empty.sqlite'}")
    found = numbers()
    assert found["sealgate_database_readable"] == 0
    assert found["sealgate_registry_ready police"] == 1
    assert "sealgate_workers" not in found
    assert {line["event"] for line in lines()} == {"not_read"}


def test_who_works(stage: Stage) -> None:
    """A process that does work is counted while it does."""
    work.launch(stage.config)
    try:
        assert numbers()["sealgate_workers"] == 1
    finally:
        work.stop()
    assert numbers()["sealgate_workers"] == 0


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, 0), (1, 10), (10, 10), (11, 20), (99, 100), (100, 100), (101, 200), (1234, 2000), (1_000_000, 1_000_000)],
)
def test_counts_are_rounded_up(number: int, told: int) -> None:
    """One digit is left; something is never nothing."""
    assert coarse(number) == told
