"""What a person at the desk may decide, and what follows."""

import json

import pytest
from sqlalchemy import select

from gateway import audit, vault
from gateway.checks.models import Review
from gateway.db import db

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("passport", "decision", "eligible"),
    [
        ("BARRED", "confirm", False),
        ("BARRED", "overturn", True),
        ("UNCLEAR", "eligible", True),
        ("UNCLEAR", "ineligible", False),
    ],
)
def test_decisions(stage, passport: str, decision: str, eligible: bool) -> None:
    """What a person decided is the answer, and it leaves at the release time like any other."""
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, passport)
    answer = desk.post(f"/v1/reviews/{review_id}/decision", {"decision": decision})
    assert answer.json == {"id": review_id, "decision": decision, "decided_at": "2026-11-20T09:07:13Z"}
    assert len(stage.entries("review.decided")) == 1
    assert desk.get("/v1/reviews").json["reviews"] == []
    assert hr.see(check_id)["status"] == "in_progress"
    stage.forward(days=2)
    assert hr.see(check_id)["eligible"] is eligible


def test_what_was_decided_is_in_no_column(stage) -> None:
    """The audit entry names the review and who decided; which way is a commitment that its salt opens."""
    desk = stage.desk()
    check_id, review_id = stage.opened(stage.caller(), "BARRED")
    desk.post(f"/v1/reviews/{review_id}/decision", {"decision": "overturn"})
    (entry,) = stage.entries("review.decided")
    facts = json.loads(entry.facts)
    with db.read() as session:
        salt = audit.opening(session, check_id, entry.id, "decision")
    assert facts[:2] == [review_id, desk.client_id]
    assert facts[2] == audit.commitment(salt, "decision", "overturn")
    assert check_id not in f"{entry.facts}{entry.about}"


def test_decided_once(stage) -> None:
    """409 for a second decision until the release, after which no review is left; the first one stands."""
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, "BARRED")
    path = f"/v1/reviews/{review_id}"
    assert desk.post(f"{path}/decision", {"decision": "overturn"}).status_code == 200
    answer = desk.post(f"{path}/decision", {"decision": "confirm"})
    assert answer.status_code == 409
    assert answer.json["type"].endswith("/problems/review-decided")
    assert desk.get(path).status_code == 409
    stage.forward(days=2)
    assert desk.post(f"{path}/decision", {"decision": "confirm"}).status_code == 404
    assert desk.get(path).status_code == 404
    assert hr.see(check_id)["eligible"] is True


@pytest.mark.parametrize(
    ("passport", "decision"), [("BARRED", "eligible"), ("UNCLEAR", "confirm"), ("BARRED", "maybe"), ("BARRED", None)]
)
def test_decisions_that_do_not_fit(stage, passport: str, decision: str | None) -> None:
    """422 names the decisions that this review takes; it stays open."""
    desk = stage.desk()
    _, review_id = stage.opened(stage.caller(), passport)
    answer = desk.post(f"/v1/reviews/{review_id}/decision", {"decision": decision})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "decision"
    assert len(desk.get("/v1/reviews").json["reviews"]) == 1


def test_overturning_a_clear_sample_is_no_refusal(make_stage) -> None:
    """It comes back to the desk as undetermined, to be decided in words; the old review stays decided."""
    stage = make_stage(review_share=1.0)
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, "CLEAN")
    question = desk.get(f"/v1/reviews/{review_id}").json
    assert (question["why"], question["bars"], question["decisions"]) == ("sample", [], ["confirm", "overturn"])
    assert desk.post(f"/v1/reviews/{review_id}/decision", {"decision": "overturn"}).status_code == 200
    with db.read() as session:
        assert not vault.has(session, check_id, "result")
    (again,) = desk.get("/v1/reviews").json["reviews"]
    assert (again["why"], again["id"] == review_id) == ("undetermined", False)
    assert desk.post(f"/v1/reviews/{review_id}/decision", {"decision": "confirm"}).status_code == 409
    assert desk.post(f"/v1/reviews/{again['id']}/decision", {"decision": "ineligible"}).status_code == 200
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
