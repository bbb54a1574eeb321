"""The adjudicator's desk: who may come in, and what is shown."""

import json
from dataclasses import replace

import pytest

from gateway.audit.models import AuditEntry
from gateway.checks import deployment
from gateway.db import db
from gateway.desk.question import COUNTS_FROM, LENGTHENED_BY, LOOKS_AT, reduced
from policies import cases
from policies.conditions import ENTRY_KEYS, SLOT_KEYS
from policies.library import Library
from policies.model import read_record
from tests.stage import reports

pytestmark = pytest.mark.both_databases


def test_the_list_names_nobody(stage) -> None:
    """Ids, policy, role, and when it is due; neither the institution nor the subject, nor why it is there."""
    hr, desk = stage.caller(), stage.desk()
    _, review_id = stage.opened(hr, "BARRED")
    answer = desk.get("/v1/reviews")
    assert answer.json == {
        "reviews": [
            {
                "id": review_id,
                "policy": {"id": "cn/kindergarten", "version": "2025-06-01"},
                "role": "teacher",
                "due_at": "2026-11-21T10:00:00Z",
            }
        ],
        "next_cursor": None,
    }


def test_the_question(stage) -> None:
    """Plain words, the law, and the entry reduced to what the bar looks at; the registry asked afresh, on record."""
    hr, desk = stage.caller(), stage.desk()
    check_id, review_id = stage.opened(hr, "BARRED")
    before = len(stage.entries("registry.asked"))
    question = desk.get(f"/v1/reviews/{review_id}").json
    assert len(stage.entries("registry.asked")) == before + 1
    assert len(stage.entries("review.looked")) == 1
    (bar,) = question["bars"]
    assert "drug use" in bar["question"]["en"]
    assert bar["cite"] == "Preschool Education Law art. 44(1)"
    (shown,) = bar["entries"]
    assert shown == {
        "counts": "yes",
        "sure": True,
        "handle": None,
        "level": "shallow",
        "entry": {
            "disposition": "penalised",
            "jurisdiction": "cn",
            "kind": "administrative",
            "offence": "drugs.use",
        },
    }
    assert (question["decisions"], question["changed"], bar["withheld"]) == (["confirm", "overturn"], False, 0)
    assert (question["why"], question["ground"], question["persons"]) == ("refusal", None, [])
    text = json.dumps(question, ensure_ascii=False)
    for hidden in ("case-1", "2012-05-05", "王小明", "BARRED", "1990-04-23", "Sunflower", check_id, hr.institution_id):
        assert hidden not in text


def test_only_the_bars_that_the_answer_turns_on(stage) -> None:
    """An undetermined check shows the bar that is unknown and the entry that leaves it open, nothing of the others."""
    stage.police.answers["MIXED"] = reports(
        {"offence": "violence", "decided_on": "2024-01-01"}, {"offence": "theft", "decided_on": "2024-01-01"}
    )
    _, review_id = stage.opened(stage.caller(), "MIXED")
    question = stage.desk().get(f"/v1/reviews/{review_id}").json
    assert [bar["holds"] for bar in question["bars"]] == ["unknown"]
    assert [shown["entry"]["offence"] for shown in question["bars"][0]["entries"]] == ["violence"]
    assert question["decisions"] == ["eligible", "ineligible"]
    assert "theft" not in json.dumps(question["bars"])


def test_an_entry_that_may_not_be_read_is_not_shown(stage) -> None:
    """A ride-hailing bar has no key to the seal: the desk is not shown the sealed penalty that stands beside."""
    sealed = {"kind": "administrative", "offence": "drugs.use", "decided_on": "2012-05-05"}
    crime = {"kind": "criminal", "disposition": "convicted", "offence": "traffic"}
    stage.police.answers["BOTH"] = reports(sealed, crime)
    hr = stage.caller("cn/ride-hailing")
    _, review_id = stage.opened(hr, "BOTH", policy="cn/ride-hailing", role="driver")
    answer = stage.desk().get(f"/v1/reviews/{review_id}")
    assert answer.json["bars"]
    assert "drugs.use" not in json.dumps(answer.json["bars"])


def test_an_entry_under_an_unknown_law_is_kept_back(stage) -> None:
    """A jurisdiction without a regime is not looked into; that there is something is all that is said."""
    stage.police.answers["ABROAD"] = reports({"jurisdiction": "nz", "kind": "criminal", "offence": "fraud.welfare"})
    deployment._deployment = replace(deployment.ours(), library=_without(deployment.ours().library, "nz"))
    _, review_id = stage.opened(stage.caller(), "ABROAD")
    question = stage.desk().get(f"/v1/reviews/{review_id}").json
    assert question["why"] == "undetermined"
    assert all((bar["entries"], bar["withheld"]) == ([], 1) for bar in question["bars"])
    assert "fraud" not in json.dumps(question["bars"])


