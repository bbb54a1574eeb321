"""Answers leave at their release time, all alike."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway import audit, vault
from gateway.audit.models import AuditEntry
from gateway.checks import release
from gateway.checks.models import Punctuality, Review
from gateway.checks.run import run
from gateway.consent import decided, lateness, observe_lateness
from gateway.consent.decide import agree
from gateway.consent.models import Lateness
from gateway.db import db
from gateway.notices.models import Message
from gateway.vault import VaultKek
from tests.databases import tamper
from tests.stage import RELEASE, request_for

TOLD = RELEASE - timedelta(hours=6)
"""When the subject is told of it: a quarter of the hold before."""

pytestmark = pytest.mark.both_databases


def test_not_before_the_release_time(stage) -> None:
    """In progress to the last second, whatever has been worked out; then completed."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.until(RELEASE - timedelta(seconds=1))
    assert hr.see(check_id)["status"] == "in_progress"
    stage.until(RELEASE)
    assert hr.see(check_id) | {"id": ""} == {
        "id": "",
        "reference": "applicant-2041",
        "role": "teacher",
        "purpose": "hiring",
        "policy": {"id": "cn/kindergarten", "version": "2025-06-01"},
        "status": "completed",
        "created_at": "2026-11-20T09:00:00Z",
        "expires_at": "2026-12-04T09:00:00Z",
        "release_at": "2026-11-21T10:00:00Z",
        "eligible": True,
        "valid_until": None,
        "superseded_at": None,
        "lease": None,
    }


def test_a_late_answer_waits_for_the_next_grid_time(stage) -> None:
    """What is ready too late leaves at a full hour, when the subject has known it for as long as anybody does."""
    hr, desk = stage.caller(), stage.desk()
    check_id = hr.asked("BARRED")
    stage.agree(check_id)
    stage.until(RELEASE + timedelta(minutes=20))
    seen = hr.see(check_id)
    assert (seen["status"], seen["release_at"]) == ("in_progress", "2026-11-21T11:00:00Z")
    stage.settle_reviews(desk)
    stage.until(RELEASE + timedelta(hours=6, minutes=59))
    assert hr.see(check_id)["status"] == "in_progress"
    stage.until(RELEASE + timedelta(hours=7))
    seen = hr.see(check_id)
    assert (seen["status"], seen["eligible"], seen["release_at"]) == ("completed", False, "2026-11-21T17:00:00Z")


def test_a_deferred_answer_looks_like_a_late_one(stage) -> None:
    """An answer deferred by lot is in progress at the promised time and leaves at a later grid time."""
    hr, desk = stage.caller(), stage.desk()
    deferred, late = hr.asked("CLEAN"), hr.asked("BARRED")
    with db.write() as session:
        observe_lateness(session, "cn/kindergarten", 0.5)
        draws = iter([0.1, 0.9])
        assert agree(session, decided(session, deferred), draw=lambda: next(draws))
        assert agree(session, decided(session, late), draw=lambda: 0.9)
    run(deferred)
    run(late)
    stage.until(TOLD + timedelta(minutes=30))
    stage.settle_reviews(desk)
    stage.until(RELEASE + timedelta(minutes=1))
    views = [hr.see(check_id) | {"id": ""} for check_id in (deferred, late)]
    assert views[0] == views[1]
    assert views[0]["release_at"] == "2026-11-21T11:00:00Z"
    stage.until(RELEASE + timedelta(hours=1))
    views = [hr.see(check_id) | {"id": "", "eligible": None} for check_id in (deferred, late)]
    assert views[0] == views[1]
    assert views[0]["status"] == "completed"


