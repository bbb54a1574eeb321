"""Making a page: the frame, the style and the words of the subject's pages, and never a cookie."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from flask import Response, request, url_for
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from gateway.consent import assets, wording
from gateway.problems import Problem
from gateway.tryout.choices import first_up
from policies import vocabulary
from policies.plain import says

_HERE = Path(__file__).parent
_SUBJECTS = Path(wording.__file__).parent
_environment = Environment(
    loader=ChoiceLoader([FileSystemLoader(_HERE / "templates"), FileSystemLoader(_SUBJECTS / "templates")]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["first_up"] = first_up


class Words(wording.Wording):
    """The texts of the subject's pages, and ours under `try`."""

    folders = (*wording.Wording.folders, _HERE / "texts")


def language() -> str:
    """The language chosen in the address, else the browser's, else the first that we have. No cookie is read."""
    best = request.accept_languages.best_match(list(wording.LANGUAGES))
    return _chosen() or wording.known(best)


def link(endpoint: str, **values: str) -> str:
    """The address of one of our pages, in the language that was chosen if one was: there is nowhere else to keep it."""
    return url_for(f"tryout.{endpoint}", _external=False, **values, language=_chosen())


def _chosen() -> str | None:
    chosen = request.args.get("language")
    return chosen if chosen in wording.LANGUAGES else None


def page(template: str, status: int = 200, **context: Any) -> Response:
    """One page as a response. Raises UndefinedError for a template that wants what it does not get."""
    return Response(html(template, **context), status, mimetype="text/html")


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
        link=link,
        label=lambda kind, word: vocabulary.label(kind, word, text.language),
        says=lambda bar: says(bar, text.language),
        cited=lambda source: source.cited(text.language),
        seal_now=lambda sealed: _levels(sealed.levels, text),
        written=lambda day: text.day(day) if isinstance(day, date) else "",
        **context,
    )


def _levels(levels: Sequence[str], text: Words) -> str:
    names = [vocabulary.label("level", level, text.language) for level in levels]
    if len(names) == 1:
        return names[0]
    return text("try.answer.seal_unsettled", levels=f" {text('try.answer.seal_or')} ".join(names))


def refusal(problem: Problem, incident: str | None) -> str:
    """The page for a refusal, in the reader's words; what has no words of its own gets those of its status."""
    place = f"try.errors.{problem.type}"
    if not Words(language()).has(f"{place}.title"):
        place = "errors.ours" if problem.status >= 500 else "try.errors.other"
    return html("error", place=place, until="", incident=incident, onward=(link("shelf_of_law"), "try.back"))


def seal(response: Response) -> Response:
    """No copy is kept anywhere, no other site may frame the page or learn its address. The rest of the headers is
    the application's own: no script, nothing from elsewhere."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.vary.add("Accept-Language")
    return response
