"""Reading checks: one, a page, by reference, by status; cancelling; the roles."""

from datetime import timedelta

import pytest

from gateway.checks import routes
from gateway.checks.examples import COMPLETED, NEW_CHECK
from tests.stage import RELEASE

FORM = ["id", "reference", "role", "purpose", "policy", "status"]
FORM += ["created_at", "expires_at", "release_at", "eligible", "valid_until", "superseded_at", "lease"]


def test_the_form_of_a_check(stage) -> None:
    """Exactly the fields of the design, in their order, at every stage of a check's life."""
    hr = stage.caller()
    new = hr.ask().json
    assert list(new) == list(NEW_CHECK) == [*FORM, "consent"]
    assert new["status"] == "awaiting_consent"
    assert new["created_at"] == "2026-11-20T09:00:00Z"
    assert new["expires_at"] == "2026-12-04T09:00:00Z"
    assert new["consent"]["url"].startswith("http://localhost:8000/c/")
    stage.agree(new["id"])
    under_way = hr.see(new["id"])
    assert list(under_way) == list(COMPLETED) == FORM
    assert (under_way["status"], under_way["release_at"]) == ("in_progress", "2026-11-21T10:00:00Z")
    stage.forward(days=2)
    done = hr.see(new["id"])
    assert list(done) == FORM
    assert (done["status"], done["eligible"]) == ("completed", True)


@pytest.mark.both_databases
def test_pages_of_the_list(stage) -> None:
    """Newest first, every check once, until the cursor is null; also when checks have the same time."""
    hr = stage.caller()
    ids = []
    for number in range(routes.PAGE + 2):
        ids.append(hr.asked(key=f"k{number}"))
        if number % 2:
            stage.time.forward(timedelta(seconds=1))
    first = hr.get("/v1/checks").json
    second = hr.get(f"/v1/checks?cursor={first['next_cursor']}").json
    found = [check["id"] for check in first["checks"] + second["checks"]]
    assert len(first["checks"]) == routes.PAGE
    assert second["next_cursor"] is None
    assert len(found) == len(set(found)) == len(ids)
    assert set(found) == set(ids)
    assert found[-1] in ids[:2]


def test_a_cursor_of_another_list(stage) -> None:
    """A cursor is one of the caller's own checks; anything else is refused by name."""
    hr, other = stage.caller(), stage.caller(name="Another Kindergarten")
    theirs = other.asked()
    for cursor in (theirs, "chk_nothing", "x" * 100):
        answer = hr.get(f"/v1/checks?cursor={cursor}")
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "cursor"


@pytest.mark.both_databases
def test_finding_by_reference_and_status(stage) -> None:
    """The institution's own reference finds its checks; a status finds those that stand there."""
    hr = stage.caller()
    one, two = hr.asked(key="1", reference="a-1"), hr.asked(key="2", reference="a-2")
    three = hr.asked(key="3", reference=None)
    stage.agree(two)
    stage.decline(three)

    def ids(query: str) -> list[str]:
        return [check["id"] for check in hr.get(f"/v1/checks?{query}").json["checks"]]

    assert ids("reference=a-1") == [one]
    assert ids("reference=a-3") == []
    assert ids("status=awaiting_consent") == [one]
    assert ids("status=in_progress") == [two]
    assert ids("status=closed") == [three]
    assert ids("status=in_progress&reference=a-1") == []
    assert hr.get("/v1/checks?status=pending").json["errors"][0]["field"] == "status"
    assert hr.get("/v1/checks?state=closed").json["errors"][0]["field"] == "state"