def test_withdrawn_after_consent_closes_at_a_release_time(stage) -> None:
    """Until then the institution sees what it sees of any check, and no time of the withdrawal."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    before = hr.see(check_id)
    stage.withdraw(check_id)
    assert hr.see(check_id) == before
    stage.until(RELEASE - timedelta(seconds=1))
    assert hr.see(check_id) == before
    stage.until(RELEASE)
    assert hr.see(check_id) == {**before, "status": "closed", "release_at": None}
    with db.read() as session:
        assert not vault.has(session, check_id, "result")


def test_withdrawn_when_late_closes_at_the_next_grid_time(stage) -> None:
    """A late check that is withdrawn closes at the next full hour."""
    hr = stage.caller()
    check_id = hr.asked("BARRED")
    stage.agree(check_id)
    stage.until(RELEASE + timedelta(minutes=10))
    stage.withdraw(check_id)
    stage.until(RELEASE + timedelta(minutes=59))
    assert hr.see(check_id)["status"] == "in_progress"
    stage.until(RELEASE + timedelta(hours=1))
    assert hr.see(check_id)["status"] == "closed"


def test_the_phases_stand_in_their_order(stage) -> None:
    """In the log, under a checkpoint, the subject told, and only then readable for the institution."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.time.at = TOLD - timedelta(seconds=1)
    assert release.lay() == 0
    stage.time.at = TOLD
    assert (release.tell_subjects(), release.open_answers()) == (0, 0)
    assert release.lay() == 1
    assert (release.tell_subjects(), release.open_answers()) == (0, 0), "not under a checkpoint yet"
    audit.sequence()
    assert release.open_answers() == 0, "the subject comes first"
    assert release.tell_subjects() == 1
    assert release.open_answers() == 0
    stage.time.at = RELEASE - timedelta(seconds=1)
    assert release.open_answers() == 0
    assert hr.see(check_id)["status"] == "in_progress"
    stage.time.at = RELEASE
    assert release.open_answers() == 1
    assert hr.see(check_id)["status"] == "completed"
    assert (release.lay(), release.tell_subjects(), release.open_answers()) == (0, 0, 0)
    assert not release.anything_due()


def test_a_subject_who_was_told_late_has_half_of_the_margin(stage) -> None:
    """Nobody did the work until the release time: then the institution waits."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.time.at = RELEASE
    release.tick()
    stage.until(RELEASE + timedelta(hours=2, minutes=59))
    assert hr.see(check_id)["status"] == "in_progress"
    stage.until(RELEASE + timedelta(hours=3))
    assert hr.see(check_id)["status"] == "completed"


def test_withdrawn_in_the_midst_of_a_release(stage) -> None:
    """Told, and withdrawn before it was opened: the answer does not leave."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.time.at = RELEASE
    release.lay()
    audit.sequence()
    release.tell_subjects()
    stage.withdraw(check_id)
    release.tick()
    stage.until(RELEASE + timedelta(hours=1))
    assert hr.see(check_id)["status"] == "closed"


def test_answers_of_one_time_are_laid_together(stage) -> None:
    """Side by side in the log, in an order that is drawn, whenever they were reached."""
    hr = stage.caller()
    orders = set()
    for batch in range(4):
        ids = [hr.asked(key=f"{batch}-{number}") for number in range(4)]
        for check_id in ids:
            stage.agree(check_id)
            stage.time.forward(timedelta(seconds=1))
        stage.forward(days=2)
        with db.read() as session:
            entries = session.scalars(select(AuditEntry).order_by(AuditEntry.recorded)).all()
        answers = [entry for entry in entries if entry.kind == "answer" and entry.about in ids]
        places = [entry.recorded for entry in answers]
        assert len(places) == 4
        assert max(places) - min(places) == 3
        assert len({entry.at for entry in answers}) == 1
        orders.add(tuple(ids.index(entry.about or "") for entry in answers))
    assert len(orders) > 1


def test_observed_lateness(stage) -> None:
    """The share of those answers that a person looked at which were not ready in time, deferred or not; of so few that
    they are no experience. The time of noting it is that of the last answer, looked at or not."""
    hr, desk = stage.caller(), stage.desk()
    for number in range(3):
        stage.agree(hr.asked(key=str(number)))
    stage.agree(hr.asked("BARRED"))
    stage.until(TOLD + timedelta(minutes=1))
    stage.settle_reviews(desk)
    stage.until(RELEASE + timedelta(hours=1))
    with db.read() as session:
        seen = session.get_one(Punctuality, "cn/kindergarten")
        assert (seen.answers, seen.late) == (1, 1)
        assert lateness(session, "cn/kindergarten") == pytest.approx(1 / release.FEW)
    stage.agree(hr.asked(key="later"))
    stage.forward(days=3)
    with db.read() as session:
        assert session.get_one(Punctuality, "cn/kindergarten").answers == 1
        noted = session.get_one(Lateness, "cn/kindergarten").observed_at
    assert noted > RELEASE + timedelta(days=1)


def test_what_tells_of_a_review_is_forgotten(stage) -> None:
    """After release nothing in the tables ties a check to the desk, and its row looks like any other's."""
    hr, desk = stage.caller(), stage.desk()
    clean, barred = hr.asked("CLEAN"), hr.asked("BARRED")
    for check_id in (clean, barred):
        stage.agree(check_id)
    stage.settle_reviews(desk)
    stage.forward(days=2)
    rows = [stage.check(check_id) for check_id in (clean, barred)]
    assert [row.ready_at for row in rows] == [None, None]
    with db.read() as session:
        assert session.scalars(select(Review)).all() == []
        assert [vault.get(session, row.id, "review") for row in rows] == [{"why": None}] * 2


