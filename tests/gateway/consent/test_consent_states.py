"""What may become of a consent, and that of two acts at one moment only one is done."""

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, consent, vault, work
from gateway.audit.models import AuditEntry
from gateway.clock import Stopped
from gateway.config import Config
from gateway.consent import decide
from gateway.consent.models import Consent
from gateway.consent.states import MOVES, State
from gateway.db import db
from tests.gateway.consent.people import Request, ask, letters

pytestmark = pytest.mark.both_databases

ALLOWED = {
    ("requested", "given"),
    ("requested", "declined"),
    ("requested", "expired"),
    ("requested", "cancelled"),
    ("given", "withdrawn"),
}
ACTS: dict[State, Callable[[Session, Consent], object]] = {
    "given": decide.agree,
    "declined": decide.decline,
    "withdrawn": decide.withdraw,
    "cancelled": lambda session, row: decide.cancel(session, row.check_id),
}


def act(to: State, request: Request) -> None:
    """Do what leads to a state, in a transaction of its own."""
    if to == "expired":
        decide.expire()
        return
    with db.write() as session:
        ACTS[to](session, session.get_one(Consent, request.id))


def bring_to(state: State, request: Request, time: Stopped) -> None:
    """Bring a new request into a state."""
    if state == "withdrawn":
        act("given", request)
    if state == "expired":
        time.forward(timedelta(days=14))
    if state != "requested":
        act(state, request)
    assert request.row.state == state


def entries(request: Request) -> list[str]:
    """The audit entries of a check, in order."""
    with db.read() as session:
        return [entry.kind for entry in audit.about(session, request.check_id)]


def test_table_is_the_design() -> None:
    """The moves of DESIGN §11, and the institution's taking back before consent (§9); nothing else."""
    assert {(one, other) for one, others in MOVES.items() for other in others} == ALLOWED


@pytest.mark.parametrize(("state", "to"), list(product(MOVES, [one for one in MOVES if one != "requested"])))
def test_act_does_what_the_table_allows_and_nothing_else(app: object, time: Stopped, state: State, to: State) -> None:
    """From every state, every act: it moves, or it leaves everything as it was."""
    request = ask()
    bring_to(state, request, time)
    before = entries(request)
    if to == "expired" and state == "requested":
        time.forward(timedelta(days=14))
    act(to, request)
    moved = (state, to) in ALLOWED
    assert request.row.state == (to if moved else state)
    kind = "check.closed" if to == "cancelled" else f"consent.{to}"
    assert entries(request)[len(before) :] == ([kind] if moved else [])


def test_agreeing_starts_the_check_in_the_same_transaction(request_: Request) -> None:
    """If the transaction fails, neither the consent nor the work is there."""

    def fail() -> None:
        with db.write() as session:
            decide.agree(session, session.get_one(Consent, request_.id))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    task = f"checks.run/{request_.check_id}/now"
    assert request_.row.state == "requested"
    assert task not in work.unfinished()
    assert entries(request_) == []
    act("given", request_)
    assert task in work.unfinished()


@pytest.mark.parametrize("to", ["declined", "withdrawn", "expired"])
def test_only_agreeing_starts_the_check(request_: Request, time: Stopped, to: State) -> None:
    """Nothing else makes anything run."""
    if to == "expired":
        time.forward(timedelta(days=14))
    act(to, request_)
    assert f"checks.run/{request_.check_id}/now" not in work.unfinished()


def test_request_stands_for_fourteen_days(request_: Request, time: Stopped) -> None:
    """A second before the end it can be agreed to, at the end it cannot, whether or not the task has run."""
    other = ask()
    time.forward(timedelta(days=14) - timedelta(seconds=1))
    act("given", other)
    time.forward(timedelta(seconds=1))
    act("given", request_)
    act("declined", request_)
    assert (other.row.state, request_.row.state) == ("given", "requested")
    act("expired", request_)
    assert request_.row.state == "expired"
    assert request_.row.expires_at.isoformat() == "2026-12-04T07:20:00+00:00"


def test_expiry_waits_for_its_time_and_ends_all_that_are_due(time: Stopped, app: object) -> None:
    """More than it takes at a time; nothing that was answered, and nothing before its time."""
    due = [ask(contact=None) for _ in range(decide.BATCH + 2)]
    act("declined", due[0])
    time.forward(timedelta(seconds=1))
    later = ask(contact=None)
    time.forward(timedelta(days=14) - timedelta(seconds=2))
    decide.expire()
    assert due[-1].row.state == "requested"
    time.forward(timedelta(seconds=1))
    decide.expire()
    assert [request.row.state for request in (due[0], *due[1:])] == ["declined", *["expired"] * (len(due) - 1)]
    assert later.row.state == "requested"


