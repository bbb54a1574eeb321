"""A message from the transaction that queues it to the outbox, and what is left of it afterwards."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import clock, notices, vault, work
from gateway.clock import Stopped
from gateway.config import Config
from gateway.db import Database, db
from gateway.notices.models import Message
from gateway.notices.send import MOST_POSTED

AT = datetime(2026, 11, 20, 7, 20, tzinfo=UTC)
TO = {"email": "canary-person@mail.example"}
FACTS = {"code": "424242", "minutes": "10"}


@pytest.fixture
def stopped(database: Database, config: Config) -> Iterator[Stopped]:
    """An outbox, a database, and a clock that the test moves."""
    notices.init(config)
    with clock.stopped(AT) as stopped:
        yield stopped


def queue(**changes: object) -> str:
    """Queue a message and return its id."""
    with db.write() as session:
        return notices.send(session, TO, "code", "en", **{**FACTS, **changes})  # type: ignore[arg-type]


def sent(config: Config) -> list[dict[str, object]]:
    """What is in the outbox."""
    path = Path(config.outbox.removeprefix("file:"))
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def state(message_id: str) -> str:
    """What became of a message."""
    with db.read() as session:
        return session.get_one(Message, message_id).state


def on_disk(config: Config) -> bytes:
    """Everything that the database keeps, the write-ahead log too."""
    path = config.database_url.removeprefix("sqlite:///")
    return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())


@pytest.mark.both_databases
def test_message_is_sent_once(stopped: Stopped, config: Config) -> None:
    """A task that is done twice sends once."""
    message_id = queue()
    notices.deliver(message_id)
    notices.deliver(message_id)
    assert [line["to"] for line in sent(config)] == [TO]
    assert "424242" in str(sent(config)[0]["text"])
    assert state(message_id) == "sent"


@pytest.mark.both_databases
def test_message_of_a_transaction_that_fails_is_not_sent(stopped: Stopped, config: Config) -> None:
    """What was not done is not told."""
    queued = []

    def act() -> None:
        with db.write() as session:
            queued.append(notices.send(session, TO, "code", "en", **FACTS))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    notices.deliver(queued[0])
    assert sent(config) == []
    assert work.unfinished() == []


def test_contact_and_code_are_nowhere_in_clear_and_are_forgotten(stopped: Stopped, config: Config) -> None:
    """The database has them encrypted until the message has gone, and not at all afterwards."""
    message_id = queue()
    assert b"canary-person" not in on_disk(config)
    assert b"424242" not in on_disk(config)
    notices.deliver(message_id)
    with db.read() as session, pytest.raises(vault.Shredded):
        vault.get(session, message_id, "letter")


def test_withheld_message_reaches_nobody(stopped: Stopped, config: Config) -> None:
    """It is kept, queued and forgotten like any other."""
    message_id = queue(withheld=True)
    assert work.unfinished() == [f"notices.deliver/{message_id}/now"]
    notices.deliver(message_id)
    assert sent(config) == []
    assert state(message_id) == "dropped"
    with db.read() as session, pytest.raises(vault.Shredded):
        vault.get(session, message_id, "letter")


@pytest.mark.both_databases
def test_message_that_comes_too_late_is_not_sent(stopped: Stopped, config: Config) -> None:
    """An old code would only confuse."""
    message_id = queue(until=AT + timedelta(minutes=10))
    stopped.forward(timedelta(minutes=10))
    notices.deliver(message_id)
    assert sent(config) == []
    assert state(message_id) == "dropped"


@pytest.mark.both_databases
def test_outbox_that_is_away_is_tried_again_ever_more_slowly(stopped: Stopped, config: Config) -> None:
    """The message waits, and goes when the outbox is back."""
    path = Path(config.outbox.removeprefix("file:"))
    path.mkdir()
    message_id = queue()
    waits = []
    for _ in range(10):
        with pytest.raises(work.Later) as later:
            notices.deliver(message_id)
        waits.append(later.value.seconds)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    path.rmdir()
    notices.deliver(message_id)
    assert len(sent(config)) == 1


def test_unknown_template_or_missing_fact_is_refused_at_once(stopped: Stopped) -> None:
    """The one who sends is told, not the task that delivers."""
    with pytest.raises(KeyError), db.write() as session:
        notices.send(session, TO, "gossip", "en")
    with pytest.raises(KeyError), db.write() as session:
        notices.send(session, TO, "code", "en", code="424242")


def test_durable_work_delivers(working: Database, config: Config) -> None:
    """Queued in a transaction, in the outbox soon after, by the real engine."""
    notices.init(config)
    message_id = queue()
    until = time.monotonic() + 10
    while state(message_id) == "queued" and time.monotonic() < until:
        time.sleep(0.05)
    assert [line["id"] for line in sent(config)] == [message_id]


def written() -> str:
    """Insert a message without a task and return its id."""
    rows = notices.letter(TO, "code", "en", until=AT + timedelta(days=1), **FACTS)
    db.insert(rows)
    return str(rows[0].id)  # type: ignore[attr-defined]


@pytest.mark.both_databases
def test_messages_that_were_written_get_their_tasks_the_oldest_first(stopped: Stopped) -> None:
    """So many at a time; a second look makes no second task."""
    first = [written() for _ in range(MOST_POSTED)]
    stopped.forward(timedelta(seconds=1))
    later = written()
    assert notices.beyond(MOST_POSTED)
    notices.post()
    assert ({state(one) for one in first}, state(later)) == ({"queued"}, "written")
    assert sorted(work.unfinished()) == sorted(f"notices.deliver/{one}/now" for one in first)
    assert not notices.beyond(1)
    notices.post()
    notices.post()
    assert sorted(work.unfinished()) == sorted(f"notices.deliver/{one}/now" for one in [*first, later])


@pytest.mark.both_databases
def test_a_message_that_was_written_goes_as_any_other(stopped: Stopped, config: Config) -> None:
    """It says the same, and is forgotten when it has gone; nothing brings it back."""
    message_id = written()
    notices.deliver(message_id)
    notices.post()
    assert state(message_id) == "sent"
    assert work.unfinished() == []
    assert "424242" in str(sent(config)[0]["text"])
    with db.read() as session, pytest.raises(vault.Shredded):
        vault.get(session, message_id, "letter")


def test_durable_work_delivers_what_was_written(working: Database, config: Config) -> None:
    """The real engine's periodic task finds it."""
    notices.init(config)
    message_id = written()
    until = time.monotonic() + 10
    while state(message_id) != "sent" and time.monotonic() < until:
        time.sleep(0.05)
    assert [line["id"] for line in sent(config)] == [message_id]
