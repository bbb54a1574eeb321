"""From the link to the session and its end: what is good once, what ends when."""

from datetime import timedelta

import pytest
from flask import Blueprint
from sqlalchemy import func, select

from gateway import audit, staff
from gateway.db import db
from gateway.staff import StaffGuard, member, people, rooms
from gateway.staff.models import Staff, StaffSession
from tests.stage import Stage
from tests.workers import PASSWORD, Worker, add, member_at

pytestmark = pytest.mark.both_databases


def with_a_room(stage: Stage) -> None:
    """A room for adjudicators at /bench, which says who is there."""
    bench = Blueprint("bench", __name__, url_prefix="/bench")
    bench.before_request(StaffGuard("adjudicator"))
    bench.after_request(staff.seal)
    bench.add_url_rule("", "one", lambda: f"{member().id} {member().may_act_for('cn')}", methods=["GET", "POST"])
    stage.app._got_first_request = False  # as if it had been registered at the start
    stage.app.register_blueprint(bench)
    stage.app.before_request_funcs[None] = [lambda: None]  # the doors of the whole application are another test's
    name, purpose = {"en": "Bench", "zh": "席位"}, {"en": "Sit here.", "zh": "请在此就座。"}
    rooms.register(rooms.Room("/bench", ("adjudicator",), name, purpose))


def test_from_the_link_to_the_end(stage: Stage) -> None:
    """One person's way: the link once, each code once, back to where they were going, out again."""
    with_a_room(stage)
    staff_id, link = add(jurisdictions=["cn"])
    one = Worker(stage.app, stage.time)
    one.open(link)
    for wrong in ("heron 7", "a" * 30, "the judge has a heron", "x" * 3000):
        assert one.post(link, password=wrong, again=wrong).status_code == 422
        assert wrong not in one.page.text
    assert one.post(link, password=PASSWORD, again=f"{PASSWORD}!").status_code == 422
    one.enrol(link)
    assert Worker(stage.app, stage.time).open(link).status_code == 404, "a link works once"
    assert "Bench" in one.open("/staff").text
    assert one.open("/bench").text == f"{staff_id} True"
    assert one.post("/staff/sign-out", token="0" * 64).status_code == 400
    one.open("/staff")
    assert one.post("/staff/sign-out").status_code == 303
    before = one.cookie
    assert before == ""
    to_sign_in = one.open("/bench")
    assert to_sign_in.headers["Location"] == "/staff/sign-in?next=/bench"
    used = one.code()
    assert one.sign_in("/bench", code=used).status_code == 422, "a code is good once, though it is not over yet"
    assert one.sign_in("/bench").headers["Location"] == "/bench"
    assert one.open("/bench").text.startswith(staff_id)
    for elsewhere in ("//evil.example", "https://evil.example", "/bench/../c", "/v1/checks", "/bench?x=1", "/bench\\x"):
        assert one.open(f"/staff/sign-in?next={elsewhere}").headers["Location"] == "/staff"
    kinds = ["staff.added", "staff.enrolled", "staff.signed_in", "staff.refused", "staff.signed_in"]
    with db.read() as session:
        assert [entry.kind for entry in audit.about(session, staff_id)] == kinds
        row = session.get_one(Staff, staff_id)
        assert PASSWORD not in str(vars(row))
        assert "judge" not in str(vars(row))


def test_when_a_session_ends(stage: Stage) -> None:
    """By disuse, by age, by a new sign-in, a new password, a reset and a revocation; an earlier token is of no use."""
    with_a_room(stage)
    one = member_at(stage.app, stage.time)

    def there(cookie: str | None = None) -> bool:
        if cookie is not None:
            one.browser.set_cookie("sealgate-staff", cookie)
        return one.open("/bench").status_code == 200

    for _ in range(35):  # in use, but for eight hours
        assert there()
        stage.time.forward(timedelta(minutes=14))
    assert not there()
    one.sign_in()
    stage.time.forward(timedelta(minutes=15))
    assert not there(), "fifteen minutes without use"
    one.browser.set_cookie("sealgate-staff", "planted-by-somebody")
    one.sign_in()
    assert one.cookie != "planted-by-somebody"
    first = one.cookie
    one.open("/staff/password")
    one.browser.delete_cookie("sealgate-staff")
    one.sign_in()
    second = one.cookie
    assert second != first
    assert there(first), "two browsers"
    # signing in again in one of them ends what was there
    one.browser.set_cookie("sealgate-staff", first)
    one.wait()
    one.browser.delete_cookie("sealgate-staff-form")
    one.open("/staff")
    sent = {"password": PASSWORD, "login": "judge", "code": one.code(), "form": one.token()}
    assert one.browser.post("/staff/sign-in", data=sent).status_code == 303
    third = one.cookie
    assert not there(first)
    assert there(second)
    assert there(third)
    # a new password ends all of them but the one where it was set, which gets a new id
    one.wait()
    one.open("/staff/password")
    new = "seven lapwings over the marsh"
    assert one.post("/staff/password", present="wrong", password=new, again=new, code=one.code()).status_code == 422
    assert one.post("/staff/password", present=PASSWORD, password=new, again=new, code=one.code()).status_code == 303
    fourth = one.cookie
    assert [there(token) for token in (second, third, fourth)] == [False, False, True]
    one.password = new
    one.browser.delete_cookie("sealgate-staff")
    assert one.sign_in().status_code == 303
    fifth = one.cookie
    with db.write() as session:
        found = people.named(session, " Judge ")
        assert found
        people.revoke(session, found, "operator")
    assert not there(fifth), "at once"
    assert one.sign_in().status_code == 422
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(StaffSession)) == 0
