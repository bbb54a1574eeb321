"""The front page, the OpenAPI document, and a page of it that needs neither JavaScript nor anything from elsewhere."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response, render_template, request

from gateway.front.home import HOME
from gateway.front.manual import manual
from gateway.front.prose import anchor, prose
from gateway.problems import KNOWN, Problem


def blueprint(issuer: str, document: Mapping[str, Any]) -> Blueprint:
    """The open pages. `document` is the OpenAPI document."""
    front = Blueprint("front", __name__, template_folder="templates", static_folder="assets", static_url_path="/assets")
    front.add_app_template_filter(prose)
    front.add_app_template_filter(anchor)
    as_json = cache(lambda: json.dumps(document, indent=2, ensure_ascii=False))
    as_manual = cache(lambda: manual(document))  # when first read: most processes show neither, and start sooner

    @front.get("/")
    def home() -> Response:
        """What this is, and where to go, in the language chosen on the page, else the browser's."""
        best = request.accept_languages.best_match(list(HOME))
        t = HOME.get(request.args.get("language", "")) or HOME.get(best or "") or next(iter(HOME.values()))
        page = Response(render_template("front/home.html", t=t, languages=HOME), mimetype="text/html")
        page.vary.add("Accept-Language")
        return page

    @front.get("/openapi.json")
    def openapi() -> Response:
        """The OpenAPI 3.1 document."""
        return Response(as_json(), mimetype="application/json")

    @front.get("/docs")
    def docs() -> str:
        """The document, to be read."""
        return render_template("front/docs.html", manual=as_manual(), issuer=issuer)

    @front.get("/problems")
    def problems() -> str:
        """Every type of error."""
        return render_template(
            "front/problems.html", kinds=sorted(KNOWN.values(), key=lambda kind: (kind.status, kind.type))
        )

    @front.get("/favicon.ico")
    def icon() -> Response:
        """The sign, for browsers that look for it by themselves."""
        return front.send_static_file("seal.svg")

    return front


def problem(kind: type[Problem]) -> str:
    """The page about one type of error."""
    return render_template("front/problem.html", problem=kind)
