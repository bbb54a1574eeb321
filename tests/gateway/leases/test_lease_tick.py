"""The tick that keeps leases: once and no more, whatever breaks; and never for a lease that does not stand."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway import vault
from gateway.checks.run import run
from gateway.consent import Consent
from gateway.db import db
from gateway.leases import acts, repeat
from gateway.oauth.models import Institution
from gateway.retention import keys, shred_due
from gateway.vault import VaultKey
from tests.gateway.leases.conftest import MINORS, at, leased, ticked
from tests.stage import RELEASE, Caller, Stage

DAY = "2027-11-20T00:00:00"
AFTER = "2027-11-23T00:00:00"


def answered(stage: Stage, *passports: str) -> tuple[Caller, list[str]]:
    """An institution and checks with leases whose answers have left."""
    hr = stage.caller(MINORS)
    ids = [leased(stage, hr, passport, key=f"key-{number}") for number, passport in enumerate(passports)]
    stage.settle_reviews(stage.desk())
    stage.until(RELEASE)
    return hr, ids


def change(check_id: str, **values: object) -> None:
    """Somebody writes into the row of a consent."""
    with db.write() as session:
        session.execute(update(Consent).where(Consent.check_id == check_id).values(**values))


def consent(check_id: str) -> Consent:
    """The row of a check's consent."""
    with db.read() as session:
        return session.scalars(select(Consent).where(Consent.check_id == check_id)).one()


def half_done(check_id: str) -> None:
    """The process dies when all is done and nothing committed."""
    with db.write(check_id) as session:
        repeat.keep(session, session.get_one(Consent, consent(check_id).id))
        raise ZeroDivisionError


