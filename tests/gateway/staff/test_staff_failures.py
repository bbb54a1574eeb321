"""Who is not let in: the same page for every reason, pauses that grow, roles, forms of other pages, two at a time."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Blueprint

from gateway import staff
from gateway.audit.models import AuditEntry
from gateway.db import db
from gateway.staff import codes, people
from gateway.staff.models import StaffFailures
from tests.stage import Stage
from tests.workers import PASSWORD, Worker, add, member_at


def shown(worker: Worker) -> str:
    """The page without what is new on every one."""
    return re.sub(r'value="\w{64}"', "", worker.page.text)


@pytest.mark.both_databases
def test_failures_look_alike_and_bring_on_pauses(stage: Stage) -> None:
    """Whether the name, the password or the code was wrong, or nobody has enrolled yet; and so do the pauses."""
    judge = member_at(stage.app, stage.time)
    judge.browser.delete_cookie("sealgate-staff")
    newcomer_id, _ = add("newcomer")
    pages = set()
    for wrong in ({"login": "nobody"}, {"password": "not the password"}, {"code": "000000"}, {"login": "newcomer"}):
        assert judge.sign_in(**wrong).status_code == 422
        pages.add(shown(judge))
    assert len(pages) == 1
    refused = [(entry.about, entry.facts) for entry in stage.entries("staff.refused")]
    judge_id = stage.entries("staff.signed_in")[0].about
    assert refused == [
        (None, '["unknown"]'), (judge_id, '["password"]'), (judge_id, '["code"]'), (newcomer_id, '["password"]'),
    ]  # fmt: skip
    for login in ("judge", "nobody"):
        pages.clear()
        stranger = Worker(stage.app, stage.time, login)
        stranger.secret = judge.secret
        stranger.browser.environ_base["REMOTE_ADDR"] = f"192.0.2.{len(login)}"
        tried, pauses = 0, []
        while len(pauses) < 3:
            stranger.sign_in(password="not the password")
            if stranger.page.status_code == 429:
                pauses.append(int(stranger.page.headers["Retry-After"]))
                stage.time.forward(timedelta(seconds=pauses[-1]))
            else:
                tried += 1
            if tried % 5 == 0:  # from somewhere else each time: a place has its own bound
                stranger.browser.environ_base["REMOTE_ADDR"] = f"2001:db8:{tried}::1"
        assert tried >= 12
        assert pauses == [30, 90, 210], "60, 120, 240, less what was waited for a new code"
    assert judge.sign_in().status_code == 303, "who has not failed, from where nobody did, is let in after the pause"
    with db.read() as session:
        assert not any("judge" in row.key or "192.0.2" in row.key for row in session.query(StaffFailures))


def test_one_place_may_fail_so_often(stage: Stage) -> None:
    """Twenty failures with many names from one address, then nothing is tried from there by anybody."""
    judge = member_at(stage.app, stage.time)
    judge.browser.delete_cookie("sealgate-staff")
    stranger = Worker(stage.app, stage.time)
    stranger.secret = judge.secret
    answers = [stranger.sign_in(login=f"name-{number}").status_code for number in range(21)]
    assert answers == [422] * 20 + [429]
    assert judge.sign_in().status_code == 429
    judge.browser.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert judge.sign_in().status_code == 303
    assert len(stage.entries("staff.refused")) == 20, "what is not looked at is no entry"


@pytest.mark.both_databases
def test_one_code_at_the_same_moment(stage: Stage) -> None:
    """Of several who send the same code at once, one is let in."""
    judge = member_at(stage.app, stage.time)
    judge.wait()
    workers = [Worker(stage.app, stage.time) for _ in range(4)]
    for one in workers:
        one.open("/staff/sign-in")
    sent = {"login": "judge", "password": PASSWORD, "code": judge.code()}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: one.post("/staff/sign-in", **sent).status_code, workers))
    assert sorted(answers) == [303, 422, 422, 422]


def test_roles_and_forms(stage: Stage) -> None:
    """Another role does not open a room; a form needs the token of its own session and browser; an act without a
    session is refused with a page."""
    room = Blueprint("chamber", __name__, url_prefix="/chamber")
    room.before_request(staff.StaffGuard("approver", "regulator"))
    room.add_url_rule("", "one", lambda: "inside", methods=["GET", "POST"])
    stage.app._got_first_request = False  # as if it had been registered at the start
    stage.app.register_blueprint(room)
    stage.app.before_request_funcs[None] = [lambda: None]  # the doors of the whole application are another test's
    judge = member_at(stage.app, stage.time)
    approver = member_at(stage.app, stage.time, "auditor", "approver", login="second")
    assert judge.open("/chamber").status_code == 403
    assert approver.open("/chamber").text == "inside"
    judge.open("/staff")
    approver.open("/staff")
    assert approver.post("/chamber", judge.token()).status_code == 400
    assert approver.browser.post("/chamber").status_code == 400
    approver.open("/staff")
    token = approver.token()
    assert approver.post("/chamber", token).text == "inside"
    approver.browser.delete_cookie("sealgate-staff")
    assert approver.post("/chamber", token).status_code == 403
    assert approver.open("/chamber").status_code == 303
    enrolling = Worker(stage.app, stage.time, "third")
    link = add("third", roles=["approver"])[1]
    enrolling.open(link)
    enrolling.post(link, password=PASSWORD, again=PASSWORD)
    assert enrolling.open("/staff/factor").status_code == 200
    assert enrolling.open("/chamber").status_code == 303, "a password alone lets nobody in"
    assert judge.open("/staff/factor").status_code == 303, "the key is not shown again"
    with pytest.raises(ValueError, match="no such role"):
        staff.StaffGuard("clerk")
    with pytest.raises(LookupError), stage.app.test_request_context():
        staff.member()
    texas = staff.Member("stf_x", ("approver",), ("us-tx",))
    assert texas.may_act_for("us-tx")
    assert not texas.may_act_for("us")
    assert not texas.may_act_for("us-txx")
    assert staff.Member("stf_x", (), ("us",)).may_act_for("us-tx")


def test_links_that_are_over(stage: Stage) -> None:
    """After a day, after a reset, and after two have opened it at once: who comes second is told so."""
    staff_id, link = add()
    first, second = Worker(stage.app, stage.time), Worker(stage.app, stage.time)
    first.open(link)
    second.open(link)
    first.enrol(link)
    assert second.post(link, password=PASSWORD, again=PASSWORD).status_code == 404
    with db.write() as session:
        found = session.get(people.Staff, staff_id)
        assert found
        again = people.reset(session, found, "operator")
    assert first.open("/staff").status_code == 303
    assert first.sign_in().status_code == 422
    stage.time.forward(people.LINK_TERM)
    assert first.open(f"/staff/enrol/{again}").status_code == 404
    added: list[AuditEntry] = [*stage.entries("staff.added"), *stage.entries("staff.reset")]
    assert [entry.facts for entry in added] == ['["adjudicator","operator"]', '["operator"]']


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(1111111109, "081804"), (1111111111, "050471"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B (SHA-1), in its last six digits; good one step before and after, and once."""
    secret, then = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", datetime.fromtimestamp(seconds, UTC)
    step = codes.accepted(secret, f"{code[:3]} {code[3:]}", 0, then)
    assert step == seconds // 30
    assert codes.accepted(secret, code, step, then) is None
    assert codes.accepted(secret, code, 0, then + timedelta(seconds=30)) == step
    assert codes.accepted(secret, code, 0, then - timedelta(seconds=30)) == step
    assert codes.accepted(secret, code, 0, then + timedelta(seconds=61)) is None
    for wrong in ("", "1", code + "0", "٢٨٧٠٨٢", "x" * 20):
        assert codes.accepted(secret, wrong, 0, then) is None
