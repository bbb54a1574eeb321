"""The call that looks at a consent receipt: open to all, by signature and content only."""

import pytest

from gateway import consent
from gateway.consent import receipt
from gateway.consent.decide import withdraw
from gateway.db import db
from gateway.front.receipts import EXAMPLE
from tests.gateway.app.test_document import answer_schema, document, fits

PATH = "/v1/consent-receipts/verify"


def issued(stage, check_id: str) -> str:
    """The receipt of a check's consent."""
    with db.read() as session:
        given = consent.decided(session, check_id)
    return receipt.issue(given)


@pytest.mark.both_databases
def test_a_receipt_is_verified_without_a_token(stage) -> None:
    """As documented; the same bytes before the answer, after it, and after the consent was withdrawn."""
    hr, client = stage.caller(), stage.app.test_client()
    check_id = hr.asked()
    stage.agree(check_id)
    text, answers = issued(stage, check_id), []
    answers.append(client.post(PATH, json={"receipt": text}))
    other = hr.asked(key="other")
    stage.agree(other)
    stage.act(other, withdraw)
    stage.forward(days=2)
    assert hr.see(check_id)["status"] == "completed"
    answers.append(client.post(PATH, json={"receipt": text}))
    assert answers[0].data == answers[1].data
    fits(document(stage), answer_schema(document(stage), "post", PATH, 200), answers[0].json)
    assert answers[0].json["signed"] is True
    assert answers[0].json["says"].keys() == EXAMPLE["says"].keys()
    withdrawn = client.post(PATH, json={"receipt": issued(stage, other)}).json
    assert withdrawn["signed"] is True
    assert {**withdrawn["says"], "given_at": "", "record_id": "", "receipt_id": ""} == {
        **answers[0].json["says"], "given_at": "", "record_id": "", "receipt_id": "",
    }  # fmt: skip


def test_what_is_not_ours_is_said(stage) -> None:
    """With the reason and nothing of its content."""
    check_id = stage.caller().asked()
    stage.agree(check_id)
    head, body, tail = issued(stage, check_id).split(".")
    client = stage.app.test_client()
    for text, why in (("x", "unreadable"), (f"{head}.{body}.{tail[:-4]}AAAA", "changed")):
        answer = client.post(PATH, json={"receipt": text})
        assert (answer.status_code, answer.json) == (200, {"signed": False, "why": why, "says": None})


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"json": {}}, 422),
        ({"json": {"receipt": ""}}, 422),
        ({"json": {"receipt": None}}, 422),
        ({"json": {"receipt": "x" * 8193}}, 422),
        ({"json": {"receipt": "x", "check": "y"}}, 422),
        ({"json": ["x"]}, 422),
        ({"data": "receipt=x", "content_type": "application/x-www-form-urlencoded"}, 415),
        ({"data": "{", "content_type": "application/json"}, 400),
    ],
)
def test_bad_messages_are_refused_by_name(stage, message: dict, status: int) -> None:
    """As problems, and what was sent is not repeated."""
    answer = stage.app.test_client().post(PATH, **message)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert "xxxx" not in answer.text


def test_no_receipt_is_looked_at_by_an_address(stage) -> None:
    """An address is kept in histories and logs."""
    client = stage.app.test_client()
    assert client.get(f"{PATH}?receipt=x").status_code == 405
    assert "address" not in client.get("/c/receipts?receipt=x").text
