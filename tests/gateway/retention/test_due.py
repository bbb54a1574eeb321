"""Shredding on schedule: when, for whom, what stays, what the log says."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from gateway import audit, retention, vault
from gateway.audit.models import AuditEntry
from gateway.checks.models import Check, IdempotencyKey
from gateway.consent import attempts
from gateway.consent.decide import expire
from gateway.consent.models import Consent, Failures
from gateway.db import db
from gateway.notices import deliver
from gateway.notices.models import Message
from gateway.vault import VaultKey
from tests.stage import RELEASE, Caller, Stage

KEPT = timedelta(days=99)
"""180 days of the shred term, less 30 of backups, 31 of a month's key, 20 of a check's way."""
DUE = datetime(2027, 2, 28, 10, 0, tzinfo=UTC)
"""That long after the release."""

pytestmark = pytest.mark.both_databases


def left(*check_ids: str) -> list[str]:
    """Those whose data is still there."""
    with db.read() as session:
        return [one for one in check_ids if session.get_one(VaultKey, one).wrapped is not None]


def to(stage: Stage, moment: datetime) -> int:
    """Go to a moment and shred what is due."""
    stage.until(moment)
    return retention.shred_due()


def test_a_yes_and_a_no_are_shredded_at_the_same_time(stage: Stage) -> None:
    """Not a second before the term is over, then both; nothing in their rows or entries tells them apart."""
    hr, desk = stage.caller(), stage.desk()
    yes, no = hr.asked("CLEAN"), hr.asked("BARRED")
    for check_id in (yes, no):
        stage.agree(check_id)
    stage.settle_reviews(desk)
    stage.until(RELEASE)
    assert [hr.see(one)["eligible"] for one in (yes, no)] == [True, False]
    assert to(stage, DUE - timedelta(seconds=1)) == 0
    assert left(yes, no) == [yes, no]
    assert to(stage, DUE) == 2
    assert left(yes, no) == []
    with db.read() as session:
        assert {session.get_one(VaultKey, one).shredded_at for one in (yes, no)} == {DUE}
        assert not session.scalar(select(func.count()).where(vault.VaultItem.owner_id.in_([yes, no])))
    entries = [entry for entry in stage.entries("data.shredded") if entry.about in (yes, no)]
    assert len(entries) == 2
    assert {entry.facts for entry in entries} == {"[]"}
    assert len({entry.at for entry in entries}) == 1


def test_what_ends_without_an_answer_is_kept_as_long(stage: Stage) -> None:
    """Declined, cancelled, expired, withdrawn: the same term, from its end."""
    hr = stage.caller()
    declined, cancelled, withdrawn, expired = (hr.asked(key=str(number)) for number in range(4))
    stage.decline(declined)
    assert hr.post(f"/v1/checks/{cancelled}/cancel").status_code == 200
    stage.agree(withdrawn)
    stage.withdraw(withdrawn)
    begun = stage.time.at
    stage.until(RELEASE)
    stage.until(begun + timedelta(days=14))
    expire()
    everyone = (declined, cancelled, withdrawn, expired)
    assert to(stage, begun + KEPT - timedelta(seconds=1)) == 0
    assert to(stage, begun + KEPT) == 2
    assert left(*everyone) == [withdrawn, expired]
    to(stage, RELEASE + KEPT)
    assert left(*everyone) == [expired]
    to(stage, begun + timedelta(days=14) + KEPT)
    assert left(*everyone) == []
    assert len(stage.entries("data.shredded")) == 4


def test_what_is_not_over_is_not_shredded(stage: Stage) -> None:
    """A check that waits, whatever for, keeps its data; it is counted from its own end."""
    hr = stage.caller()
    waiting = hr.asked("UNCLEAR")
    stage.agree(waiting)
    assert to(stage, DUE + timedelta(days=300)) == 0
    assert left(waiting) == [waiting]
    stage.settle_reviews(stage.desk())
    stage.forward(hours=7)
    released = stage.time.at
    assert hr.see(waiting)["status"] == "completed"
    assert to(stage, released + KEPT) == 1


def test_an_institution_after_the_shredding(stage: Stage) -> None:
    """The answer is gone and says so; the list leaves it out, and is not disturbed."""
    hr = stage.caller()
    check_id, other = hr.asked(key="1"), hr.asked(key="2")
    stage.agree(check_id)
    stage.until(RELEASE)
    to(stage, DUE)
    gone = hr.get(f"/v1/checks/{check_id}")
    assert (gone.status_code, gone.json["type"].rpartition("/")[2]) == (410, "data-deleted")  # type: ignore[index]
    listed = hr.get("/v1/checks?reference=applicant-2041").json["checks"]  # type: ignore[index]
    assert [one["id"] for one in listed] == [other]
    with db.read() as session:  # nor can anybody with the key of the index try what its reference was
        assert [session.get_one(Check, one).reference_index is None for one in (check_id, other)] == [True, False]


def test_a_request_after_a_shredding_that_comes_early(with_keys: Callable[..., Stage]) -> None:
    """With the shortest term a key outlives the data: it makes no second check, and nobody can try messages on it."""
    stage = with_keys(SEALGATE_SHRED_TERM="P82D")
    hr = stage.caller()
    check_id = hr.asked(key="1")
    stage.decline(check_id)
    with db.read() as session:
        before = session.scalars(select(IdempotencyKey)).one()
    stage.forward(days=2)
    assert retention.shred_due() == 1
    with db.read() as session:
        after = session.scalars(select(IdempotencyKey)).one()
    assert after.key_index == before.key_index
    assert after.body_index != before.body_index
    again = hr.ask(key="1")
    assert (again.status_code, again.json["type"].rpartition("/")[2]) == (410, "data-deleted")  # type: ignore[index]


def test_the_answer_in_the_log_cannot_be_opened_any_more(stage: Stage) -> None:
    """The salt goes with the data; the log as a whole still verifies."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.until(RELEASE)
    (answer,) = stage.entries("answer")
    with db.read() as session:
        assert audit.says(session, check_id, answer.id, "eligible", True)
    to(stage, DUE)
    with db.read() as session:
        with pytest.raises(vault.Shredded):
            audit.says(session, check_id, answer.id, "eligible", True)
        assert audit.verify(session).ok