def race(*acts: Callable[[], bool]) -> list[bool]:
    """Do all at the same time, each in a thread and a transaction of its own; who won."""
    ready, won = threading.Barrier(len(acts)), [False] * len(acts)

    def one(place: int) -> None:
        ready.wait()
        won[place] = acts[place]()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def in_transaction(function: Callable[[Session, Consent], bool], request: Request) -> Callable[[], bool]:
    """An act as a request of its own would do it."""

    def go() -> bool:
        with db.write() as session:
            return function(session, session.get_one(Consent, request.id))

    return go


def test_of_many_who_decide_at_once_one_decides(app: object) -> None:
    """Two tabs, a double tap: one act is done and logged, once."""
    for _ in range(5):
        request = ask()
        won = race(
            *[in_transaction(one, request) for one in (decide.agree, decide.decline, decide.agree, decide.decline)]
        )
        assert won.count(True) == 1
        assert len(entries(request)) == 1


def test_answer_that_was_withdrawn_never_leaves_and_one_that_left_is_never_withdrawn(
    app: object, time: Stopped
) -> None:
    """Withdrawal and release at the same moment cannot both win."""
    for _ in range(10):
        request = ask()
        act("given", request)
        time.forward(timedelta(days=2))
        won = race(
            in_transaction(decide.withdraw, request),
            in_transaction(lambda session, row: consent.release(session, row.check_id), request),
        )
        assert won.count(True) == 1
        row = request.row
        assert (row.state == "withdrawn") == won[0] == (row.released_at is None)


def test_guard_holds_without_the_database_lock(request_: Request) -> None:
    """A session that read the state before another changed it does not overwrite it: the statement asks again."""
    with db.write() as session:
        stale = session.get_one(Consent, request_.id)
        session.expunge(stale)
    act("given", request_)
    assert stale.state == "requested"
    with db.write() as session:
        session.add(stale)
        assert decide.decline(session, stale) is False
    assert request_.row.state == "given"


def test_withdrawn_answer_does_not_leave_when_its_time_comes(request_: Request, time: Stopped) -> None:
    """First withdrawn, then due: it stays."""
    act("given", request_)
    act("withdrawn", request_)
    time.forward(timedelta(days=2))
    with db.write() as session:
        assert consent.release(session, request_.check_id) is False
        assert consent.tell(session, request_.check_id) is False
    assert request_.row.released_at is None


def test_answer_leaves_only_at_its_time_and_only_once(request_: Request, time: Stopped) -> None:
    """Before the release time, without consent, or a second time: no."""

    def release() -> bool:
        with db.write() as session:
            return consent.release(session, request_.check_id)

    time.forward(timedelta(days=3))
    assert release() is False
    act("given", request_)
    assert release() is False
    time.forward(timedelta(days=1, hours=1))
    assert [release(), release()] == [True, False]


def test_withdrawal_is_open_until_the_answer_has_left_even_if_it_is_late(request_: Request, time: Stopped) -> None:
    """Its time has passed, the answer is still here: the subject may stop it."""
    act("given", request_)
    time.forward(timedelta(days=5))
    act("withdrawn", request_)
    assert request_.row.state == "withdrawn"


def test_subject_is_told_once_and_with_the_same_words(app: object, config: Config, time: Stopped) -> None:
    """A yes and a no are told alike; without a contact the page alone tells."""
    told = []
    for eligible in (True, False):
        request = ask()
        act("given", request)
        with db.write() as session:
            vault.put(session, request.check_id, "result", {"eligible": eligible})
            assert consent.tell(session, request.check_id) is True
            assert consent.tell(session, request.check_id) is False
        told.append({key: letters(config)[-1][key] for key in ("subject", "text", "to")})
    assert told[0] == told[1]
    silent = ask(contact=None)
    act("given", silent)
    before = len(letters(config))
    with db.write() as session:
        consent.tell(session, silent.check_id)
    assert silent.row.told_at is not None
    assert len(letters(config)) == before


def test_acts_are_logged_without_anything_about_the_person(request_: Request) -> None:
    """What the entry says: which consent, which policy, which role."""
    act("given", request_)
    with db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.kind == "consent.given")).one()
    assert entry.facts == f'["{request_.id}","cn/kindergarten","2025-06-01","teacher"]'


def test_invitation_goes_out_in_the_language_asked_for(app: object, config: Config) -> None:
    """With the link, the code and the day on which the request ends."""
    english, chinese = ask(), ask(institution="向日葵幼儿园", language="zh")
    first, second = letters(config)
    assert first["to"] == {"email": "xiaoming@mail.example"}
    assert english.asked.url in first["text"]
    assert english.asked.code in first["text"]
    assert "Friday 4 December 2026, 15:20 (Beijing time)" in first["text"]
    assert second["subject"] == "向日葵幼儿园 请您决定是否同意一项背景核查"
    assert chinese.asked.code in second["text"]