def test_what_a_bar_does_not_look_at_is_left_out() -> None:
    """Of an entry the fields that the bar's conditions name; unknown ones are null, other traits are dropped."""
    policy = Library.shipped().version("cn/kindergarten", "2025-06-01")
    bar = next(bar for bar in policy.bars if bar.id == "teacher-crime-of-either-kind")
    (entry,) = read_record(
        {
            "entries": [
                {
                    "ref": "r", "jurisdiction": "cn", "kind": "criminal", "offence": "theft",
                    "disposition": "convicted", "traits": ["intentional", "with-injury"],
                    "decided_on": "2010-01-01", "age_at_act": 17,
                    "sentences": [{"kind": "imprisonment", "length": "P6M", "started_on": "2010-01-01"}],
                }
            ]
        }
    ).entries  # fmt: skip
    assert reduced(entry, bar) == {
        "disposition": "convicted",
        "grade": None,
        "jurisdiction": "cn",
        "kind": "criminal",
        "offence": "theft",
        "sentences": [{"indefinite": None, "kind": "imprisonment", "length": "P6M"}],
        "traits": ["intentional"],
        "traits_complete": None,
    }


def test_every_condition_is_known_to_the_desk() -> None:
    """The desk knows the fields of every condition and clock there is: one left out would hide what decides."""
    assert set(LOOKS_AT) == {*ENTRY_KEYS, *SLOT_KEYS, "points"}
    assert set(COUNTS_FROM) == {*cases.ENTRY_CLOCKS, *cases.SENTENCE_CLOCKS}
    assert set(LENGTHENED_BY) == set(cases.PLUS)


def test_the_registry_has_changed_since(stage) -> None:
    """The question says so when the answer would be another now."""
    _, review_id = stage.opened(stage.caller(), "BARRED")
    stage.police.answers["BARRED"] = []
    question = stage.desk().get(f"/v1/reviews/{review_id}").json
    assert (question["changed"], question["bars"]) == (True, [])


def test_a_registry_that_is_silent_now(stage) -> None:
    """503, and the review stays as it is."""
    desk = stage.desk()
    _, review_id = stage.opened(stage.caller(), "BARRED")
    stage.police.down = True
    answer = desk.get(f"/v1/reviews/{review_id}")
    assert answer.status_code == 503
    assert answer.json["type"].endswith("/problems/registry-silent")
    assert len(desk.get("/v1/reviews").json["reviews"]) == 1


def test_a_withdrawn_check_leaves_the_desk(stage) -> None:
    """Without consent nothing is shown, nobody is asked and nothing can be decided."""
    desk = stage.desk()
    check_id, review_id = stage.opened(stage.caller(), "BARRED")
    stage.withdraw(check_id)
    before = len(stage.police.asked)
    assert desk.get("/v1/reviews").json["reviews"] == []
    assert desk.get(f"/v1/reviews/{review_id}").status_code == 404
    assert stage.decide(desk, review_id, "confirm").status_code == 404
    assert len(stage.police.asked) == before


def test_a_desk_does_not_see_the_checks_of_its_own_institution(stage) -> None:
    """Who asks may not decide."""
    hr = stage.caller()
    _, review_id = stage.opened(hr, "BARRED")
    desk = stage.desk()
    with db.write() as session:
        clients = AuditEntry.metadata.tables["clients"]
        session.execute(clients.update().where(clients.c.id == desk.client_id).values(institution_id=hr.institution_id))
    assert desk.get("/v1/reviews").json["reviews"] == []
    assert desk.get(f"/v1/reviews/{review_id}").status_code == 404


def test_only_a_desk_may_come_in(stage) -> None:
    """The scope alone is not enough: the client must be one of a desk at this moment."""
    desk = stage.desk()
    with db.write() as session:
        clients = AuditEntry.metadata.tables["clients"]
        session.execute(clients.update().where(clients.c.id == desk.client_id).values(desk=False))
    assert desk.get("/v1/reviews").status_code == 403
    assert stage.caller().get("/v1/reviews").status_code == 403


def test_pages_of_reviews(stage) -> None:
    """Oldest first, every review once."""
    hr, desk = stage.caller(), stage.desk()
    ids = []
    for number in range(53):
        _, review_id = stage.opened(hr, "BARRED", key=str(number))
        ids.append(review_id)
    first = desk.get("/v1/reviews").json
    second = desk.get(f"/v1/reviews?cursor={first['next_cursor']}").json
    found = [review["id"] for review in first["reviews"] + second["reviews"]]
    assert (len(first["reviews"]), second["next_cursor"]) == (50, None)
    assert sorted(found) == sorted(ids)
    assert desk.get("/v1/reviews?cursor=nothing").status_code == 422


def _without(library: Library, regime: str) -> Library:
    return replace(library, regime_versions={k: v for k, v in library.regime_versions.items() if k != regime})