@pytest.mark.both_databases
def test_cancelling(stage) -> None:
    """Until the subject has decided; once; and the subject's link is of no use then."""
    hr = stage.caller()
    check_id = hr.asked()
    cancelled = hr.post(f"/v1/checks/{check_id}/cancel")
    assert (cancelled.status_code, cancelled.json["status"]) == (200, "closed")
    assert hr.see(check_id) == cancelled.json
    assert [(entry.about, entry.facts) for entry in stage.entries("check.closed")] == [(check_id, '["cancelled"]')]
    again = hr.post(f"/v1/checks/{check_id}/cancel")
    assert again.status_code == 409
    assert again.json["type"].endswith("/problems/check-not-cancellable")
    assert again.json["detail"] == "The subject has decided, or the check is closed."
    assert not stage.act(check_id)


def test_cancelling_too_late(stage) -> None:
    """409 once the subject has agreed: only the subject can end it then."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    assert hr.post(f"/v1/checks/{check_id}/cancel").status_code == 409
    assert hr.see(check_id)["status"] == "in_progress"


@pytest.mark.both_databases
def test_closed_is_one_word_for_every_end(stage) -> None:
    """Declined, expired and cancelled checks are told in the same bytes, apart from ids and references."""
    hr = stage.caller()
    ids = {how: hr.asked(key=how) for how in ("declined", "cancelled", "withdrawn")}
    stage.decline(ids["declined"])
    hr.post(f"/v1/checks/{ids['cancelled']}/cancel")
    stage.agree(ids["withdrawn"])
    stage.withdraw(ids["withdrawn"])
    stage.forward(days=2)
    forms = [{**hr.see(check_id), "id": "", "reference": ""} for check_id in ids.values()]
    assert forms[0]["status"] == "closed"
    assert forms[0] == forms[1] == forms[2]


def test_roles(stage) -> None:
    """The roles of the registration and no others, with the version, plain words and what a yes leaves out."""
    hr = stage.caller("cn/kindergarten:teacher", "cn/physician")
    roles = hr.get("/v1/roles").json["roles"]
    assert [(role["policy"]["id"], role["role"]) for role in roles] == [
        ("cn/kindergarten", "teacher"),
        ("cn/physician", "physician"),
    ]
    teacher = roles[0]
    assert teacher["policy"]["version"] == "2025-06-01"
    assert any("drug use" in line for line in teacher["looked_at"]["en"])
    assert len(teacher["looked_at"]["en"]) == len(teacher["looked_at"]["zh"])
    assert {"en": "alcohol abuse", "zh": "酗酒"} in teacher["not_covered"]


def test_references_are_not_columns(stage) -> None:
    """An institution's reference may name a person: it is in the vault, and found by a keyed index of its own."""
    hr, other = stage.caller(), stage.caller(name="Another Kindergarten")
    mine, theirs = stage.check(hr.asked()), stage.check(other.asked())
    assert mine.reference_index is not None
    assert mine.reference_index != theirs.reference_index


def test_when_to_ask_again(stage) -> None:
    """Retry-After is the time to release_at, the same for everybody, and only while there is something to wait for."""
    hr = stage.caller()
    ids = [hr.asked(passport) for passport in ("CLEAN", "BARRED", "UNCLEAR")]
    assert "Retry-After" not in hr.get(f"/v1/checks/{ids[0]}").headers
    for check_id in ids:
        stage.agree(check_id)
    stage.forward(minutes=52, seconds=46, milliseconds=750)  # to 10:00; the release is a day later
    for check_id in ids:
        assert hr.get(f"/v1/checks/{check_id}").headers["Retry-After"] == "86400"
    stage.withdraw(ids[1])
    assert hr.get(f"/v1/checks/{ids[1]}").headers["Retry-After"] == "86400"
    stage.until(RELEASE)
    assert "Retry-After" not in hr.get(f"/v1/checks/{ids[0]}").headers
    assert hr.get(f"/v1/checks/{ids[2]}").headers["Retry-After"] == "3600"  # late: until the next release time


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "-1", "2026-11-20T24:61Z"])
def test_moments_that_are_none(stage, since: str) -> None:
    """Refused by name, also where only its moment in UTC is in no year that there is."""
    answer = stage.caller().get("/v1/checks", query_string={"superseded_since": since})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "superseded_since")
