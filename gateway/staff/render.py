"""Making a page for those who work here: the frame, the style and the words of the subject's pages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Response, g, request, url_for
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from gateway.consent import assets, render, wording
from gateway.consent.forms import FIELD, cookie, set_cookie
from gateway.problems import Problem
from gateway.staff import forms
from gateway.staff.refusals import TooManyAttempts

_HERE = Path(__file__).parent
_SUBJECTS = Path(wording.__file__).parent
_LANGUAGE_COOKIE = "sealgate-language"

_ONWARD: Mapping[str, tuple[str, str]] = {
    "sign_in": ("staff.sign_in", "staff.errors.sign_in"),
    "home": ("staff.home", "staff.errors.home"),
}


class Words(wording.Wording):
    """The texts of the subject's pages, and ours under `staff`."""

    folders = (*wording.Wording.folders, _HERE / "texts")


class Pages:
    """The pages of a room: its folder has `templates/` and `texts/`, which go before ours and those of the subject's
    pages. `errors` is where the words for its problems are: `<errors>.<type>.title` and `.text`."""

    def __init__(self, folder: Path, errors: str) -> None:
        ours = [folder] if folder == _HERE else [folder, _HERE]
        loaders = [FileSystemLoader(each / "templates") for each in (*ours, _SUBJECTS)]
        self._errors = errors
        self._words = type("RoomWords", (Words,), {"folders": (*Words.folders, *(f / "texts" for f in ours[:-1]))})
        self._environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def words(self, where: str | None = None) -> wording.Wording:
        """The texts in the reader's language, with times as in a jurisdiction."""
        text: wording.Wording = self._words(render.language(), where)
        return text

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """One page as a response. Raises UndefinedError for a template that wants what it does not get."""
        return Response(self.html(template, **context), status, mimetype="text/html")

    def html(self, template: str, where: str | None = None, **context: Any) -> str:
        """One page as text, with times as in a jurisdiction."""
        text = self.words(where)
        return self._environment.get_template(f"{template}.html").render(
            t=text,
            lang=wording.LANGUAGES[text.language],
            languages=[
                {"code": code, "tag": tag, "name": self._words(code)("language"), "here": code == text.language}
                for code, tag in wording.LANGUAGES.items()
            ],
            style=url_for("consent.asset", name=assets.NAMES["consent.css"]),
            icon=url_for("consent.asset", name=assets.NAMES["seal.svg"]),
            form_field=FIELD,
            form_token=forms.token(),
            member=g.get("staff_member"),
            home=url_for("staff.home"),
            sign_out=url_for("staff.sign_out"),
            **context,
        )

    def refusal(self, problem: Problem, incident: str | None) -> str:
        """The page for a refusal, in the reader's words; what has no words of its own gets those of its status."""
        text = self.words()
        places = [f"{errors}.{problem.type}" for errors in (self._errors, "staff.errors")]
        usual = "errors.ours" if problem.status >= 500 else "staff.errors.other"
        place = next((one for one in places if text.has(f"{one}.title")), usual)
        until = text.moment(problem.until) if isinstance(problem, TooManyAttempts) else ""
        endpoint, name = _ONWARD[getattr(problem, "onward", "home")]
        return self.html("error", place=place, until=until, incident=incident, onward=(url_for(endpoint), name))


def seal(response: Response) -> Response:
    """For `after_request` of a room: nothing from elsewhere, no script, no frame, no copy kept anywhere."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    if response.mimetype == "text/html":
        forms.keep_browser(response)
        if request.args.get("language") in wording.LANGUAGES:
            set_cookie(response, cookie(_LANGUAGE_COOKIE), request.args["language"])
    response.vary.update(["Accept-Language", "Cookie"])
    return response