@pytest.mark.both_databases
def test_a_day_is_done_once_whatever_breaks(stage: Stage) -> None:
    """Broken off in the midst, nothing is there; by two workers at once and again, one check is."""
    hr, (first,) = answered(stage, "CLEAN")
    stage.until(at(DAY))
    with pytest.raises(ZeroDivisionError):
        half_done(first)
    assert [check["id"] for check in hr.get("/v1/checks").json["checks"]] == [first]  # type: ignore[index]
    workers = [threading.Thread(target=repeat.keep_all) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    repeat.keep_all()
    assert len(ticked(stage, hr, AFTER)) == 2


@pytest.mark.both_databases
def test_no_lease_no_check(stage: Stage) -> None:
    """Withdrawn, ended, never given, lapsed, made up in the rows, lengthened there, brought back there: nothing."""
    hr, ids = answered(stage, "CLEAN", "FORGIVEN", "A", "B", "C", "D")
    ended, back, longer, sooner, lapsed, suspended = ids
    withdrawn = leased(stage, hr, key="withdrawn")
    stage.withdraw(withdrawn)
    none = hr.asked("E", key="none", policy=MINORS, role="staff")
    stage.agree(none)
    stage.forward(days=2)
    assert [hr.see(one)["lease"] for one in (withdrawn, none)] == [None, None]
    for one in (ended, back):
        assert hr.post(f"/v1/checks/{one}/lease/end").status_code == 200
    change(back, lease_ended_at=None)
    change(none, lease_months=36, leased_until=at("2029-11-20").date(), next_check_on=at(DAY).date())
    change(longer, leased_until=at("2039-11-20").date())
    change(sooner, next_check_on=at("2026-12-01").date())
    change(lapsed, leased_until=at("2027-11-19").date())
    count = len(ids) + 2
    with db.write() as session:
        session.get_one(Institution, hr.institution_id).suspended_at = stage.time.at
    stage.until(at(DAY))
    repeat.keep_all()
    with db.write() as session:
        session.get_one(Institution, hr.institution_id).suspended_at = None
        session.get_one(Institution, hr.institution_id).policies = [f"{MINORS}:nobody"]
    assert len(ticked(stage, hr, AFTER)) == count, "suspended, or not registered any more"
    with db.write() as session:
        session.get_one(Institution, hr.institution_id).policies = [f"{MINORS}:staff"]
    found = ticked(stage, hr, "2027-11-24T00:00:00")
    assert len(found) == count + 1
    assert consent(found[0]).lease_of == consent(suspended).id, "the one that stands"


def test_the_answer_makes_no_difference(stage: Stage) -> None:
    """A no has its lease and its re-checks as a yes, and the institution sees the same of both."""
    hr, (yes, no) = answered(stage, "CLEAN", "BODILY")
    stage.police.answers["CLEAN"] = stage.police.answers["UNCLEAR"]
    assert hr.see(yes)["lease"] == hr.see(no)["lease"] is not None
    new = ticked(stage, hr, DAY)[:2]
    assert {consent(one).lease_of for one in new} == {consent(yes).id, consent(no).id}
    for one in new:
        run(one)
    assert [hr.see(one)["status"] for one in new] == ["in_progress"] * 2
    assert len({(hr.see(one)["release_at"], str(hr.see(one)["lease"])) for one in new}) == 1


def test_the_institution_ends_it(stage: Stage) -> None:
    """Its own check, with a lease, once it is agreed to; nobody learns by it what the subject did."""
    hr, (first,) = answered(stage, "CLEAN")
    other = stage.caller(MINORS, name="Other")
    reader = stage.caller(MINORS, name="Reader", scopes=("checks:read",))
    asked = hr.asked("X", key="x", policy=MINORS, role="staff", lease="P1Y")
    end = f"/v1/checks/{first}/lease/end"
    assert hr.post(f"/v1/checks/{asked}/lease/end").status_code == 409
    assert [one.post(end).status_code for one in (other, reader)] == [404, 403]
    with db.write() as session:
        assert acts.end(session, session.get_one(Consent, consent(first).id), "subject")
    assert hr.post(end).json["lease"] == {"until": "2029-11-20", "next": "2027-11-20"}  # type: ignore[index]
    stage.forward(hours=1)
    answer = hr.post(end)
    assert (answer.status_code, answer.json["type"].rpartition("/")[2]) == (409, "check-has-no-lease")  # type: ignore[index]
    assert len(stage.entries("lease.ended")) == 1
    # While the answer is held: the same for one that was withdrawn meanwhile.
    held = [leased(stage, hr, key=key) for key in ("held", "withdrawn")]
    stage.withdraw(held[1])
    answers = [hr.post(f"/v1/checks/{one}/lease/end") for one in held]
    own = ("id",)
    forms = [{name: value for name, value in one.json.items() if name not in own} for one in answers]  # type: ignore[union-attr]
    assert (answers[0].status_code, forms[0]) == (answers[1].status_code, forms[1])
    assert hr.post(f"/v1/checks/{hr.asked('Y', key='y', policy=MINORS, role='staff')}/lease/end").status_code == 409


@pytest.mark.parametrize(
    ("policy", "lease", "says"),
    [
        ("cn/kindergarten", "P3Y", "is not offered"),
        (MINORS, "P37M", "must be at most P3Y"),
        (MINORS, "P11M", "must be at least P1Y"),
        *((MINORS, term, "must be a length") for term in ("P400D", "3Y", "", "P1Y1D", "P0Y", 36, ["P3Y"], True)),
    ],
)
def test_terms_that_are_refused_by_name(stage: Stage, policy: str, lease: object, says: str) -> None:
    """Where no law has the check repeated, too long, too short, and what is no length at all."""
    hr = stage.caller(policy)
    answer = hr.ask(policy=policy, role="teacher" if policy == "cn/kindergarten" else "staff", lease=lease)
    assert answer.status_code == 422
    (problem,) = answer.json["errors"]  # type: ignore[index]
    assert problem["field"] == "lease"
    assert problem["problem"].startswith(says)
    offers = {role["policy"]["id"]: role["lease"] for role in hr.get("/v1/roles").json["roles"]}  # type: ignore[index]
    assert offers[policy] == (None if policy == "cn/kindergarten" else {"every": "P1Y", "term": "P3Y"})


def test_what_a_lease_rests_on_is_kept_and_then_shredded(with_key_file: Stage) -> None:
    """The first check's data outlives the key of its month while the lease stands; then it goes in the same time."""
    stage = with_key_file
    _, (first, plain) = answered(stage, "CLEAN", "CLEAN")
    with db.write() as session:
        acts.end(session, session.get_one(Consent, consent(plain).id), "institution")
    destroyed: list[str] = []
    for _ in range(12):
        stage.forward(days=30)
        destroyed += keys.turn().destroyed
    assert "2026-11" in destroyed
    assert kept(first)
    assert not kept(plain)
    with db.read() as session:
        assert vault.get(session, first, "subject")["born"] == "1990-04-23"
    stage.until(at(DAY))
    repeat.keep_all()
    with db.write() as session:
        acts.end(session, session.get_one(Consent, consent(first).id), "institution")
    over = stage.time.at
    stage.until(over + timedelta(days=99) - timedelta(seconds=1))
    shred_due()
    assert kept(first)
    stage.until(over + timedelta(days=99))
    shred_due()
    assert not kept(first)


def kept(check_id: str) -> bool:
    """Whether the personal data of a check is there."""
    with db.read() as session:
        return session.get_one(VaultKey, check_id).wrapped is not None


def test_a_day_that_is_done_does_not_come_again(stage: Stage) -> None:
    """Somebody writes a past anniversary into the row: no further check, and the other leases go on."""
    hr, (first, _) = answered(stage, "CLEAN", "FORGIVEN")
    assert len(ticked(stage, hr, AFTER)) == 4
    change(first, next_check_on=at(DAY).date())
    assert len(ticked(stage, hr, "2027-12-25T00:00:00")) == 4
    assert len(ticked(stage, hr, "2028-11-20T00:00:00")) == 5


def test_a_lease_without_its_subject_stops_no_other(stage: Stage) -> None:
    """Particulars that are gone are the operator's: whichever of two leases comes first, the other is repeated."""
    hr, ids = answered(stage, "CLEAN", "FORGIVEN")
    with db.write() as session:
        vault.remove(session, min(ids, key=lambda one: consent(one).id), "subject")
    assert len(ticked(stage, hr, AFTER)) == 3


def test_a_clock_that_jumps_begins_nothing(stage: Stage) -> None:
    """A year too far for some hours: nobody is asked again, and no lease is over; nor if it stays so, for a day."""
    hr, (first,) = answered(stage, "CLEAN")
    repeat.tick()
    stage.time.at += timedelta(days=400)
    repeat.tick()
    assert [check["id"] for check in hr.get("/v1/checks").json["checks"]] == [first]  # type: ignore[index]
    for _ in range(26):
        stage.time.forward(timedelta(hours=1))
        repeat.tick()
    assert len(hr.get("/v1/checks").json["checks"]) == 2  # type: ignore[index]
