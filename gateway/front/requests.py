"""What is written down of every request: an id, a line in the log, and a count.

The id is ours: one that came along could be anybody's, and would put what a caller likes into the log. It is on the
answer as X-Request-Id, on every line that is logged meanwhile, and in what is told of a failure (`incident`). The line
says which endpoint and how it ended; no path, no query, no address.

What is counted must tell nothing about a person (`gateway.metrics`): in full only the rooms that are listed here, the
pages of subjects as one, and of all others, as the desk and the people who work there, what failed.
"""

import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Request

from gateway import logs, metrics
from gateway.db import new_id
from gateway.problems import PROBLEM

HEADER = "X-Request-Id"

IN_FULL = frozenset({"", "oauth", "asking", "reading", "front", "health"})
"""Rooms (blueprints) of which endpoint, method and outcome are counted; the empty one is what stands in none."""

AS_ONE = frozenset({"consent", "tryout"})
"""Rooms of which is counted that somebody was there: which page, and whether something was sent, is theirs alone."""

# Signs of an attack or of overload, which are counted wherever they are told.
_TOLD_OF_ALL = frozenset({"too-many-requests", "consent-too-many-attempts", "staff-too-many-attempts"})
_REFUSED, _FAILED = 400, 500


class Watched:
    """A WSGI application around ours, outermost, so that nothing is answered that it does not see."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, and write down what there is to write."""
        started, request_id = time.perf_counter(), new_id("req")
        ended: tuple[int, Request | None] = _FAILED, None

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal ended
            ended = int(status[:3]), environ.get("werkzeug.request")  # Flask takes it out when it returns
            kept = [header for header in headers if header[0].lower() != HEADER.lower()]
            return start_response(status, [*kept, (HEADER, request_id)], *error)

        with logs.bound(request=request_id):
            try:
                return self._app(environ, start)
            finally:
                _write_down(environ, *ended, time.perf_counter() - started)


def _write_down(environ: WSGIEnvironment, status: int, request: Request | None, seconds: float) -> None:
    method = environ["REQUEST_METHOD"]
    logs.quick(
        "requests",
        "request",
        method=method,
        endpoint=request.endpoint if request is not None else None,
        status=status,
        milliseconds=round(seconds * 1000),
    )
    _count(request, method, status, seconds, environ.get(PROBLEM))


def _count(request: Request | None, method: str, status: int, seconds: float, problem: str | None) -> None:
    word = "failed" if status >= _FAILED else "refused" if status >= _REFUSED else "ok"
    room = (request.blueprint if request is not None else None) or ""
    rule = request.url_rule if request is not None else None
    if room in IN_FULL:
        endpoint = metrics.OTHER if rule is None else rule.rule
        metrics.count(metrics.REQUESTS, endpoint=endpoint, method=method, status=word)
        metrics.took(metrics.REQUEST_SECONDS, seconds, endpoint=endpoint)
    elif room in AS_ONE:
        metrics.count(metrics.REQUESTS, endpoint="pages", method="*", status=word)
        metrics.took(metrics.REQUEST_SECONDS, seconds, endpoint="pages")
    elif word == "failed":
        metrics.count(metrics.REQUESTS, endpoint="desk", method="*", status=word)
    if problem is not None and (room in IN_FULL or word == "failed" or problem in _TOLD_OF_ALL):
        metrics.count(metrics.PROBLEMS, type=problem)