def test_the_subject_is_told_in_the_same_words(stage) -> None:
    """One message for each released check whose contact is known, of the same kind whatever the answer."""
    hr, desk = stage.caller(), stage.desk()
    for passport in ("CLEAN", "BARRED"):
        subject = {**request_for(passport)["subject"], "contact": {"email": "somebody@mail.example"}}
        check_id = hr.asked(passport, subject=subject)
        stage.agree(check_id)
    stage.settle_reviews(desk)
    stage.forward(days=2)
    with db.read() as session:
        templates = [message.template for message in session.scalars(select(Message))]
    assert sorted(templates) == ["invitation", "invitation", "news", "news"]


def test_a_tick_with_nothing_to_do(stage) -> None:
    """Nothing is written when nothing is due."""
    release.tick()
    assert not release.anything_due()


@pytest.mark.parametrize("name", ["result", "subject", "contact", "review", "audit"])
def test_damaged_data_holds_up_nobody_else(stage, name: str) -> None:
    """A row of the vault that was changed keeps its own check back at most; every other answer leaves."""
    hr = stage.caller()
    subject = {**request_for("CLEAN")["subject"], "contact": {"email": "somebody@mail.example"}}
    ids = [hr.asked(key=str(number), subject=subject) for number in range(3)]
    for check_id in ids:
        stage.agree(check_id)
    tamper(f"UPDATE vault_items SET sealed = zeroblob(200) WHERE owner_id = '{ids[1]}' AND name = '{name}'")
    stage.until(RELEASE)
    assert [hr.see(check_id)["status"] for check_id in (ids[0], ids[2])] == ["completed", "completed"]
    assert hr.see(ids[1])["status"] == ("in_progress" if name in ("result", "audit") else "completed")


def test_more_damaged_checks_than_a_batch_starve_nobody(stage) -> None:
    """Checks that stay due because they are damaged do not stand before the others for ever."""
    hr = stage.caller()
    ids = [hr.asked(key=str(number)) for number in range(release.BATCH + 2)]
    for check_id in ids:
        stage.agree(check_id)
    stage.time.at = RELEASE
    release.lay()
    audit.sequence()
    release.tell_subjects()
    good = ids[-1]
    with db.write() as session:
        session.add(VaultKek(id="gone", open_id="gone", sample=b"", used_from=stage.time.at))
    tamper(
        f"UPDATE vault_items SET sealed = zeroblob(1) WHERE name = 'review' AND owner_id != '{good}'",
        f"UPDATE vault_keys SET kek_id = 'gone' WHERE owner_id IN ({str(ids)[1:-1]}) AND owner_id != '{good}'",
    )
    stage.time.at = RELEASE + timedelta(hours=3)
    release.tick()
    assert hr.see(good)["status"] == "completed"


def test_a_damaged_contact_drops_the_message_only(stage) -> None:
    """More of them than fit into a batch: nobody's answer is held, and the subjects' pages have it."""
    hr = stage.caller()
    subject = {**request_for("CLEAN")["subject"], "contact": {"email": "somebody@mail.example"}}
    ids = [hr.asked(key=str(number), subject=subject) for number in range(3)]
    for check_id in ids:
        stage.agree(check_id)
    tamper(f"UPDATE vault_items SET sealed = zeroblob(1) WHERE name = 'contact' AND owner_id != '{ids[0]}'")
    stage.until(RELEASE)
    assert {hr.see(check_id)["status"] for check_id in ids} == {"completed"}
    with db.read() as session:
        assert len(session.scalars(select(Message).where(Message.template == "news")).all()) == 1


def test_damaged_data_does_not_hide_a_list(stage) -> None:
    """A list still shows every check; what cannot be read of one is null, and the check itself says why."""
    hr = stage.caller()
    ids = [hr.asked(key=str(number)) for number in range(3)]
    tamper(f"UPDATE vault_items SET sealed = zeroblob(200) WHERE owner_id = '{ids[1]}'")
    listed = {check["id"]: check["reference"] for check in hr.get("/v1/checks").json["checks"]}
    assert listed == {ids[0]: "applicant-2041", ids[1]: None, ids[2]: "applicant-2041"}
    assert hr.get(f"/v1/checks/{ids[1]}").status_code == 500
