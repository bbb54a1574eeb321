"""Making a person's own pages: as those of a single request, closing by themselves, with refusals of their own."""

from pathlib import Path
from typing import Any

from flask import Response, g, url_for

from gateway import clock
from gateway.consent import own_visits, visits
from gateway.consent.refusals import ProofNeeded, SessionEnded, TooManyAttempts
from gateway.consent.render import Room
from gateway.problems import Problem
from gateway.subject.mine_guard import OwnPageClosed

_room = Room(Path(__file__).parent)
Words = _room.Words


def page(template: str, status: int = 200, **context: Any) -> Response:
    """One page as a response; one that is about somebody comes anew when their proof is too old, and so closes.

    Raises UndefinedError for a template that wants what it does not get.
    """
    response = _room.page(template, status, url=url_for, **context)
    if g.get("person"):
        closes = visits.FRESH if fresh() else visits.PROOF_TERM
        left = g.visit.proved_at + closes - clock.now()
        response.headers["Refresh"] = str(int(left.total_seconds()) + 1)
    return response


def fresh() -> bool:
    """Whether the person has proved a moment ago who they are, as what is told of an answer wants it."""
    return visits.proved(g.visit, clock.now(), visits.FRESH)


def refusal(problem: Problem, incident: str | None) -> str:
    """The page for a refusal, in the reader's words; what has no words of its own gets those of its status."""
    text, place = _room.words(), f"errors.{problem.type}"
    if isinstance(problem, OwnPageClosed):
        place = "mine.closed"
    elif not text.has(f"{place}.title"):
        place = "errors.ours" if problem.status >= 500 else "errors.other"
    until = text.moment(problem.until) if isinstance(problem, TooManyAttempts) else ""
    onward = own_visits.PAGE, "mine.back"
    if isinstance(problem, ProofNeeded) and g.get("consent"):
        onward = url_for("consent.prove", consent_id=g.consent.id), "errors.prove"
    elif isinstance(problem, SessionEnded):
        onward = url_for("consent.start"), "errors.start"
    return _room.html("error", place=place, until=until, incident=incident, onward=onward)
