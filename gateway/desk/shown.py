"""What the registries say at this moment about a review: the one look that a question and a decision both rest on.

It is in memory only. So that a decision is about what its adjudicator saw, the question carries a token (`seen`) that
says nothing and is another one as soon as anything in question is; and each candidate a handle, by which an answer is
matched to an entry that was fetched afresh.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway import audit, problems
from gateway.checks.distinct import number
from gateway.checks.look import NoConsent, Question, Silent, adjudicated, ask_each, question
from gateway.checks.settle import CONTEST, REFUSAL, SAMPLE, UNDETERMINED
from gateway.consent import deployment
from gateway.db import db
from gateway.desk.decide import ground, why
from gateway.desk.queue import Seat, Waiting, opened
from policies.evaluator import Adjudication, Reason
from policies.library import NothingInForce
from policies.matters import merge
from policies.model import Report, write_entry

_OUTCOME_OF = {REFUSAL: "ineligible", UNDETERMINED: "undetermined", SAMPLE: "eligible", CONTEST: "ineligible"}
BY_ANSWERS = (UNDETERMINED, CONTEST)
"""What may be decided by saying whose the entries are and whether the bars hold."""


class CannotLook(problems.Unavailable):
    """503: a registry gives no answer now, so that the question cannot be shown."""

    type = "registry-silent"
    title = "A registry does not answer"
    meaning = "The entries of a review are fetched afresh, and a registry gives no answer now. Try again later."


@dataclass(frozen=True)
class Matter:
    """What is one matter, in all the registries that told of it."""

    report: Report = field(repr=False)
    told: tuple[tuple[str, Report], ...] = field(repr=False)
    """Each report of it, with the name of its registry."""
    handle: str

    @property
    def numbers(self) -> list[str]:
        """What the registries call it, to know it again by."""
        found = (number(registry, report) for registry, report in self.told)
        return [name for name in found if name is not None]


@dataclass(frozen=True)
class Shown:
    """A review with what the registries say of it at this moment."""

    waiting: Waiting
    why: str
    ground: str | None
    asked: Question = field(repr=False)
    matters: tuple[Matter, ...] = field(repr=False)
    adjudication: Adjudication = field(repr=False)

    @property
    def changed(self) -> bool:
        """Whether the registries answer otherwise than when this came to the desk."""
        return self.adjudication.outcome != _OUTCOME_OF[self.why]

    @property
    def reasons(self) -> list[Reason]:
        """The bars that are in question."""
        return in_question(self.why, self.adjudication)

    @property
    def handles(self) -> Mapping[int, str]:
        """The handle of every matter, by the identity of its merged report."""
        return {id(matter.report): matter.handle for matter in self.matters}

    @property
    def persons(self) -> Mapping[str, Sequence[str]]:
        """The handles of the candidates that a person may be shown and that the answer turns on, with their bars."""
        found: dict[str, list[str]] = {}
        if self.why in BY_ANSWERS:
            for reason in self.reasons:
                for matter in reason.matters:
                    if matter.readable is True and not matter.report.sure:
                        found.setdefault(self.handles[id(matter.report)], []).append(reason.bar)
        return found

    @property
    def seen(self) -> str:
        """What stands for all of this, and is another one if anything in it is."""
        bars = [
            [reason.bar, reason.holds, sorted(self._written(matter.report) for matter in reason.matters)]
            for reason in self.reasons
        ]
        return _keyed("seen", self.waiting.review.id, self.adjudication.outcome, bars)

    def _written(self, report: Report) -> list[str]:
        entry = write_entry(replace(report.entry, ref=None))
        return [self.handles[id(report)], str(report.sure), json.dumps(entry, sort_keys=True)]


def in_question(why: str, adjudication: Adjudication) -> list[Reason]:
    """The bars that it turns on: those that hold if one does, else those that are unknown; of a contest, both."""
    if why == CONTEST:
        return [reason for reason in adjudication.reasons if reason.holds != "no"]
    decisive = "yes" if adjudication.outcome == "ineligible" else "unknown"
    return [reason for reason in adjudication.reasons if reason.holds == decisive]


def look(seat: Seat, review_id: str) -> Shown:
    """Ask the registries about a review, on record. Raises NotFound, DecidedAlready, CannotLook."""
    with db.read() as session:
        waiting = opened(session, seat, review_id)
        kept, contested = why(session, waiting.check), ground(session, waiting.check)
        try:
            asked = question(session, waiting.check)
        except NothingInForce:
            raise CannotLook("The law that this check is pinned to is not on the shelf.", logged="no_law") from None
    with db.write(waiting.check.id) as session:
        audit.record(session, "review.looked", waiting.check.id, review=review_id, by=seat.by)
    try:
        matters = _matters(review_id, ask_each(asked, "review"))
    except Silent:
        raise CannotLook(headers={"Retry-After": "60"}, logged="registry_silent") from None
    except NoConsent:
        raise problems.NotFound("There is no such review.") from None
    adjudication = adjudicated(asked, [matter.report for matter in matters])
    return Shown(waiting, kept, contested, asked, matters, adjudication)


def _matters(review_id: str, answers: Mapping[str, Sequence[Report]]) -> tuple[Matter, ...]:
    """The matters behind the reports. Each report carries its place instead of its number while they are merged, by
    which it is found again: numbers of several registries may be the same by chance."""
    told = [(registry, report) for registry, reports in answers.items() for report in reports]
    marked = [replace(report, entry=replace(report.entry, ref=str(place))) for place, (_, report) in enumerate(told)]
    found = []
    for report in merge(marked):
        places = [int(place) for place in (report.entry.ref or "").split(" + ")]
        of_it = tuple(told[place] for place in places)
        found.append(Matter(report, of_it, _keyed("handle", review_id, *sorted(map(_named, of_it)))))
    return tuple(found)


def _named(told: tuple[str, Report]) -> str:
    """What a report is told from others by: its number, else all that it says."""
    registry, report = told
    known = number(registry, report)
    return known or f"entry {registry} {json.dumps(write_entry(report.entry), sort_keys=True)}"


def _keyed(*parts: Any) -> str:
    """What only we can make out of these, and nobody can make them out of."""
    key = hmac.digest(deployment.config().secret_key.encode(), b"sealgate desk", hashlib.sha256)
    return hmac.digest(key, json.dumps(parts).encode(), hashlib.sha256).hex()[:32]


def marked(matters: Iterable[Matter], persons: Mapping[str, str]) -> list[Report]:
    """The reports after each person was said to be the `same` or the `other`: others' are left out."""
    kept = [matter for matter in matters if matter.report.sure or persons.get(matter.handle) != "other"]
    return [replace(matter.report, sure=matter.report.sure or persons.get(matter.handle) == "same") for matter in kept]
