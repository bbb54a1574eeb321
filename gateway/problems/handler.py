"""The one place where an exception becomes an answer."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from flask import Flask, Response, current_app, json, render_template_string, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response as BaseResponse

from gateway import logs
from gateway.db import new_id
from gateway.problems import tree
from gateway.problems.tree import FieldError, Problem

log = logs.get("problems")

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")

PROBLEM = "sealgate.problem"
"""Where in the WSGI environment the type of the problem stands that a request was answered with."""

PageRenderer = Callable[[Problem, str | None], str]
TypePage = Callable[[type[Problem]], str]

_page_renderers: dict[str, PageRenderer] = {}
_PAGE = files("gateway.problems").joinpath("page.html").read_text("utf-8")
_BY_STATUS: Mapping[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        tree.BadRequest,
        tree.Unauthorized,
        tree.Forbidden,
        tree.NotFound,
        tree.MethodNotAllowed,
        tree.NotAcceptable,
        tree.Conflict,
        tree.Gone,
        tree.TooLarge,
        tree.UnsupportedMedia,
        tree.InvalidFields,
        tree.TooMany,
        tree.Internal,
        tree.Unavailable,
    )
}
_KEPT_HEADERS = frozenset({"allow", "retry-after", "www-authenticate"})
_PLACES = frozenset({"json", "form", "query", "headers", "path", "files", "json_or_form"})


def install(app: Flask, issuer: str = "", page: TypePage | None = None) -> None:
    """Make every error of `app` a problem, and serve a page about each type at /problems/<type>.

    Call it last: flask-smorest registers a handler of its own when its `Api` is made, and the later one holds.
    `issuer` is the public base URL that makes the types absolute; `page` makes the page about a type, a plain one
    unless it is given.
    """
    app.extensions["sealgate_problems"] = issuer
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(Exception, _unforeseen)
    app.add_url_rule("/problems/<kind>", "problem", _about(page or _plain_page), methods=["GET"])


def page_renderer(blueprint_name: str, render: PageRenderer) -> None:
    """Let a blueprint of pages show problems as HTML: `render(problem, incident)` returns the page.

    The incident is the id of the request, which its lines in the log have; None for what is no fault of ours.
    """
    _page_renderers[blueprint_name] = render


def require_json() -> None:
    """For `before_request` of an API's blueprint. Raises UnsupportedMedia for a body that is not JSON."""
    has_body = bool(request.content_length) or "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    if request.method in ("POST", "PUT", "PATCH") and has_body and not request.is_json:
        raise tree.UnsupportedMedia("Send the body as application/json.")


def _http(error: HTTPException) -> BaseResponse:
    """A Werkzeug error, or one of webargs with its field messages."""
    if error.response is not None:
        return error.get_response(request.environ)
    status = error.code or 500
    kind = _BY_STATUS.get(status) or (tree.Internal if status >= 500 else tree.BadRequest)
    data = getattr(error, "data", None) or {}
    headers = {name: value for name, value in error.get_headers() if name.lower() in _KEPT_HEADERS}
    headers.update(data.get("headers") or {})
    errors = list(_fields(data.get("messages") or {}))
    problem = kind(_told(status, errors), errors=errors if status == HTTPStatus.UNPROCESSABLE_ENTITY else [])
    problem.headers = headers
    return _answer(problem, status=status if kind.status != status and status < 500 else None)


def _told(status: int, errors: Sequence[FieldError]) -> str | None:
    if status == HTTPStatus.BAD_REQUEST and any("JSON" in error["problem"] for error in errors):
        return "The body is not well-formed JSON."
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and limit:
        return f"The body may have at most {limit} bytes."
    return None


def _fields(messages: object, path: str = "") -> Iterator[FieldError]:
    """Flatten marshmallow's nested messages into one error a field: `subject.names[0].full`."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            if path == "" and key in _PLACES:
                yield from _fields(inner)
            elif key == "_schema":
                yield from _fields(inner, path)
            else:
                yield from _fields(inner, _step(path, key))
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _fields(inner, path)
    elif messages is not None:
        yield {"field": path, "problem": str(messages)}


def _step(path: str, key: object) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    name = str(key) if _FIELD_NAME.fullmatch(str(key)) else "(a name that is no field name)"  # it may be anything
    return f"{path}.{name}" if path else name


def _unforeseen(error: Exception) -> Response:
    """Anything else: told is the id of the request, logged are the class and the place."""
    if isinstance(error, OperationalError | PoolTimeout) or getattr(error, "connection_invalidated", False):
        problem: Problem = tree.Unavailable(logged="database", headers={"Retry-After": "5"})
    else:
        problem = tree.Internal()
    problem.__cause__ = error
    return _answer(problem)


def _answer(problem: Problem, status: int | None = None) -> Response:
    status = status or problem.status
    request.environ[PROBLEM] = problem.type
    incident = _log(problem) if status >= 500 and not problem.quiet else None
    page = _rendered(problem, incident)
    if page is not None:
        response = Response(page, status, mimetype="text/html")
    else:
        body = json.dumps(_body(problem, status, incident), ensure_ascii=False)
        response = Response(body, status, mimetype="application/problem+json")
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _rendered(problem: Problem, incident: str | None) -> str | None:
    """The page for a browser on a blueprint of pages, if there is one and it can be made."""
    render = _page_renderers.get(request.blueprint or "")
    if render is None or request.accept_mimetypes.best_match(["text/html", "application/problem+json"]) != "text/html":
        return None
    try:
        return render(problem, incident)
    except Exception as error:
        log.error("problem_page_failed", type=problem.type, exc_info=error)
        return None


def _body(problem: Problem, status: int, incident: str | None) -> dict[str, Any]:
    base = current_app.extensions["sealgate_problems"]
    body: dict[str, Any] = {"type": f"{base}/problems/{problem.type}", "title": problem.title, "status": status}
    if status != problem.status:
        body["title"] = HTTP_STATUS_CODES.get(status, problem.title)
    if problem.told:
        body["detail"] = problem.told
    if problem.errors:
        body["errors"] = problem.errors
    if incident:
        body["incident"] = incident
    return body


def _log(problem: Problem) -> str:
    incident = logs.current("request") or new_id("req")  # without `front.requests` around the application there is none
    cause = problem.__cause__ or problem
    log.error(
        "problem",
        request=incident,
        type=problem.type,
        logged=problem.logged,
        endpoint=request.endpoint,
        method=request.method,
        exc_info=cause,
    )
    return incident


def _about(page: TypePage) -> Callable[[str], str]:
    def about(kind: str) -> str:
        """Explain a type."""
        problem = tree.KNOWN.get(kind)
        if problem is None:
            raise tree.NotFound
        return page(problem)

    return about


def _plain_page(problem: type[Problem]) -> str:
    return render_template_string(_PAGE, problem=problem)
