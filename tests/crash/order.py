"""What must be in order after everything that broke, whatever it was."""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway import audit, work
from gateway.audit.models import AuditEntry
from gateway.checks.models import Check, IdempotencyKey, Review
from gateway.consent.models import Consent
from gateway.db import db
from gateway.notices.models import Message
from gateway.work.models import Executor
from gateway.work.queue import client
from tests.crash.crowd import Crowd
from tests.crash.fleet import Fleet
from tests.crash.ledger import CLEAN, DESK, NO, YES, Asked
from tests.visitors import wait_for
from tests.walk import Walk, traces

SETTLES_SECONDS = 60

CANARIES = (
    *(word for person in (NO, YES, CLEAN, DESK) for word in (person.passport, person.name, person.born)),
    *("REF-kestrel-7731", "REF-heron-4242", "REF-dunlin-9019", "2012-05-07", "2011-03-17", "2024-01-09"),
    *("@bittern.example", "drugs.use", "drug-use-ever"),
)


def everything_is_in_order(fleet: Fleet, crowd: Crowd) -> None:
    """Nothing is lost, nothing is there twice, nothing has changed, nothing hangs, nothing tells of anybody."""
    ledger = crowd.ledger
    assert ledger.wrong == []
    assert not crowd.ledger.open()
    wait_for("an end of all work", lambda: not unfinished(), SETTLES_SECONDS)
    wait_for("an end of all messages", lambda: not messages_that_hang(), SETTLES_SECONDS)
    wait_for("an end of the dead", lambda: not left_by_the_dead(), SETTLES_SECONDS)
    with db.read() as session:
        every_request_made_one_check(session, list(ledger.asked.values()))
        for asked in ledger.asked.values():
            stands_as_it_should(session, asked, ledger.seen[asked.check_id])
        verified = audit.verify(session)
        assert verified.ok, verified.first_bad
    every_attempt_at_a_message_is_the_same(fleet)
    nothing_tells_of_anybody(fleet)


def unfinished() -> list[str]:
    """What is still to be done, except what waits for a day to come: the end of a request that nobody answers."""
    return [task for task in work.unfinished() if not task.startswith("consent.expire/")]


def left_by_the_dead() -> list[str]:
    """What processes that are no more have left undone, or have left of themselves."""
    if db.embedded:
        return []
    running = client().list_workflows(status="PENDING", load_input=False, load_output=False)
    with db.read() as session:
        alive = set(session.scalars(select(Executor.id)))
    return [row.workflow_id for row in running if row.executor_id not in alive]


def every_request_made_one_check(session: Session, asked: list[Asked]) -> None:
    """One check for each key, and none that nobody was told of."""
    assert all(one.check_id for one in asked)
    assert sorted(session.scalars(select(Check.id))) == sorted(one.check_id for one in asked)
    assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == len(asked)


def stands_as_it_should(session: Session, asked: Asked, seen: list[tuple[str, bool | None]]) -> None:
    """One answer, in the log and as the client read it; or none, for a reason that can be named."""
    entries = session.scalars(select(AuditEntry).where(AuditEntry.about == asked.check_id)).all()
    kinds = Counter(entry.kind for entry in entries)
    answered = asked.act == "agree" and asked.person.eligible is not None
    decided = {"agree": "consent.given", "decline": "consent.declined"}.get(asked.act)
    expected = {"check.requested": 1} | ({decided: 1} if decided else {}) | ({"answer": 1} if answered else {})
    assert kinds == expected, asked
    last = seen[-1]
    if not answered:
        assert last == (why_not(session, asked), None), asked
        return
    (entry,) = (entry for entry in entries if entry.kind == "answer")
    assert last == ("completed", asked.person.eligible), asked
    assert audit.covered(session, entry.id)
    assert audit.says(session, asked.check_id, entry.id, "eligible", asked.person.eligible)


def why_not(session: Session, asked: Asked) -> str:
    """How a check without an answer is seen, after a look at what it waits for."""
    if asked.act == "decline":
        return "closed"
    if asked.act == "nothing":
        consent = session.scalars(select(Consent).where(Consent.check_id == asked.check_id)).one()
        assert consent.state == "requested"
        return "awaiting_consent"
    review = session.scalars(select(Review).where(Review.check_id == asked.check_id)).one()
    assert review.decided_at is None
    return "in_progress"


def messages_that_hang() -> list[str]:
    """Those that have not gone; none may be given up."""
    with db.read() as session:
        return list(session.scalars(select(Message.id).where(Message.state != "sent")))


def every_attempt_at_a_message_is_the_same(fleet: Fleet) -> None:
    """A message may come twice; then it is the same, byte for byte."""
    if not fleet.outbox.exists():
        return
    attempts: dict[str, set[bytes]] = defaultdict(set)
    for line in fleet.outbox.read_bytes().splitlines():
        attempts[json.loads(line)["id"]].add(line)
    assert {name: lines for name, lines in attempts.items() if len(lines) > 1} == {}


def nothing_tells_of_anybody(fleet: Fleet) -> None:
    """No person's detail in a table (the engine's too), in a file, or in a line of the log."""
    assert traces(CANARIES, _places(fleet)) == []


def _places(fleet: Fleet) -> Iterator[tuple[str, bytes]]:
    with fleet.opened() as config:
        columns: dict[str, list[bytes]] = defaultdict(list)
        for place, cell in Walk(config, io.StringIO()).tables():
            columns[place].append(cell)
        yield from ((place, b"\n".join(cells)) for place, cells in columns.items())
    yield fleet.log.name, fleet.log.read_bytes()
    for path in fleet.folder.rglob("*"):
        if path.is_file() and path != fleet.outbox:  # what is meant for people
            yield path.name, path.read_bytes()
