"""Making a person's own pages: the frame, the style and the words of the subject's pages, and words of their own."""

from pathlib import Path
from typing import Any

from flask import Response, g, url_for
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from gateway import clock
from gateway.consent import assets, forms, own_visits, visits, wording
from gateway.consent.refusals import ProofNeeded, SessionEnded, TooManyAttempts
from gateway.consent.render import language
from gateway.problems import Problem
from gateway.subject.mine_guard import OwnPageClosed

_HERE = Path(__file__).parent
_SUBJECTS = Path(wording.__file__).parent
_environment = Environment(
    loader=ChoiceLoader([FileSystemLoader(_HERE / "templates"), FileSystemLoader(_SUBJECTS / "templates")]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Words(wording.Wording):
    """The texts of the subject's pages, and ours under `mine`."""

    folders = (*wording.Wording.folders, _HERE / "texts")


def page(template: str, status: int = 200, **context: Any) -> Response:
    """One page as a response; one that is about somebody comes anew when their proof is too old, and so closes.

    Raises UndefinedError for a template that wants what it does not get.
    """
    response = Response(html(template, **context), status, mimetype="text/html")
    if g.get("person"):
        closes = visits.FRESH if fresh() else visits.PROOF_TERM
        left = g.visit.proved_at + closes - clock.now()
        response.headers["Refresh"] = str(int(left.total_seconds()) + 1)
    return response


def fresh() -> bool:
    """Whether the person has proved a moment ago who they are, as what is told of an answer wants it."""
    return visits.proved(g.visit, clock.now(), visits.FRESH)


def html(template: str, **context: Any) -> str:
    """One page as text."""
    text = Words(language())
    return _environment.get_template(f"{template}.html").render(
        t=text,
        lang=wording.LANGUAGES[text.language],
        languages=[
            {"code": code, "tag": tag, "name": Words(code)("language"), "here": code == text.language}
            for code, tag in wording.LANGUAGES.items()
        ],
        style=url_for("consent.asset", name=assets.NAMES["consent.css"]),
        icon=url_for("consent.asset", name=assets.NAMES["seal.svg"]),
        url=url_for,
        form_field=forms.FIELD,
        form_token=forms.token(g.get("visit")),
        **context,
    )


def refusal(problem: Problem, incident: str | None) -> str:
    """The page for a refusal, in the reader's words; what has no words of its own gets those of its status."""
    text, place = Words(language()), f"errors.{problem.type}"
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
    return html("error", place=place, until=until, incident=incident, onward=onward)
