"""An institution that polls as often as it likes, and notes all that it can see of each of its checks."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select
from werkzeug.test import TestResponse

from gateway.checks.look import adjudicated, ask_everyone
from gateway.checks.models import Check, Review
from gateway.checks.run import fix, keep
from gateway.db import db
from tests.stage import Caller, Stage

BY_CHANCE = ("X-Request-Id", "Date")
"""The headers that differ between any two answers."""

LISTS = (
    "",
    "?status=awaiting_consent",
    "?status=in_progress",
    "?status=completed",
    "?status=closed",
    "?reference=applicant-2041",
    "?superseded_since=2026-11-01T00:00:00Z",
)
"""The list and each of its filters."""

Look = tuple[object, ...]
"""Of one check: the answer about it, and what stands of it in each list, or nothing."""


class Observer:
    """An institution with one check for each of some people, by passport."""

    def __init__(self, stage: Stage, passports: list[str]) -> None:
        self.hr = stage.caller()
        self.ids: Mapping[str, str] = {name: self.hr.asked(name) for name in passports}

    def look(self) -> tuple[dict[str, Look], dict[str, list[str]]]:
        """What is seen of each check; and what the database was asked about it for the look at the check itself."""
        headers, client = self.hr.headers(), self.hr.app.test_client()
        lists = [_forms(client.get(f"/v1/checks{query}", headers=headers)) for query in LISTS]
        seen: dict[str, Look] = {}
        asked: dict[str, list[str]] = {}
        for name, check_id in self.ids.items():
            with statements() as asked[name]:
                own = _seen(client.get(f"/v1/checks/{check_id}", headers=headers), check_id)
            seen[name] = (own, *(forms.get(check_id) for forms in lists))
        return seen, asked


def _seen(answer: TestResponse, check_id: str) -> Look:
    """Status, headers and bytes."""
    headers = sorted(pair for pair in answer.headers.to_wsgi_list() if pair[0] not in BY_CHANCE)
    return answer.status_code, headers, answer.data.replace(check_id.encode(), b"chk")


def _forms(answer: TestResponse) -> dict[str, bytes]:
    """The bytes that stand in a list for each check, by id."""
    body = answer.data.removeprefix(b'{"checks":[').removesuffix(b'],"next_cursor":null}\n')
    assert answer.status_code == 200
    assert len(body) < len(answer.data) - 30, "one page"
    forms = [form.rstrip(b",") for form in re.split(rb'(?=\{"id":"chk_)', body) if form]
    parts = [form.removeprefix(b'{"id":"').split(b'"', 1) for form in forms]
    return {check_id.decode(): rest for check_id, rest in parts}


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements about checks, consents and what is sealed that are sent to the database meanwhile."""
    found: list[str] = []

    def note(*arguments: Any) -> None:
        if re.search(r"\b(checks|consents|reviews|corrections|audit_\w+|vault_\w+)\b", arguments[2]):
            found.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def run_drawn(check_id: str) -> None:
    """Run a check that the lot has drawn for review."""
    asked = fix(check_id)
    assert asked is not None
    keep(asked, adjudicated(asked, ask_everyone(asked, "check")), drawn=True)


def open_review(check_id: str) -> str:
    """The id of the review that a check waits for."""
    with db.read() as session:
        return session.scalars(select(Review.id).where(Review.check_id == check_id, Review.decided_at.is_(None))).one()


def another_person(stage: Stage, desk: Caller, check_id: str) -> None:
    """The desk says of the one candidate: it is somebody else."""
    review_id = open_review(check_id)
    question: dict[str, Any] = desk.get(f"/v1/reviews/{review_id}").json  # type: ignore[assignment]
    persons = {person["handle"]: "other" for person in question["persons"]}
    said = {"persons": persons, "bars": {}, "seen": question["seen"], "reason": "identifiers-differ"}
    answer = desk.post(f"/v1/reviews/{review_id}/decision", said)
    assert answer.status_code == 200, answer.text
    with db.read() as session:
        assert session.get_one(Check, check_id).ready_at is not None
