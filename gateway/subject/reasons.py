"""The reasons of an answer, for the subject's eyes only: derived afresh each time, and kept nowhere.

The registries are asked at that moment, for the pinned day and under the pinned versions, and the look is in the log
and on the subject's own page. What is shown is the subject's own record. What may be another person's is counted and
not shown: it would be somebody's whom it does not concern.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway import audit, clock, problems, vault
from gateway.checks import deployment
from gateway.checks.contest import contestable
from gateway.checks.look import NoConsent, Question, Silent, adjudicated, ask_each, question
from gateway.checks.models import Check
from gateway.consent import Consent, shown
from gateway.consent.render import language
from gateway.db import db
from gateway.subject.room import answer, closing, room
from gateway.subject.status import told_result
from policies import vocabulary
from policies.evaluator import ELIGIBLE, INELIGIBLE, Adjudication, Matter
from policies.library import NothingInForce
from policies.model import Report
from policies.plain import says
from policies.policy import Policy

_ADDRESS = "/<consent_id>/reasons"


class CannotLook(problems.Unavailable):
    """503: a registry gives no answer now, so that the reasons cannot be derived."""

    type = "reasons-not-now"
    title = "A registry does not answer"
    meaning = "Reasons are derived afresh each time, and a registry gives no answer now. Try again later."


class LookedOften(problems.TooMany):
    """429: the reasons of one check were asked for very often within a day."""

    type = "reasons-too-often"
    title = "The reasons were looked at very often"
    meaning = "Each time the registries are asked again. For reasons they are asked a few times a day only."


MOST_A_DAY = 10
"""How often the registries are asked for the reasons of one check within a day, roughly: the log knows hours only."""

Told = tuple[str, Report]
"""A report, with the name of its registry."""


@dataclass(frozen=True)
class Ground:
    """A rule that holds, or of which that is open, with the matters that it rests on."""

    rule: str
    cite: str
    open: bool
    matters: Sequence[Mapping[str, Any]]
    unsure: int
    """How many matters more may be this person's or another's."""
    unsettled: int
    """How many more are under a seal of which it is not settled whether it may be read."""


@answer.route(_ADDRESS, methods=["GET", "POST"])
def reasons(consent_id: str) -> Response:
    """Ask before looking, since a look is recorded; then look, and show what decides. In no address and no file."""
    consent: Consent = g.consent
    if consent.state != "given" or consent.told_at is None:
        return redirect(url_for("answer.status", consent_id=consent_id), 303)
    if request.method != "POST":
        return room.page("reasons-ask", **shown.about(consent))
    with db.read() as session:
        if not vault.has(session, consent.check_id, "subject"):  # the person has had their particulars erased
            return redirect(url_for("answer.status", consent_id=consent_id), 303)
        try:
            asked = question(session, session.get_one(Check, consent.check_id))
        except NothingInForce:
            raise CannotLook("The law that this check is pinned to is not on the shelf.", logged="no_law") from None
        _refuse_too_often(session, asked)
        eligible = told_result(session, consent)
        may_contest = contestable(session, session.get_one(Check, consent.check_id), consent)
    try:
        said = ask_each(asked, "subject")
    except Silent:
        raise CannotLook(headers={"Retry-After": "60"}, logged="registry_silent") from None
    except NoConsent:
        return redirect(url_for("answer.status", consent_id=consent_id), 303)
    # Each report carries its place instead of its number: numbers of several registries may be the same by chance.
    told = [(registry, report) for registry, reports in said.items() for report in reports]
    found = adjudicated(asked, [_placed(report, place) for place, (_, report) in enumerate(told)])
    page = room.page(
        "reasons",
        **shown.about(consent),
        day=room.words().day(asked.day),
        result="yes" if eligible else "no",
        may_contest=may_contest,
        otherwise=found.outcome != (ELIGIBLE if eligible else INELIGIBLE),
        grounds=_grounds(asked.policy, asked.role, found, told),
    )
    return closing(page)


def _refuse_too_often(session: Session, asked: Question) -> None:
    """Raises LookedOften."""
    day_ago = clock.now() - timedelta(days=1)
    looks = [entry for entry in audit.about(session, asked.check_id) if entry.kind == "registry.asked"]
    for_them = [entry for entry in looks if entry.at > day_ago and "subject" in json.loads(entry.facts)]
    if len(for_them) >= MOST_A_DAY * len(asked.policy.registries):
        raise LookedOften(headers={"Retry-After": "3600"})


def _placed(report: Report, place: int) -> Report:
    return replace(report, entry=replace(report.entry, ref=str(place)))


def _grounds(policy: Policy, role: str, found: Adjudication, told: Sequence[Told]) -> list[Ground]:
    """The rules on which the answer rests now: those that hold, else those that are open."""
    wanted = "yes" if found.outcome == INELIGIBLE else "unknown"
    rules = {bar.id: says(bar, language()) for bar in policy.bars_for(role)}
    return [
        Ground(
            rule=rules[reason.bar],
            cite=reason.source.cited(language()),
            open=wanted == "unknown",
            matters=[_matter(matter, told) for matter in reason.matters if matter.readable and matter.report.sure],
            unsure=sum(1 for matter in reason.matters if not matter.report.sure),
            unsettled=sum(1 for matter in reason.matters if matter.report.sure and not matter.readable),
        )
        for reason in found.reasons
        if reason.holds == wanted
    ]


def _matter(matter: Matter, told: Sequence[Told]) -> dict[str, Any]:
    """One of the subject's own matters, in words, with the registries that report it and what they call it."""
    entry, lang = matter.report.entry, language()
    of_it = [told[int(place)] for place in (entry.ref or "").split(" + ")]
    return {
        "offence": vocabulary.label("offence", entry.offence, lang),
        "kind": vocabulary.label("kind", entry.kind, lang),
        "disposition": vocabulary.label("disposition", entry.disposition, lang),
        "jurisdiction": vocabulary.label("jurisdiction", entry.jurisdiction, lang),
        "acted": _day(entry.acted_on),
        "decided": _day(entry.decided_on),
        "ref": " + ".join(dict.fromkeys(report.entry.ref for _, report in of_it if report.entry.ref)),
        "holders": [_holder(name) for name in dict.fromkeys(name for name, _ in of_it)],
    }


def _holder(registry: str) -> dict[str, str]:
    holder, lang = deployment.ours().holders.get(registry), language()
    title = holder.title.get(lang, registry) if holder else registry
    return {"title": title, "correction": holder.correction.get(lang, "") if holder else ""}


def _day(day: date | None) -> str:
    return "" if day is None else room.words().day(day)
