"""A request sent twice makes one check."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from gateway import clock, vault
from gateway.checks import once
from gateway.checks.models import Check, IdempotencyKey
from gateway.db import db, new_id
from gateway.notices.models import Message
from gateway.vault import keyfile
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


def test_a_key_under_a_former_key_of_the_index(stage, tmp_path: Path) -> None:
    """The key of the blind index was changed, and the row is still under the former one."""
    hr = stage.caller()
    first = hr.ask(key="k1")
    keyfile.create(tmp_path / "keys", [keyfile.new("index", "2")])
    vault.init(stage.config.keks, stage.config.index_key, tmp_path / "keys")
    assert hr.ask(key="k1").data == first.data
    assert hr.ask("BARRED", key="k1").status_code == 422
    assert hr.ask("BARRED", key="k2").status_code == 201
    assert checks_kept() == 2


def test_what_meets_a_row_of_somebody_else_is_made_anew(stage) -> None:
    """Two requests draw the same short code, say: the second draws again, and nothing of the first try is kept."""
    hr = stage.caller()
    hr.asked(key="k1")
    with db.read() as session:
        taken = session.scalars(select(Message.id)).one()
    tries = [new_id("msg"), taken], [new_id("msg"), new_id("msg")]
    left = list(tries)

    def make() -> once.Made:
        soon = clock.now() + timedelta(days=1)
        rows = [letter_row(one, soon) for one in left.pop(0)]
        return once.Made("chk_none", b"the answer", rows)

    assert once.answer(hr.client_id, "k2", {"a": "message"}, make) == b"the answer"
    with db.read() as session:
        assert set(session.scalars(select(Message.id))) == {taken, *tries[1]}


def letter_row(message_id: str, until: datetime) -> Message:
    """A message's row."""
    return Message(id=message_id, template="code", language="en", created_at=clock.now(), until=until)


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
    """Requests with one key that come at the same time: one check, and all get its answer."""
    hr = stage.caller()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: hr.ask(key="k1"), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
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


def test_who_comes_of_age_meanwhile(stage) -> None:
    """The same request sent again is answered as at first, though it would be refused today; another one is refused."""
    hr, message = stage.caller(), request_for("CLEAN")
    person = {"names": [{"full": "Li Hua"}], "born": "1980-01-01", "ids": [], "contact": {"email": "li@mail.example"}}
    message["subject"] |= {"born": "2008-11-21", "guardian": person}
    first = hr.post("/v1/checks", message, {"Idempotency-Key": "k1"})
    stage.time.forward(timedelta(days=1))
    again = hr.post("/v1/checks", message, {"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert hr.post("/v1/checks", message, {"Idempotency-Key": "k2"}).status_code == 422
    assert hr.post("/v1/checks", {**message, "reference": "other"}, {"Idempotency-Key": "k1"}).status_code == 422
    assert checks_kept() == 1
