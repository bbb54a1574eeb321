"""Rows that somebody changed are noticed before anybody is looked up and before anything is served."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway import audit, vault, work
from gateway.checks.run import WAITS_FOR_A_PERSON, fix, keep, run
from gateway.consent import Consent, decided, withdraw
from gateway.db import db
from gateway.oauth import register
from gateway.oauth.models import Institution
from policies.evaluator import Adjudication
from tests.stage import NOW, RELEASE

pytestmark = pytest.mark.both_databases


def tamper(*statements: str) -> None:
    """Change rows behind everybody's back."""
    with db.engine.begin() as connection:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount > 0, statement


CHANGES = [
    "UPDATE checks SET policy = 'cn/city-transit' WHERE id = '{id}'",
    "UPDATE checks SET version = '2020-01-01' WHERE id = '{id}'",
    "UPDATE checks SET role = 'carer' WHERE id = '{id}'",
    "UPDATE checks SET purpose = 're-check' WHERE id = '{id}'",
    "UPDATE checks SET institution_id = (SELECT id FROM institutions WHERE name = 'Other') WHERE id = '{id}'",
    "UPDATE consents SET policy = 'cn/city-transit' WHERE check_id = '{id}'",
    "UPDATE consents SET version = '2020-01-01' WHERE check_id = '{id}'",
    "UPDATE consents SET role = 'carer' WHERE check_id = '{id}'",
    "UPDATE consents SET purpose = 're-check' WHERE check_id = '{id}'",
    "UPDATE consents SET institution = 'Somebody Else' WHERE check_id = '{id}'",
    "DELETE FROM vault_items WHERE name = 'terms' AND owner_id = '{id}'",
]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_terms_are_never_run(stage, change: str) -> None:
    """Nobody is asked, nothing is pinned or kept, and a look at the check says that stored data is damaged."""
    hr, other = stage.caller(), stage.caller(name="Other")
    check_id = hr.asked()
    assert stage.act(check_id)
    asked = fix(check_id)
    tamper(change.format(id=check_id))
    with pytest.raises(vault.Tampered):
        run(check_id)
    with pytest.raises(vault.Tampered):
        keep(asked, Adjudication("eligible", ()), drawn=False)
    assert stage.police.asked == []
    whose = other if "institution_id" in change else hr
    answer = whose.get(f"/v1/checks/{check_id}")
    assert (answer.status_code, answer.json["type"].rpartition("/")[2]) == (500, "stored-data-damaged")
    assert whose.get("/v1/checks").status_code == 200


def test_swapped_consents(stage) -> None:
    """The consent of another check, even to the same terms, is not the consent of this one."""
    hr = stage.caller()
    given, waiting = hr.asked(key="1"), hr.asked(key="2")
    assert stage.act(given)
    tamper(
        f"UPDATE consents SET check_id = 'x' WHERE check_id = '{given}'",
        f"UPDATE consents SET check_id = '{given}' WHERE check_id = '{waiting}'",
        f"UPDATE consents SET check_id = '{waiting}' WHERE check_id = 'x'",
    )
    with pytest.raises(vault.Tampered):
        run(waiting)
    assert stage.police.asked == []


def test_a_review_of_changed_terms_is_not_shown_or_decided(stage) -> None:
    """The desk looks for nobody under terms that were changed."""
    desk = stage.desk()
    check_id, review_id = stage.opened(stage.caller(), "BARRED")
    tamper(f"UPDATE checks SET role = 'carer' WHERE id = '{check_id}'")
    assert desk.get(f"/v1/reviews/{review_id}").status_code == 500
    assert stage.decide(desk, review_id, "confirm").status_code == 500
    assert len(stage.police.asked) == 1


def test_changed_terms_are_not_laid(stage) -> None:
    """The answer of a check whose version was changed afterwards does not leave under that version."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    tamper(f"UPDATE checks SET version = '2020-01-01' WHERE id = '{check_id}'")
    stage.until(RELEASE)
    assert stage.entries("answer") == []


ANSWERS = [
    "UPDATE checks SET result_entry = NULL WHERE id = '{id}'",
    "UPDATE checks SET result_entry = (SELECT result_entry FROM checks WHERE id = '{other}') WHERE id = '{id}'",
    "UPDATE checks SET result_entry = 'aud_x' WHERE id = '{id}'",
    "UPDATE audit_entries SET position = NULL WHERE id = (SELECT result_entry FROM checks WHERE id = '{id}')",
    "UPDATE audit_entries SET facts = 'x' WHERE id = (SELECT result_entry FROM checks WHERE id = '{id}')",
    "UPDATE audit_entries SET about = '{other}' WHERE id = (SELECT result_entry FROM checks WHERE id = '{id}')",
    "DELETE FROM audit_checkpoints",
    "DELETE FROM vault_items WHERE name = 'result' AND owner_id = '{id}'",
    "DELETE FROM vault_items WHERE name = 'audit' AND owner_id = '{id}'",
]


@pytest.mark.parametrize("change", ANSWERS)
def test_an_answer_is_served_only_as_it_is_in_the_log(stage, change: str) -> None:
    """Completed without a result, or with one that the log does not hold, is damaged: never a null, never a bit."""
    hr = stage.caller()
    check_id, other = hr.asked(key="1"), hr.asked(key="2")
    for each in (check_id, other):
        stage.agree(each)
    stage.until(RELEASE)
    assert hr.see(check_id)["eligible"] is True
    tamper(change.format(id=check_id, other=other))
    answer = hr.get(f"/v1/checks/{check_id}")
    assert (answer.status_code, answer.json["type"].rpartition("/")[2]) == (500, "stored-data-damaged")
    listed = {check["id"]: check for check in hr.get("/v1/checks").json["checks"]}
    assert (listed[check_id]["status"], listed[check_id]["eligible"]) == ("in_progress", None)


def test_another_bit_than_the_logged_one_is_not_served(stage) -> None:
    """A result that was changed by somebody who has the keys does not fit the commitment in the log."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.until(RELEASE)
    with db.write() as session:
        vault.put(session, check_id, "result", {"eligible": False})
    assert hr.get(f"/v1/checks/{check_id}").status_code == 500


