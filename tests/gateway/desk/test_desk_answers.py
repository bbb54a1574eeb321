"""Is this the same person? Does this bar hold? What follows from the answers, and what is remembered of them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from gateway import vault
from gateway.checks.models import Check, Distinction
from gateway.checks.settle import CONTEST, open_review
from gateway.db import db
from gateway.desk.queue import Seat, page
from gateway.retention import due, terms
from tests.stage import Caller, Stage, reports, request_for

pytestmark = pytest.mark.both_databases

USE = {"offence": "drugs.use", "decided_on": "2012-05-05", "ref": "case-9"}
VIOLENCE = {"offence": "violence", "decided_on": "2024-01-01", "ref": "case-8"}


def answer(desk: Caller, review_id: str, question: dict[str, Any], reason: str, **answers: object) -> TestResponse:
    """Decide by answers to a question that was shown."""
    message = {"persons": {}, "bars": {}, "seen": question["seen"], "reason": reason, **answers}
    return desk.post(f"/v1/reviews/{review_id}/decision", message)


def shown(desk: Caller, review_id: str) -> dict[str, Any]:
    """The question as it is now."""
    found = desk.get(f"/v1/reviews/{review_id}")
    assert found.status_code == 200, found.text
    question: dict[str, Any] = found.json  # type: ignore[assignment]
    return question


def contest(stage: Stage, check_id: str, ground: str = "person") -> str:
    """The subject contests the answer, as `gateway.checks.contest` has it; the review's id."""
    with db.write() as session:
        check = session.get_one(Check, check_id)
        open_review(session, check, CONTEST)
        vault.put(session, check_id, "review", {"why": CONTEST, "ground": ground})
    review = stage.review(check_id)
    assert review is not None
    return review.id


def test_another_persons_entry_is_left_out_and_not_asked_about_again(stage: Stage) -> None:
    """The person is eligible, and eligible at once the next time; another person of that name is asked about anew."""
    hr, desk = stage.caller(), stage.desk()
    stage.police.answers["NAMESAKE"] = stage.police.answers["OTHER"] = reports(USE, sure=False)
    check_id, review_id = stage.opened(hr, "NAMESAKE")
    question = shown(desk, review_id)
    (person,) = question["persons"]
    assert (person["age_fits"], person["entry"]["offence"]) == ("unknown", "drugs.use")
    assert [entry["handle"] for bar in question["bars"] for entry in bar["entries"]] == [person["handle"]]
    assert person["bars"] == [bar["id"] for bar in question["bars"]]
    looks = len(stage.entries("registry.asked"))
    persons = {person["handle"]: "other"}
    assert answer(desk, review_id, question, "identifiers-agree", persons=persons).status_code == 422
    decided = answer(desk, review_id, question, "identifiers-differ", persons=persons)
    assert decided.json["decision"] == "eligible"  # type: ignore[index]
    assert len(stage.entries("registry.asked")) == looks + 2, "each time the registries were asked again, on record"
    again = hr.asked("NAMESAKE", "again")
    stage.agree(again)
    assert stage.review(again) is None
    elsewhere = {**request_for("OTHER")["subject"], "contact": {"email": "elsewhere@mail.example"}}
    other, _ = stage.opened(hr, "OTHER", subject=elsewhere)
    stage.forward(days=2)
    assert [hr.see(one)["eligible"] for one in (check_id, again, other)] == [True, True, None]
    stage.police.answers["NAMESAKE"] = reports({**USE, "decided_on": "2013-06-06"}, sure=False)
    assert stage.opened(hr, "NAMESAKE", key="reused")[0], "a number that was given again is another matter's"
    stage.police.answers["NAMESAKE"] = [*reports(USE), *reports(USE, sure=False)]
    assert stage.opened(hr, "NAMESAKE", key="sure")[0], "what a registry says for sure is never left out"
    what_is_kept_of_it_says_nothing_and_ends(stage)


def what_is_kept_of_it_says_nothing_and_ends(stage: Stage) -> None:
    """No join leads to a consent, the rows have no value of the person's in clear, and go when nobody used them."""
    with db.read() as session:
        (row,) = session.scalars(select(Distinction)).all()
        assert (row.used_in.isoformat(), len(row.matter)) == ("2026-11-01", 66)
        raw = session.execute(text("SELECT sealed FROM vault_items WHERE owner_id = :id"), {"id": row.id}).scalar_one()
        assert b"1:" not in bytes(raw)
        assert len(vault.get(session, row.id, "persons")) == 1
    stage.time.forward(terms.ours().metadata + timedelta(days=32))
    due.forget_due()
    with db.read() as session:
        assert session.scalars(select(Distinction)).all() == []
        assert not vault.has(session, row.id, "persons")


