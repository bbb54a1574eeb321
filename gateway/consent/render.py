"""Making a page: the reader's language, the words, the template, and the headers that keep it private."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Response, g, request, url_for
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from gateway.consent import assets, deployment, forms, own_visits
from gateway.consent.refusals import TooManyAttempts
from gateway.consent.wording import LANGUAGES, Wording, known
from gateway.problems import Problem
from policies.policy import jurisdiction_of

_LANGUAGE_COOKIE = "sealgate-language"
_HERE = Path(__file__).parent


def language() -> str:
    """The language chosen on the page, else before, else the browser's, else the first that we have."""
    for chosen in (request.args.get("language"), request.cookies.get(forms.cookie(_LANGUAGE_COOKIE))):
        if chosen in LANGUAGES:
            return str(chosen)
    return known(request.accept_languages.best_match(list(LANGUAGES)))


class Room:
    """A room with pages of the subject: its own templates and texts, before those that all have."""

    def __init__(self, *folders: Path) -> None:
        places: Sequence[Path] = (*folders, _HERE)
        self.Words: type[Wording] = type(
            "Words", (Wording,), {"folders": tuple(place / "texts" for place in reversed(places))}
        )
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(place / "templates") for place in places]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def words(self) -> Wording:
        """The texts in the reader's language, with times as in the request's country."""
        consent = g.get("consent")
        return self.Words(language(), jurisdiction_of(consent.policy) if consent else None)

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """One page as a response. Raises UndefinedError for a template that wants what it does not get."""
        return Response(self.html(template, **context), status, mimetype="text/html")

    def html(self, template: str, **context: Any) -> str:
        """One page as text."""
        text = self.words()
        return self._environment.get_template(f"{template}.html").render(
            t=text,
            lang=LANGUAGES[text.language],
            languages=[
                {"code": code, "tag": tag, "name": Wording(code)("language"), "here": code == text.language}
                for code, tag in LANGUAGES.items()
            ],
            style=url_for("consent.asset", name=assets.NAMES["consent.css"]),
            icon=url_for("consent.asset", name=assets.NAMES["seal.svg"]),
            verify=url_for("consent.verify"),
            own_page=own_visits.PAGE,
            sign_in_there=deployment.config().proof == "oidc",
            form_field=forms.FIELD,
            form_token=forms.token(g.get("visit")),
            consent=g.get("consent"),
            as_guardian=g.get("as_guardian", False),
            **context,
        )

    def refusal(self, problem: Problem, incident: str | None) -> str:
        """The page for a refusal, in the reader's words; what has no words of its own gets those of its status."""
        text = self.words()
        place = f"errors.{problem.type}"
        if not text.has(f"{place}.title"):
            place = "errors.ours" if problem.status >= 500 else "errors.other"
        until = text.moment(problem.until) if isinstance(problem, TooManyAttempts) else ""
        return self.html("error", place=place, until=until, incident=incident, onward=_onward(problem))


_room = Room()
page, html, words, refusal = _room.page, _room.html, _room.words, _room.refusal


def _onward(problem: Problem) -> tuple[str, str] | None:
    """Where the page leads, as an address and the name of its words, if anywhere."""
    to = getattr(problem, "onward", None)
    if to == "prove" and g.get("visit") and g.consent is None:
        return own_visits.PAGE, "errors.prove"
    if to == "prove" and g.get("visit"):
        return url_for("consent.prove", consent_id=g.consent.id), "errors.prove"
    return (url_for("consent.start"), "errors.start") if to == "start" else None


def seal(response: Response) -> Response:
    """Headers for every answer of these pages: nothing from elsewhere, no script, no frame, no copy kept."""
    sources = " ".join(["'self'", *g.get("form_targets", [])])
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; form-action {sources}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        forms.keep_browser(response)
        if request.args.get("language") in LANGUAGES:
            forms.set_cookie(response, forms.cookie(_LANGUAGE_COOKIE), request.args["language"])
        response.vary.update(["Accept-Language", "Cookie"])
    return response