def test_that_there_was_a_check_is_kept_longer(stage: Stage) -> None:
    """Who asked, when and under which policy stays until the metadata term; then the rows go, and the log says so."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.until(RELEASE)
    to(stage, DUE)
    stage.until(RELEASE + timedelta(days=1095, seconds=-1))
    assert retention.forget_due() == 0
    assert stage.check(check_id).institution_id == hr.institution_id
    stage.forward(seconds=1)
    assert retention.forget_due() == 1
    with db.read() as session:
        for table, column in ((Check, Check.id), (Consent, Consent.check_id), (VaultKey, VaultKey.owner_id)):
            assert session.scalar(select(func.count()).select_from(table).where(column == check_id)) == 0
    assert [entry.about for entry in stage.entries("check.forgotten")] == [check_id]
    assert hr.get(f"/v1/checks/{check_id}").status_code == 404


def test_requests_and_messages_are_forgotten(stage: Stage) -> None:
    """An idempotency key after two weeks, with the answer that leads to the consent; a message after a month.

    Where wrong short codes were typed, an address of somebody: after minutes.
    """
    hr = stage.caller()
    with db.write() as session:
        attempts.failed(session, attempts.place_of("203.0.113.7"), stage.time.at)
    hr.asked()
    with db.read() as session:
        (message,) = session.scalars(select(Message.id)).all()
    deliver(message)
    stage.forward(days=13)
    retention.forget_due()
    assert _count(IdempotencyKey) == 1
    stage.forward(days=1)
    retention.forget_due()
    assert (_count(IdempotencyKey), _count(Message)) == (0, 1)
    stage.forward(days=16)
    retention.forget_due()
    assert _count(Message) == 0
    assert _count(Failures) == 0
    with db.read() as session:
        owners = session.scalars(select(VaultKey.owner_id)).all()
    assert not [owner for owner in owners if owner.startswith(("msg_", "idk_"))]


def test_a_message_that_no_task_could_end_is_forgotten(stage: Stage) -> None:
    """A month after it was of any use: its task fails for ever, say, and the contact would stay."""
    stage.caller().asked()
    stage.forward(days=14 + 29)
    retention.forget_due()
    assert _count(Message) == 1
    stage.forward(days=1)
    retention.forget_due()
    assert _count(Message) == 0


def _count(table: type) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_shredding_goes_on_where_it_was_stopped(stage: Stage) -> None:
    """Each batch is a transaction; what it did is not done again."""
    hr = stage.caller()
    ids = [hr.asked(key=str(number)) for number in range(7)]
    for check_id in ids:
        stage.decline(check_id)
    stage.time.forward(KEPT)
    with db.write() as session:
        retention.due.shred(session, ids[0])
    assert retention.shred_due() == 6
    assert retention.shred_due() == 0
    assert sorted(entry.about for entry in stage.entries("data.shredded")) == sorted(ids)


def test_what_is_written_of_shredding_has_no_details(stage: Stage) -> None:
    """The kinds have no field but which kind of key it was."""
    hr: Caller = stage.caller()
    stage.decline(hr.asked())
    stage.time.forward(timedelta(days=130))
    retention.turn()
    with db.read() as session:
        kinds = ("data.shredded", "key.destroyed")
        entries = session.scalars(select(AuditEntry).where(AuditEntry.kind.in_(kinds))).all()
    assert {(entry.kind, *json.loads(entry.facts)) for entry in entries} == {
        ("data.shredded",),
        ("key.destroyed", "period"),
    }