def test_the_same_person_and_what_is_open_even_so(stage: Stage) -> None:
    """Said to be the same, an entry that bars refuses; of one that leaves the bar open the person decides the bar."""
    hr, desk = stage.caller(), stage.desk()
    stage.police.answers["SAME"] = reports(USE, sure=False)
    stage.police.answers["OPEN"] = reports(VIOLENCE, sure=False)
    check_id, review_id = stage.opened(hr, "SAME")
    question = shown(desk, review_id)
    persons = {question["persons"][0]["handle"]: "same"}
    assert answer(desk, review_id, question, "identifiers-agree", persons=persons).json["decision"] == "ineligible"  # type: ignore[index]
    for said, reason, eligible in (("yes", "law-plain", False), ("no", "law-does-not-apply", True)):
        open_id, review_id = stage.opened(hr, "OPEN", key=said)
        question = shown(desk, review_id)
        persons = {question["persons"][0]["handle"]: "same"}
        (bar,) = question["bars"]
        left = answer(desk, review_id, question, reason, persons=persons)
        assert (left.status_code, left.json["errors"][0]["field"]) == (422, f"bars.{bar['id']}")  # type: ignore[index]
        odd = answer(desk, review_id, question, reason, persons=persons, bars={"no-such-bar": "no"})
        assert odd.json["errors"][0]["problem"] == "is not a bar of this review"  # type: ignore[index]
        wrong = answer(desk, review_id, question, reason, persons={}, bars={bar["id"]: said})
        assert (wrong.status_code, len(stage.entries("review.settled"))) == (422, 1 if said == "yes" else 2)
        assert answer(desk, review_id, question, reason, persons=persons, bars={bar["id"]: said}).status_code == 200
        stage.forward(days=2)
        assert hr.see(open_id)["eligible"] is eligible
    assert hr.see(check_id)["eligible"] is False
    with db.read() as session:
        assert session.scalars(select(Distinction)).all() == []


def test_the_registry_changes_between_the_question_and_the_decision(stage: Stage) -> None:
    """409, whatever has changed: an entry came, went, became sure, or says something else. Nothing was decided."""
    hr, desk = stage.caller(), stage.desk()
    first = reports(USE, sure=False)
    for name, now in {
        "came": [*first, *reports({**USE, "ref": "case-10"}, sure=False)],
        "went": [],
        "sure": reports(USE),
        "other": reports({**USE, "decided_on": "2012-05-06"}, sure=False),
    }.items():
        stage.police.answers[name.upper()] = first
        _, review_id = stage.opened(hr, name.upper())
        question = shown(desk, review_id)
        stage.police.answers[name.upper()] = now
        persons = {question["persons"][0]["handle"]: "other"}
        refused = answer(desk, review_id, question, "identifiers-differ", persons=persons)
        assert refused.status_code == 409, name
        assert refused.json["type"].endswith("/problems/review-changed")  # type: ignore[index]
        word = {"decision": "eligible", "reason": "doubt", "seen": question["seen"]}
        assert desk.post(f"/v1/reviews/{review_id}/decision", word).status_code == 409
        stage.police.down = True
        assert answer(desk, review_id, question, "doubt", persons=persons).status_code == 503
        stage.police.down = False
    assert stage.entries("review.settled") == []
    assert len(desk.get("/v1/reviews").json["reviews"]) == 4  # type: ignore[index]
    with db.read() as session:
        assert session.scalars(select(Distinction)).all() == []


def test_a_contest_goes_to_somebody_else(stage: Stage) -> None:
    """Whoever decided about this check before neither sees nor decides it; others do, in a word or by answers."""
    hr, desk, second = stage.caller(), stage.desk(), stage.desk("Another desk")
    check_id, review_id = stage.opened(hr, "BARRED")
    assert stage.decide(desk, review_id, "confirm", "law-plain").status_code == 200
    stage.forward(days=2)
    review_id = contest(stage, check_id, "fact")
    assert desk.get("/v1/reviews").json["reviews"] == []  # type: ignore[index]
    assert desk.get(f"/v1/reviews/{review_id}").status_code == 404
    assert stage.decide(desk, review_id, "confirm").status_code == 404
    (listed,) = second.get("/v1/reviews").json["reviews"]  # type: ignore[index]
    assert listed["due_at"] == "2026-11-23T10:00:00Z", "as if its answer were held anew, on the grid"
    stage.police.answers["BARRED"] = []
    question = shown(second, review_id)
    assert (question["why"], question["ground"], question["changed"]) == ("contest", "fact", True)
    assert question["decisions"] == ["confirm", "overturn"]
    stage.police.answers["BARRED"] = reports(USE)
    question = shown(second, review_id)
    (bar,) = question["bars"]
    assert (question["changed"], bar["holds"]) == (False, "yes")
    decided = answer(second, review_id, question, "law-does-not-apply", bars={bar["id"]: "no"})
    assert decided.json["decision"] == "overturn"  # type: ignore[index]
    assert desk.get(f"/v1/reviews/{review_id}").status_code in (404, 409)


def test_the_order_says_nothing(make_stage) -> None:
    """By the time at which each is due, then by chance; what a seat does not cover is not there for it."""
    stage = make_stage(review_share=1.0)
    hr = stage.caller("cn/kindergarten", "gb-eaw/enhanced")
    ids = [stage.opened(hr, passport)[1] for passport in ("BARRED", "CLEAN", "UNCLEAR")]
    stage.time.forward(timedelta(hours=5))
    late = stage.opened(hr, "BARRED", key="late")[1]
    stage.time.forward(timedelta(hours=-2))
    between = stage.opened(hr, "CLEAN", key="between")[1]
    desk = stage.desk()
    listed = desk.get("/v1/reviews").json["reviews"]
    assert [one["id"] for one in listed] == [*sorted(ids), between, late]
    assert {frozenset(one) for one in listed} == {frozenset({"id", "policy", "role", "due_at"})}
    with db.read() as session:
        assert page(session, Seat("stf_x", covers=lambda jurisdiction: jurisdiction == "gb-eaw"))[0] == []
        assert len(page(session, Seat("stf_x", covers=lambda jurisdiction: jurisdiction == "cn"))[0]) == 5
