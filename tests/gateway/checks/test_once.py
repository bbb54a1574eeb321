"""A request sent twice makes one check."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from gateway.checks import once
from gateway.checks.models import Check, IdempotencyKey
from gateway.db import db
from tests.stage import request_for

pytestmark = pytest.mark.both_databases


def checks_kept() -> int:
    """How many checks there are."""
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Check)) or 0


def test_the_first_answer_is_given_again_byte_for_byte(stage) -> None:
    """The same key and body get the same bytes, with the way to the consent, also when time has passed."""
    hr = stage.caller()
    first = hr.ask(key="k1")
    stage.decline(first.json["id"])
    stage.time.forward(timedelta(days=3))
    again = hr.ask(key="k1")
    assert (again.status_code, again.data) == (first.status_code, first.data) == (201, first.data)
    assert again.json["consent"]["code"]
    assert checks_kept() == 1


def test_the_order_of_fields_does_not_matter(stage) -> None:
    """The same message written otherwise is the same message."""
    hr = stage.caller()
    first = hr.post("/v1/checks", request_for("CLEAN"), {"Idempotency-Key": "k"})
    backwards = dict(reversed(request_for("CLEAN").items()))
    assert hr.post("/v1/checks", backwards, {"Idempotency-Key": "k"}).data == first.data


def test_a_key_with_another_message(stage) -> None:
    """422: a key stands for one message."""
    hr = stage.caller()
    hr.asked("CLEAN", key="k1")
    answer = hr.ask("BARRED", key="k1")
    assert answer.status_code == 422
    assert answer.json["type"].endswith("/problems/idempotency-key-reused")
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert checks_kept() == 1


def test_keys_belong_to_their_client(stage) -> None:
    """Two clients may use the same key without meeting."""
    one, other = stage.caller(), stage.caller(name="Another Kindergarten")
    assert one.asked("CLEAN", key="k1") != other.asked("BARRED", key="k1")


def test_while_the_first_is_running(stage) -> None:
    """409 until the first request has its answer; when its process has died, the key is taken over."""
    hr = stage.caller()
    once.claim(hr.client_id, "k1", request_for("CLEAN"))
    answer = hr.ask(key="k1")
    assert answer.status_code == 409
    assert answer.json["type"].endswith("/problems/idempotency-key-in-use")
    stage.time.forward(once.LEASE)
    assert hr.ask(key="k1").status_code == 201
    assert checks_kept() == 1


def test_an_attempt_that_was_taken_over_keeps_nothing(stage) -> None:
    """Of two attempts at one request only the later may answer."""
    hr = stage.caller()
    slow = once.claim(hr.client_id, "k1", request_for("CLEAN"))
    stage.time.forward(once.LEASE)
    assert hr.ask(key="k1").status_code == 201
    with pytest.raises(once.StillRunning), db.write() as session:
        once.answer(session, slow, b"another answer")
    once.give_up(slow)
    assert hr.ask(key="k1").status_code == 201
    assert checks_kept() == 1


def test_a_request_that_failed_frees_its_key(stage) -> None:
    """What failed may be sent again; nothing of it was kept."""
    hr = stage.caller()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE consents RENAME TO gone")
    assert hr.ask(key="k1").status_code in (500, 503)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO consents")
    assert checks_kept() == 0
    assert hr.ask(key="k1").status_code == 201


def test_many_at_once_make_one_check(stage) -> None:
    """Requests with one key that come at the same time: one check, and no answer but the first or 409."""
    hr = stage.caller()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: hr.ask(key="k1"), range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert checks_kept() == 1


def test_neither_key_nor_message_is_kept_in_clear(stage) -> None:
    """Keys may name people; what is kept of key and message is a keyed hash."""
    hr = stage.caller()
    hr.asked(key="for-wang-xiaoming")
    with db.read() as session:
        row = session.scalars(select(IdempotencyKey)).one()
    assert "wang" not in f"{row.key_index}{row.body_index}"
    assert len(row.key_index) == len(row.body_index) == len("1:") + 64


def test_the_role_is_looked_at_again(stage) -> None:
    """An institution that lost a role does not get old answers for it either."""
    hr = stage.caller()
    hr.asked(key="k1")
    with db.write() as session:
        institutions = Check.metadata.tables["institutions"]
        session.execute(update(institutions).values(policies=["cn/physician"]))
    assert hr.ask(key="k1").status_code == 403
