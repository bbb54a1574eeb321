"""A lease over its years: repeated on its day and on no other, renewed, ended; on both databases."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.checks.run import run
from gateway.consent import record
from gateway.consent.models import Consent
from gateway.db import Base, db
from gateway.leases import repeat
from gateway.notices.models import Message
from tests.gateway.consent.people import Person, deliver
from tests.gateway.leases.conftest import MINORS, new_rules, ticked
from tests.stage import RELEASE, Caller, Stage
from tests.walk import traces

pytestmark = pytest.mark.both_databases


class Subject(Person):
    """The person the checks are about, with the link of the first request."""

    def __init__(self, stage: Stage, link: str) -> None:
        super().__init__(stage.app)
        self.stage = stage
        self.link = link

    def letters(self) -> list[dict[str, str]]:
        """All that was sent to them."""
        deliver()
        file = Path(self.stage.config.outbox.removeprefix("file:"))
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]

    def proves(self) -> None:
        """Opens the link and proves who they are."""
        self.open(self.link)
        self.send()
        self.send(name="王小明", year="1990", month="4", day="23")
        self.send(code=[m[1] for one in self.letters() if (m := re.search(r"\b(\d{6})\b", one["text"]))][-1])


def consent_of(check_id: str) -> Consent:
    """The row of a check's consent."""
    with db.read() as session:
        return session.scalars(select(Consent).where(Consent.check_id == check_id)).one()


def made(hr: Caller, passport: str = "CLEAN") -> tuple[str, str]:
    """A request with a lease: the check's id and the link's path."""
    answer = hr.ask(passport, policy=MINORS, role="staff", lease="P3Y").json
    assert answer is not None
    assert answer["lease"] is None
    return answer["id"], answer["consent"]["url"].removeprefix("http://localhost:8000")


def test_a_lease_over_three_years(stage: Stage) -> None:
    """Asked for, read, given; one re-check a year and only from its day on, whatever happens before, one for a day that
    was missed; renewed in the last days; ended, and seen to be ended at a time of the grid."""
    hr = stage.caller(MINORS)
    first, link = made(hr)
    subject = Subject(stage, link)
    subject.proves()
    assert "Until 20 November 2029, and not longer." in subject.text
    assert "20 November 2027 20 November 2028 20 November 2029" in subject.text
    subject.send(decision="agree")
    run(first)
    assert hr.see(first)["lease"] is None
    stage.until(RELEASE)
    seen = hr.see(first)
    assert seen["lease"] == {"until": "2029-11-20", "next": "2027-11-20"}

    # Nothing brings the day nearer: not a new entry, not the tick; a minute before midnight in Beijing is too early.
    asked = len(stage.police.asked)
    stage.police.answers["CLEAN"] = stage.police.answers["BARRED"]
    assert ticked(stage, hr, "2027-11-19T15:59:00") == [first]
    assert len(stage.police.asked) == asked
    stage.police.answers["CLEAN"] = []
    second, _ = ticked(stage, hr, "2027-11-19T16:00:00")
    repeat.keep_all()
    assert ticked(stage, hr, "2027-11-20T09:00:00") == [second, first]
    ordinary = hr.asked("CLEAN", key="ordinary", policy=MINORS, role="staff")
    stage.agree(ordinary)
    assert set(hr.see(second)) == set(hr.see(ordinary))
    own = {"id", "created_at", "expires_at", "release_at"}
    one, other = ({name: said for name, said in hr.see(each).items() if name not in own} for each in (second, ordinary))
    assert one == other, "an ordinary check"
    assert hr.see(first)["lease"] == {"until": "2029-11-20", "next": "2028-11-20"}
    run(second)
    stage.forward(days=2)
    assert (hr.see(second)["status"], hr.see(second)["eligible"], hr.see(second)["lease"]) == ("completed", True, None)
    assert consent_of(second).lease_of == consent_of(first).id

    # The machine stood still for a year and more: one re-check is made, not several.
    found = ticked(stage, hr, "2029-02-03T00:00:00")
    assert len(found) == 4
    assert hr.see(first)["lease"] == {"until": "2029-11-20", "next": "2029-11-20"}
    run(found[0])
    stage.forward(days=2)

    # Thirty days before the end, once.
    before = len(subject.letters())
    ticked(stage, hr, "2029-10-20T15:59:00")
    assert len(subject.letters()) == before
    ticked(stage, hr, "2029-10-20T16:00:00")
    repeat.keep_all()
    (letter,) = subject.letters()[before:]
    assert "20 November 2029" in letter["text"] or "2029年11月20日" in letter["text"]

    subject.proves()
    assert "You can renew it" in subject.text
    subject.open(f"{subject.path.rpartition('/')[0]}/lease/renew")
    assert "until 20 November 2032" in subject.text
    subject.send()
    assert "until 20 November 2032" in subject.text
    assert "You can renew it" not in subject.text
    assert hr.see(first)["lease"] == {"until": "2032-11-20", "next": "2029-11-20"}

    # A re-check opens from the page of the first with the same proof, and nothing else does.
    recheck = consent_of(found[0]).id
    subject.send(path=f"{subject.path.rpartition('/')[0]}/lease/checks/{recheck}")
    assert "It was repeated because you agreed to that" in subject.text
    assert "The answer Yes" in subject.text
    assert subject.path == f"/c/{recheck}/status"
    subject.open(f"/c/{recheck}/receipt")
    assert "20 November 2026" in subject.text
    home = f"/c/{consent_of(first).id}"
    subject.open(f"{home}/status")
    assert subject.send(path=f"{home}/lease/checks/{consent_of(ordinary).id}").status_code == 404

    # The receipt says the term that was agreed to, whatever came later; a re-check's says the same act.
    given = {"event_time": "2026-11-20T09:07:13Z", "event_state": "ConsentGiven", "validity_duration": "P3Y"}
    for one in (first, found[0]):
        with db.read() as session:
            agreed = record.as_agreed(session, consent_of(one))
        assert given.items() <= agreed["events"][0].items()
        assert agreed["schema_version"].endswith("sealgate-2")

    # The third; then the subject ends it, and what is under way goes with it.
    third = ticked(stage, hr, "2029-11-20T00:30:00")[0]
    run(third)
    subject.proves()
    subject.open(f"{home}/lease/end")
    subject.send()
    assert consent_of(third).state == "withdrawn"
    assert hr.see(first)["lease"] == {"until": "2032-11-20", "next": "2030-11-20"}
    assert hr.see(third)["status"] == "in_progress"
    stage.until(stage.time.at.replace(minute=0) + timedelta(hours=1))
    assert hr.see(first)["lease"] is None
    stage.forward(days=2)
    assert hr.see(third)["status"] == "closed"
    count = len(hr.get("/v1/checks").json["checks"])  # type: ignore[index]
    assert len(ticked(stage, hr, "2030-11-21T00:00:00")) == count
    assert [entry.kind for kind in ("given", "renewed", "ended") for entry in stage.entries(f"lease.{kind}")] == [
        "lease.given", "lease.renewed", "lease.ended",
    ]  # fmt: skip
    assert traces(("王小明", "1990-04-23", "applicant-2041", "somebody@mail.example"), tables()) == []


