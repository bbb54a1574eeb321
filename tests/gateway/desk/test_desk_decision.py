"""What a person at the desk may decide in a word, and what follows."""

import json

import pytest
from sqlalchemy import select

from gateway import audit, vault
from gateway.checks.models import Review
from gateway.db import db

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("passport", "decision", "reason", "eligible"),
    [
        ("BARRED", "confirm", "law-plain", False),
        ("BARRED", "overturn", "record-corrected", True),
        ("UNCLEAR", "eligible", "doubt", True),
        ("UNCLEAR", "ineligible", "record-plain", False),
    ],
)
def test_decisions(stage, passport: str, decision: str, reason: str, eligible: bool) -> None:
    """What a person decided is the answer, and it leaves at the release time like any other.

    The audit entry names the review and who decided; which way and why are commitments that their salts open.
    """
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, passport)
    answer = stage.decide(desk, review_id, decision, reason)
    assert answer.json == {"id": review_id, "decision": decision, "decided_at": "2026-11-20T09:07:13Z"}
    assert stage.entries("review.decided") == []
    (entry,) = stage.entries("review.settled")
    facts = json.loads(entry.facts)
    assert facts[:2] == [review_id, desk.client_id]
    for place, field, said in ((2, "decision", decision), (3, "reason", reason)):
        with db.read() as session:
            salt = audit.opening(session, check_id, entry.id, field)
        assert facts[place] == audit.commitment(salt, field, said)
    assert check_id not in f"{entry.facts}{entry.about}"
    assert desk.get("/v1/reviews").json["reviews"] == []
    assert hr.see(check_id)["status"] == "in_progress"
    stage.forward(days=2)
    assert hr.see(check_id)["eligible"] is eligible


def test_decided_once(stage) -> None:
    """409 for a second decision until the release, after which no review is left; the first one stands."""
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, "BARRED")
    path = f"/v1/reviews/{review_id}"
    assert stage.decide(desk, review_id, "overturn", "doubt").status_code == 200
    answer = stage.decide(desk, review_id, "confirm")
    assert answer.status_code == 409
    assert answer.json["type"].endswith("/problems/review-decided")
    assert desk.get(path).status_code == 409
    stage.forward(days=2)
    assert stage.decide(desk, review_id, "confirm").status_code == 404
    assert desk.get(path).status_code == 404
    assert hr.see(check_id)["eligible"] is True


@pytest.mark.parametrize(
    ("passport", "message", "field"),
    [
        ("BARRED", {"decision": "eligible", "reason": "doubt"}, "decision"),
        ("UNCLEAR", {"decision": "confirm", "reason": "record-plain"}, "decision"),
        ("BARRED", {"decision": "maybe", "reason": "record-plain"}, "decision"),
        ("BARRED", {"decision": None, "reason": "record-plain"}, "decision"),
        ("BARRED", {"reason": "record-plain"}, "decision"),
        ("BARRED", {"decision": "confirm"}, "reason"),
        ("BARRED", {"decision": "confirm", "reason": "doubt"}, "reason"),
        ("BARRED", {"decision": "confirm", "reason": "he has an honest face"}, "reason"),
        ("BARRED", {"decision": "confirm", "bars": {}, "reason": "doubt"}, "decision"),
        ("UNCLEAR", {"persons": {}, "bars": {}, "reason": "doubt"}, "seen"),
    ],
)
def test_decisions_that_do_not_fit(stage, passport: str, message: dict[str, object], field: str) -> None:
    """422 names the field; the review stays open. No decision goes without a reason, and none with a text."""
    desk = stage.desk()
    _, review_id = stage.opened(stage.caller(), passport)
    answer = desk.post(f"/v1/reviews/{review_id}/decision", message)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field
    assert len(desk.get("/v1/reviews").json["reviews"]) == 1


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ('{"decision": "eligible", "reason": "doubt", "seen": "\\ud800"}', "seen"),
        ('{"persons": {}, "bars": {"\\ud800": "yes"}, "reason": "doubt", "seen": "0"}', "bars"),
    ],
)
def test_half_a_character_is_no_token(stage, message: str, field: str) -> None:
    """JSON can write what is no text; it is refused by name, before anybody is asked."""
    hr, desk = stage.caller(), stage.desk()
    _, review_id = stage.opened(hr, "UNCLEAR")
    headers = {"Content-Type": "application/json"}
    answer = desk.post(f"/v1/reviews/{review_id}/decision", headers=headers, data=message)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["field"].startswith(field)
    assert stage.entries("review.looked") == []


def test_overturning_a_clear_sample_is_no_refusal(make_stage) -> None:
    """It comes back to the desk as undetermined, to be decided in words; the old review stays decided."""
    stage = make_stage(review_share=1.0)
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, "CLEAN")
    question = desk.get(f"/v1/reviews/{review_id}").json
    assert (question["why"], question["bars"], question["decisions"]) == ("sample", [], ["confirm", "overturn"])
    assert stage.decide(desk, review_id, "overturn", "doubt").status_code == 200
    with db.read() as session:
        assert not vault.has(session, check_id, "result")
    (again,) = desk.get("/v1/reviews").json["reviews"]
    question = desk.get(f"/v1/reviews/{again['id']}").json
    assert (question["why"], again["id"] == review_id) == ("undetermined", False)
    assert stage.decide(desk, review_id, "confirm").status_code == 409
    answers = {"persons": {}, "bars": {}, "seen": question["seen"], "reason": "doubt"}
    refused = desk.post(f"/v1/reviews/{again['id']}/decision", answers)
    assert refused.status_code == 422, "nothing is in question from which it could follow"
    assert stage.decide(desk, again["id"], "ineligible").status_code == 200
    stage.forward(days=2)
    assert hr.see(check_id)["eligible"] is False
    with db.read() as session:
        assert session.scalars(select(Review)).all() == [], "of neither review anything stays"


def test_confirming_a_clear_sample(make_stage) -> None:
    """Yes, at the release time."""
    stage = make_stage(review_share=1.0)
    hr = stage.caller()
    check_id, _ = stage.opened(hr, "CLEAN")
    stage.settle_reviews(stage.desk())
    stage.forward(days=2)
    assert hr.see(check_id)["eligible"] is True
