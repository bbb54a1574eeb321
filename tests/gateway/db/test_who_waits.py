"""Acts that change the same at the same moment, on a server: the second waits, and then sees what the first has done.

Another connection is in the midst of a write about the same check (or message, or key). An act that did not name what
it changes, or named something else, would go on with what it had read before.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from gateway import audit, consent, notices, retention, vault
from gateway.audit.models import AuditEntry
from gateway.checks import release
from gateway.checks.look import NoConsent, ask_everyone
from gateway.checks.models import Check, Review
from gateway.checks.run import fix, keep
from gateway.checks.settle import open_review, settle
from gateway.consent.decide import agree, decline, expire, withdraw
from gateway.consent.models import Consent
from gateway.db import db
from gateway.desk.decide import decide
from gateway.notices.models import Message
from gateway.retention import keys, reindex, rotate
from gateway.vault import VaultKek, VaultKey
from policies.evaluator import Adjudication
from tests.gateway.consent.people import Person, ask
from tests.gateway.db.waiting import beside
from tests.stage import RELEASE, Caller, Stage, make_stage, stage_environ

__all__ = ["make_stage", "stage_environ"]

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

NOVEMBER = "2026-11"


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    """With a key for the month."""
    return make_stage({"SEALGATE_KEKS": f"main:{'m' * 42}A,{NOVEMBER}:{'n' * 42}A,{NOVEMBER}.2:{'o' * 42}A"})


def of(check_id: str, act: Callable[[Session, Consent], bool]) -> Callable[[Session], bool]:
    """An act of the subject."""
    return lambda session: act(session, consent.decided(session, check_id))


def adjudicated(outcome: Any) -> Adjudication:
    """An answer."""
    return Adjudication(outcome=outcome, reasons=())


def posting(caller: Caller, path: str, json: object = None) -> Callable[[], Any]:
    """A request whose token is there already: to issue one is a write as well."""
    headers, client = caller.headers(), caller.app.test_client()
    return lambda: client.post(path, json=json, headers=headers)


def count(table: type, *where: Any) -> int:
    """How many rows there are."""
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_the_route_waits_for_the_subject(stage: Stage) -> None:
    """Consent is taken back while a check begins, looks and ends: nothing is fixed, asked or kept."""
    hr = stage.caller()
    first, second, third = (hr.asked(key=str(number)) for number in range(3))
    for check_id in (first, second, third):
        stage.act(check_id)
    assert beside(lambda: fix(first), first, done_first=of(first, withdraw)) is None
    asked = fix(second)
    assert asked is not None
    with pytest.raises(NoConsent):
        beside(lambda: ask_everyone(asked, "check"), second, done_first=of(second, withdraw))
    assert stage.entries("registry.asked") == []
    asked = fix(third)
    assert asked is not None
    with pytest.raises(NoConsent):
        beside(lambda: keep(asked, adjudicated("eligible"), False), third, done_first=of(third, withdraw))
    assert count(Check, Check.ready_at.is_not(None)) == 0


def test_a_check_that_is_run_twice_is_settled_once(stage: Stage) -> None:
    """The second finds that it lies on the desk, or is settled, and keeps nothing of its own."""
    hr = stage.caller()
    first, second = hr.asked(key="1"), hr.asked(key="2")
    asked = {}
    for check_id in (first, second):
        stage.act(check_id)
        asked[check_id] = fix(check_id)

    def settled(session: Session) -> None:
        settle(session, session.get_one(Check, first), True)

    def on_desk(session: Session) -> None:
        open_review(session, session.get_one(Check, second), "undetermined")

    beside(lambda: keep(asked[first], adjudicated("undetermined"), False), first, done_first=settled)
    beside(lambda: keep(asked[second], adjudicated("eligible"), False), second, done_first=on_desk)
    assert count(Review) == 1
    assert stage.check(second).ready_at is None


def test_of_two_decisions_one_counts(stage: Stage) -> None:
    """Two adjudicators at the same moment: the second is told so, and one entry is in the log."""
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, "UNCLEAR")

    def decided(session: Session) -> None:
        review, check = session.get_one(Review, review_id), session.get_one(Check, check_id)
        decide(session, review, check, "ineligible", "record-plain", desk.client_id)

    act = posting(desk, f"/v1/reviews/{review_id}/decision", {"decision": "eligible", "reason": "doubt"})
    assert beside(act, check_id, done_first=decided).status_code == 409
    assert len(stage.entries("review.settled")) == 1
    with db.read() as session:
        assert vault.get(session, check_id, "result") == {"eligible": False}


def test_the_institution_waits_for_the_subject(stage: Stage) -> None:
    """It cannot take back what was agreed to at that moment; time cannot end it either."""
    hr = stage.caller()
    first, second = hr.asked(key="1"), hr.asked(key="2")
    act = posting(hr, f"/v1/checks/{first}/cancel")
    assert beside(act, first, done_first=of(first, agree)).status_code == 409
    stage.time.forward(timedelta(days=13))
    later = lambda session: of(second, agree)(session) and stage.time.forward(timedelta(days=2))  # noqa: E731
    beside(expire, second, done_first=later)
    with db.read() as session:
        assert {consent.decided(session, one).state for one in (first, second)} == {"given"}


def test_the_subjects_pages_wait(stage: Stage) -> None:
    """For the institution, and for each other: every form that changes something."""
    request = ask()
    person, other = Person(stage.app), Person(stage.app)
    for somebody in (person, other):
        somebody.open(request.path)
    beside(person.send, request.check_id)
    other.send()
    right = {"name": "Wang Xiaoming", "year": "1990", "month": "4", "day": "23"}
    beside(lambda: person.send(**right), request.check_id)
    strikes = request.row.strikes
    beside(lambda: person.send(code="000000"), request.check_id, done_first=_strike(request.id))
    assert request.row.strikes == strikes + 2
    strikes, until = request.row.strikes, stage.time.at + timedelta(minutes=15)
    code = lambda: person.send(code="000000", path=f"/c/{request.id}/code")  # noqa: E731
    paused = update(Consent).where(Consent.id == request.id).values(paused_until=until)
    assert beside(code, request.check_id, done_first=lambda session: session.execute(paused)).status_code == 429
    assert request.row.strikes == strikes
    stage.time.at = until
    other.prove(request, stage.config)
    beside(lambda: other.send(decision="agree"), request.check_id, done_first=of(request.check_id, decline))
    assert request.row.state == "declined"


def _strike(consent_id: str) -> Callable[[Session], Any]:
    return lambda session: session.execute(
        update(Consent).where(Consent.id == consent_id).values(strikes=Consent.strikes + 1)
    )


def test_withdrawing_waits(stage: Stage) -> None:
    """For the release: what has left cannot be taken back."""
    request = ask(hold=timedelta(0))
    person = Person(stage.app)
    person.prove(request, stage.config)
    person.send(decision="agree")
    stage.time.forward(timedelta(hours=2))
    person.prove(request, stage.config)
    path = f"/c/{request.id}/withdraw"
    person.open(path)
    left = lambda session: consent.release(session, request.check_id)  # noqa: E731
    beside(lambda: person.send(path=path), request.check_id, done_first=left)
    assert request.row.state == "given"


def test_the_release_waits_for_the_subject(stage: Stage) -> None:
    """An answer that was withdrawn at the last moment is neither told nor opened; of many, one is counted at a time."""
    hr = stage.caller()
    told, opened, closed = (hr.asked(key=str(number)) for number in range(3))
    for check_id in (told, opened, closed):
        stage.agree(check_id)
    stage.time.at = RELEASE - timedelta(hours=6)
    release.lay()
    audit.sequence()
    beside(release.tell_subjects, told, done_first=of(told, withdraw))
    stage.time.at = RELEASE
    beside(release.open_answers, opened, done_first=of(opened, withdraw))
    assert hr.see(told)["status"] == hr.see(opened)["status"] == "in_progress"
    assert hr.see(closed)["status"] == "completed"
    stage.time.forward(timedelta(hours=1))
    assert beside(release.close_withdrawn, release._COUNTS) == 2
    assert stage.check(told).closed_at == stage.time.at


def test_an_entry_that_commits_later_is_laid_with_the_others(stage: Stage) -> None:
    """The log is laid alone: what was begun before is waited for, and nothing is passed over."""

    def late(session: Session) -> None:
        audit.record(session, "key.rotated", "key_late", use="kek")

    with db.write("another") as session:
        audit.record(session, "key.rotated", "key_early", use="kek")
    beside(audit.sequence, "anything", done_first=late)
    assert count(AuditEntry, AuditEntry.position.is_(None)) == 0
    stage.agree(stage.caller().asked())
    stage.time.at = RELEASE
    assert beside(release.lay, "anything") == 1


def test_a_message_is_closed_alone(stage: Stage) -> None:
    """Two that hand it over at the same time: how the first ended stays."""
    with db.write() as session:
        message = notices.send(session, {"email": "a@b.example"}, "code", "en", code="1", minutes="10")

    def dropped(session: Session) -> None:
        session.execute(update(Message).where(Message.id == message).values(state="dropped"))

    beside(lambda: notices.deliver(message), message, done_first=dropped)
    with db.read() as session:
        assert session.get_one(Message, message).state == "dropped"


def test_shredding_waits_for_what_is_being_added(stage: Stage) -> None:
    """Nothing of the owner is left, whoever was first; what comes after is refused."""
    check_id = stage.caller().asked()
    stage.decline(check_id)
    stage.time.forward(timedelta(days=100))
    added = lambda session: vault.put(session, check_id, "more", 1)  # noqa: E731
    assert beside(retention.shred_due, check_id, done_first=added) == 1
    assert count(vault.VaultItem, vault.VaultItem.owner_id == check_id) == 0
    with pytest.raises(vault.Shredded), db.write(check_id) as session:
        vault.put(session, check_id, "more", 1)


def test_a_key_is_not_closed_over_what_is_being_sealed(stage: Stage) -> None:
    """A data key is wrapped by it at this moment: then it stays."""
    stage.time.forward(timedelta(days=200))
    sealed = lambda session: vault.put(session, "chk_late", "subject", 1)  # noqa: E731
    beside(lambda: keys._close(f"{NOVEMBER}.2"), "chk_late", done_first=sealed)
    with db.read() as session:
        assert session.get_one(VaultKey, "chk_late").kek_id == f"{NOVEMBER}.2"
        assert session.get_one(VaultKek, f"{NOVEMBER}.2").closed_at is None


def test_a_key_that_is_closed_at_this_moment_seals_nothing(stage: Stage) -> None:
    """Also where it has been used all the time: another machine closes it, and will destroy it."""
    for owner in ("chk_a", "chk_b", "chk_c"):  # used for long: that it is known here is remembered
        with db.write(owner) as session:
            vault.put(session, owner, "subject", 1)
            assert session.get_one(VaultKey, owner).kek_id == f"{NOVEMBER}.2"

    def closed(session: Session) -> None:
        session.get_one(VaultKek, f"{NOVEMBER}.2").closed_at = stage.time.at

    def put() -> None:
        with db.write("chk_d") as session:
            vault.put(session, "chk_d", "subject", 1)

    with pytest.raises(vault.UnknownKek):
        beside(put, done_first=closed)
    assert count(VaultKey, VaultKey.owner_id == "chk_d") == 0


def test_two_turns_note_a_destroyed_key_once(stage: Stage) -> None:
    """On two machines at the same moment: one entry is in the log."""
    row = {"id": "2026-09", "sample": b"", "used_from": stage.time.at, "closed_at": stage.time.at}
    with db.write() as session:
        session.add(VaultKek(**row))

    def noted(session: Session) -> None:
        session.get_one(VaultKek, "2026-09").destroyed_at = stage.time.at

    beside(keys.finish, done_first=noted)
    assert stage.entries("key.destroyed") == []


@pytest.mark.parametrize(
    "act",
    [
        retention.forget_due,
        lambda: keys.move(VaultKey.standing.is_(False), lambda: None),
        lambda: keys.give_up("2020-01"),
        rotate.rotate_keks,
        lambda: list(reindex._bring_on(Check.__table__, [Check.__table__.c.reference_index])),
        reindex._note,
    ],
    ids=["forget", "move", "give up", "rotate", "reindex", "note"],
)
def test_what_changes_many_is_alone(stage: Stage, act: Callable[[], Any]) -> None:
    """It waits for whoever writes about anything."""
    stage.caller().asked()
    beside(act, "anything")