def test_other_rules_ask_nobody_but_the_subject(stage: Stage) -> None:
    """Under another version no registry is asked: the subject gets a request of its own, and the old lease is over."""
    hr = stage.caller(MINORS)
    first, link = made(hr)
    stage.agree(first)
    stage.until(RELEASE)
    asked = len(stage.police.asked)
    new_rules(stage, "2027-06-01")
    new, _ = ticked(stage, hr, "2027-11-20T00:00:00")
    repeat.keep_all()
    seen = hr.see(new)
    assert (seen["status"], seen["policy"]["version"]) == ("awaiting_consent", "2027-06-01")
    assert hr.see(first)["lease"] == {"until": "2029-11-20", "next": "2028-11-20"}, "ended, and seen on the grid"
    stage.forward(hours=1)
    assert hr.see(first)["lease"] is None
    assert len(stage.police.asked) == asked
    (ended,) = stage.entries("lease.ended")
    assert "rules-changed" in ended.facts
    assert len([one for one in messages() if one.template == "invitation"]) == 2

    subject = Subject(stage, link)
    subject.proves()
    assert "This ended on Saturday 20 November 2027" in subject.text
    assert "A new request, which waits for you" in subject.text
    home = subject.path.rpartition("/")[0]
    subject.send(path=f"{home}/lease/checks/{consent_of(new).id}")
    assert "Until 20 November 2030, and not longer." in subject.text
    subject.send(decision="agree")
    run(new)
    assert len(stage.police.asked) == asked + 1
    assert len(ticked(stage, hr, "2028-11-20T00:00:00")) == 3


def tables() -> list[tuple[str, bytes]]:
    """Every cell of our tables."""
    with db.read() as session:
        rows = [(table.name, row) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    return [(name, cell if isinstance(cell, bytes) else str(cell).encode()) for name, row in rows for cell in row]


def messages() -> list[Message]:
    """All messages."""
    with db.read() as session:
        return list(session.scalars(select(Message)))