def test_released_before_it_was_laid(stage) -> None:
    """A row that says released while nothing is in the log yet shows no answer."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    with db.write() as session:
        session.execute(update(Consent).values(released_at=stage.time.at, told_at=stage.time.at))
    audit.sequence()
    assert hr.get(f"/v1/checks/{check_id}").status_code == 500


def test_deleted_data(stage) -> None:
    """An answer whose data was deleted is gone, and is not shown as completed with null."""
    hr = stage.caller()
    check_id, waiting = hr.asked(key="1"), hr.asked(key="2")
    stage.agree(check_id)
    stage.until(RELEASE)
    with db.write() as session:
        vault.shred(session, check_id)
        vault.shred(session, waiting)
    assert hr.get(f"/v1/checks/{check_id}").status_code == 410
    assert hr.see(waiting)["reference"] is None


def suspend(institution_id: str) -> None:
    """Suspend an institution."""
    with db.write() as session:
        register.suspend(session, session.get_one(Institution, institution_id), "operator")


def lift(institution_id: str) -> None:
    """Lift a suspension."""
    with db.write() as session:
        session.get_one(Institution, institution_id).suspended_at = None


def test_nobody_is_looked_up_for_a_suspended_institution(stage) -> None:
    """The check waits, pins nothing, asks nobody, and goes on when the suspension is lifted."""
    hr = stage.caller()
    check_id = hr.asked()
    assert stage.act(check_id)
    suspend(hr.institution_id)
    with pytest.raises(work.Later) as waits:
        run(check_id)
    assert waits.value.seconds == WAITS_FOR_A_PERSON
    assert stage.police.asked == []
    assert stage.check(check_id).day is None
    lift(hr.institution_id)
    run(check_id)
    assert len(stage.police.asked) == 1


def test_no_answer_is_opened_to_a_suspended_institution(stage) -> None:
    """Settled before the suspension: nothing is laid or told, the desk sees nothing, and withdrawing still works."""
    hr, desk = stage.caller(), stage.desk()
    check_id, gone = hr.asked(key="1"), hr.asked(key="2")
    for each in (check_id, gone):
        stage.agree(each)
    _, review_id = stage.opened(hr, "BARRED")
    suspend(hr.institution_id)
    stage.withdraw(gone)
    assert desk.get("/v1/reviews").json["reviews"] == []
    assert desk.get(f"/v1/reviews/{review_id}").status_code == 404
    stage.until(RELEASE)
    with db.read() as session:
        consent = decided(session, check_id)
        assert (consent.told_at, consent.released_at) == (None, None)
    assert stage.entries("answer") == []
    assert stage.check(gone).closed_at == RELEASE
    lift(hr.institution_id)
    stage.until(RELEASE + timedelta(hours=4))
    assert hr.see(check_id)["status"] == "completed"


def test_without_consent_nothing_is_pinned(stage) -> None:
    """Before the subject agrees, and after a no, no day is fixed and no version goes into the log."""
    hr = stage.caller()
    waiting, declined = hr.asked(key="1"), hr.asked(key="2")
    stage.decline(declined)
    for check_id in (waiting, declined):
        assert fix(check_id) is None
        assert (stage.check(check_id).day, stage.check(check_id).regimes) == (None, None)
    assert stage.entries("policy.pinned") == []


SOON = NOW + timedelta(hours=1)
MADE_UP = {"state": "given", "given_at": NOW, "nominal_release_at": SOON, "release_at": SOON, "tell_at": NOW}
CONSENTS = [
    ("asked", MADE_UP, 0),
    ("cancelled", MADE_UP, 0),
    ("withdrawn", {"state": "given", "closed_at": None}, 1),
    ("agreed", {"release_at": SOON, "tell_at": NOW}, 1),
    ("agreed", {"hold_seconds": 0}, 1),
]


@pytest.mark.parametrize(("how", "change", "looks"), CONSENTS)
def test_a_consent_is_not_made_up_in_the_rows(stage, how: str, change: dict[str, object], looks: int) -> None:
    """Never given, taken back, or given for another time: no registry is asked for it and no answer leaves."""
    hr = stage.caller()
    check_id = hr.asked()
    if how == "cancelled":
        hr.post(f"/v1/checks/{check_id}/cancel")
    elif how != "asked":
        stage.agree(check_id)
        assert how == "agreed" or stage.act(check_id, withdraw)
    with db.write() as session:
        session.execute(update(Consent).values(**change))
    if looks == 0:
        with pytest.raises(vault.Tampered):
            run(check_id)
    stage.until(RELEASE + timedelta(days=1))
    assert len(stage.police.asked) == looks
    assert hr.see(check_id)["eligible"] is None
    assert stage.entries("answer") == []


def test_an_answer_that_was_laid_and_withdrawn_does_not_come_back(stage) -> None:
    """The rows of a withdrawn consent say released: damaged, not answered."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.until(RELEASE - timedelta(hours=1))
    stage.withdraw(check_id)
    with db.write() as session:
        session.execute(update(Consent).values(state="given", closed_at=None))
    stage.until(RELEASE)
    assert hr.get(f"/v1/checks/{check_id}").status_code == 500
