"""What is wrong with a request is said by field, and nothing is lost or kept."""

import base64
import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.checks.models import Check, IdempotencyKey
from gateway.db import db
from tests.databases import tamper
from tests.stage import request_for

CANARY = "曾祖母的秘密 Ünïcörn-7"


def changed(message: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """The message with another value at a place such as `subject.ids.0.value`."""
    target: Any = message
    *steps, last = place.split(".")
    for step in steps:
        target = target[int(step) if step.isdigit() else step]
    target[int(last) if last.isdigit() else last] = value
    return message


def refused(stage, answer, status: int) -> dict[str, Any]:
    """The problem of an answer; nothing was kept, and nothing personal was repeated."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "王小明" not in answer.text
    assert "CLEAN" not in answer.text
    assert "Traceback" not in answer.text
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Check)) == 0
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
    return json.loads(answer.text)


@pytest.mark.parametrize(
    ("place", "value", "field", "problem"),
    [
        ("policy", "cn/kindergarden", "policy", "is not a policy here; see GET /v1/roles"),
        ("policy", None, "policy", "must not be null"),
        ("policy", 7, "policy", "must be text"),
        ("role", "astronaut", "role", "is not a role of cn/kindergarten; see GET /v1/roles"),
        ("purpose", "curiosity", "purpose", "must be one of hiring, transfer, re-check"),
        ("reference", "x" * 101, "reference", "must be at most 100 characters long"),
        ("reference", "a\nb", "reference", "must not contain control characters"),
        ("subject", [], "subject", "must be an object"),
        ("subject.names", [], "subject.names", "must be 1 to 10 names"),
        ("subject.names", "王小明", "subject.names", "must be a list"),
        ("subject.names.0", "王小明", "subject.names[0]", "must be an object"),
        ("subject.names.0.full", "", "subject.names[0].full", "must not be empty"),
        ("subject.names.0.full", "王\u0007明", "subject.names[0].full", "must not contain control characters"),
        ("subject.names.0.full", "\ud800", "subject.names[0].full", "must not contain control characters"),
        ("subject.names.0.full", "王" * 201, "subject.names[0].full", "must be at most 200 characters long"),
        ("subject.names.0.script", "chinese", "subject.names[0].script", "must be the code of a script"),
        ("subject.born", "1899-12-31", "subject.born", "must not be before 1900"),
        ("subject.born", "2026-11-21", "subject.born", "must not be in the future"),
        ("subject.born", "23/04/1990", "subject.born", "must be a day such as 1990-04-23"),
        ("subject.born", 19900423, "subject.born", "must be a day such as 1990-04-23"),
        ("subject.ids.0.type", "library-card", "subject.ids[0].type", "must be one of cn-resident-id"),
        ("subject.ids.0", {"type": "passport"}, "subject.ids[0].value", "is missing"),
        (
            "subject.ids.0",
            {"type": "cn-resident-id", "value": "110105194912310021"},
            "subject.ids[0].value",
            "is not a valid cn-resident-id: its check digit does not fit",
        ),
        (
            "subject.ids.0",
            {"type": "cn-resident-id", "value": "11010519491231002X"},
            "subject.born",
            "does not fit subject.ids[0]",
        ),
        ("subject.contact", {}, "subject.contact", "must have email or phone"),
        ("subject.contact", {"email": "nobody"}, "subject.contact.email", "must be an e-mail address"),
        ("subject.contact", {"phone": "0138"}, "subject.contact.phone", "must be a telephone number"),
        ("surprise", 1, "surprise", "is not a field here"),
        ("subject.shoe_size", 43, "subject.shoe_size", "is not a field here"),
        ("subject.names.0.nickname", "x", "subject.names[0].nickname", "is not a field here"),
    ],
)
def test_a_wrong_field_is_named(stage, place: str, value: object, field: str, problem: str) -> None:
    """422 names the field by its place and says what would be right."""
    hr = stage.caller()
    answer = hr.post("/v1/checks", changed(request_for("CLEAN"), place, value), {"Idempotency-Key": "k"})
    (error,) = refused(stage, answer, 422)["errors"]
    assert error["field"] == field
    assert error["problem"].startswith(problem)


def test_a_person_without_a_contact(make_stage) -> None:
    """Where the proof is a code to the contact, a request without one is refused; at a provider nobody needs it."""
    message = request_for("CLEAN")
    del message["subject"]["contact"]
    answer = make_stage().caller().post("/v1/checks", message, {"Idempotency-Key": "k"})
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"field": "subject.contact", "problem": "is needed here"}]


def test_all_wrong_fields_are_named_at_once(stage) -> None:
    """An empty message names everything that is missing."""
    answer = stage.caller().post("/v1/checks", {}, {"Idempotency-Key": "k"})
    fields = {error["field"] for error in refused(stage, answer, 422)["errors"]}
    assert fields == {"policy", "role", "purpose", "subject"}


def test_a_name_that_is_no_field_name_is_not_repeated(stage) -> None:
    """The name of an unknown field is told back only if it can be one."""
    wrong = changed(request_for("CLEAN"), "x" * 500 + "\ud800", 1)
    answer = stage.caller().post("/v1/checks", wrong, {"Idempotency-Key": "k"})
    assert refused(stage, answer, 422)["errors"][0]["field"] == "(a name that is no field name)"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"policy": "cn/kinder', "The body is not well-formed JSON."),
        (b"\xff\xfe{}", "The body is not well-formed JSON."),
        (b"[" * 30_000, "The body is nested too deeply."),
        (b'{"policy": ' + b"9" * 60_000 + b"}", "A number in the body is too long."),
    ],
)
def test_what_is_not_json(stage, body: bytes, told: str) -> None:
    """400 for a body that cannot be read."""
    hr = stage.caller()
    answer = hr.post("/v1/checks", headers={"Idempotency-Key": "k"}, data=body, content_type="application/json")
    assert refused(stage, answer, 400)["detail"] == told


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"7"])
def test_json_that_is_no_message(stage, body: bytes) -> None:
    """422 for JSON that is not an object."""
    hr = stage.caller()
    answer = hr.post("/v1/checks", headers={"Idempotency-Key": "k"}, data=body, content_type="application/json")
    assert refused(stage, answer, 422)["errors"] == [{"field": "body", "problem": "the message must be an object"}]


def test_another_content_type(stage) -> None:
    """415: a form is not read as an empty message."""
    hr = stage.caller()
    answer = hr.post("/v1/checks", headers={"Idempotency-Key": "k"}, data={"policy": "cn/kindergarten"})
    refused(stage, answer, 415)


def test_an_oversized_body(stage) -> None:
    """413 before anything of the body is looked at."""
    wrong = changed(request_for("CLEAN"), "subject.names", [{"full": "王小明"}] * 5000)
    problem = refused(stage, stage.caller().post("/v1/checks", wrong, {"Idempotency-Key": "k"}), 413)
    assert problem["detail"] == "The body may have at most 65536 bytes."


@pytest.mark.parametrize("key", [None, "", "x" * 256, "clé"])
def test_a_key_that_is_missing_or_malformed(stage, key: str | None) -> None:
    """400 names the header."""
    headers = {} if key is None else {"Idempotency-Key": key}
    problem = refused(stage, stage.caller().post("/v1/checks", request_for("CLEAN"), headers), 400)
    assert problem["detail"].startswith("The header Idempotency-Key ")


def test_a_role_that_the_institution_is_not_registered_for(stage) -> None:
    """403 names the policy and the role."""
    hr = stage.caller("cn/kindergarten:carer")
    problem = refused(stage, hr.ask(), 403)
    assert problem["type"] == "http://localhost:8000/problems/not-registered-for-role"
    assert problem["detail"] == "Sunflower Kindergarten is not registered for cn/kindergarten, role teacher."
    refused(stage, hr.ask(policy="cn/physician", role="physician"), 403)
    assert hr.ask(role="carer").status_code == 201


def test_a_policy_with_no_version_in_force(stage) -> None:
    """409 says so, and nothing is kept."""
    stage.time.forward(timedelta(days=-(stage.time.at.date() - date(2024, 1, 1)).days))
    problem = refused(stage, stage.caller().ask(), 409)
    assert problem["type"].endswith("/problems/no-policy-in-force")


def test_a_token_of_another_institution(stage) -> None:
    """Another institution's check is not there, in the same words as one that never was."""
    hr, other = stage.caller(), stage.caller(name="Another Kindergarten")
    check_id = hr.asked()
    never = check_id[:-1] + ("a" if check_id[-1] != "a" else "b")
    answers = [other.get(f"/v1/checks/{name}") for name in (check_id, never)]
    answers += [other.post(f"/v1/checks/{name}/cancel") for name in (check_id, never)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    assert other.get("/v1/checks").json["checks"] == []
    assert other.get("/v1/checks?reference=applicant-2041").json["checks"] == []


def test_an_expired_token(stage) -> None:
    """401 with a challenge, and nothing else."""
    hr = stage.caller()
    headers = hr.headers()
    stage.time.forward(timedelta(minutes=11))
    answer = stage.app.test_client().get("/v1/checks", headers=headers)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_personal_data_in_a_refused_request_is_not_repeated(stage) -> None:
    """Whatever is wrong, the values of the message are not in the answer."""
    wrong = changed(request_for("CLEAN"), "subject.names.0.full", CANARY + "\n")
    wrong = changed(wrong, "subject.born", CANARY)
    wrong = changed(wrong, "subject.ids.0.value", CANARY * 9)
    wrong = changed(wrong, "subject.contact", {"email": CANARY, "phone": CANARY})
    answer = stage.caller().post("/v1/checks", wrong, {"Idempotency-Key": "k"})
    refused(stage, answer, 422)
    assert CANARY not in json.dumps(answer.json, ensure_ascii=False)


@pytest.mark.both_databases
@pytest.mark.parametrize("path", ["/v1/checks/chk_%00", "/v1/checks?cursor=%00", "/v1/checks?reference=%00", "/c/%00"])
def test_a_null_character_finds_nothing(stage, path: str) -> None:
    """PostgreSQL has no room for it in a text; it is as wrong as any other character that no id has."""
    assert stage.caller().get(path).status_code in (200, 404, 422)


@pytest.mark.both_databases
def test_a_null_character_in_a_token_names_no_key(stage) -> None:
    """What nobody has signed is refused, whatever it says."""
    header = base64.urlsafe_b64encode(b'{"alg":"ES256","typ":"at+jwt","kid":"\\u0000"}').decode().rstrip("=")
    answer = stage.app.test_client().get("/v1/checks", headers={"Authorization": f"Bearer {header}.e30.{'A' * 86}"})
    assert answer.status_code == 401


def test_a_tampered_row_of_the_vault(stage) -> None:
    """A stored value that was changed is noticed: 500 with an incident, and no stack trace."""
    hr = stage.caller()
    check_id = hr.asked()
    tamper(f"UPDATE vault_items SET sealed = zeroblob(200) WHERE owner_id = '{check_id}'")
    answer = hr.get(f"/v1/checks/{check_id}")
    assert answer.status_code == 500
    assert answer.json["type"].endswith("/problems/stored-data-damaged")
    assert answer.json["incident"].startswith("req_")
    assert "Traceback" not in answer.text


def test_a_key_that_is_personal_data_is_not_told_back(stage) -> None:
    """An unknown field is refused by its name, unless that is no name of a field: it might be a person's."""
    answer = stage.caller().ask(**{"王小明 110105199004230019": "x"})
    assert answer.status_code == 422
    assert "110105199004230019" not in answer.text
    assert "王小明" not in answer.text
    assert answer.json["errors"]
