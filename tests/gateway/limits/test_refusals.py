"""What is in front of the application, with an application that does as it is told: lanes, and forms of refusal."""

import io
import json
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.test import Client, TestResponse

from gateway.limits import Front, front
from gateway.limits.refusals import Overloaded, Refusals
from tests.visitors import wait_for

ISSUER = "https://gate.example"
HEADERS = {"X-Frame": "none"}
LANES = {"/alive": None, "/c": front.FIRST, "/v1/see": front.KNOWN, "/v1/ask": front.NEW}


class Slow:
    """An application whose answers wait until they are let go."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.go = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        """Answer with the body that came."""
        body = environ["wsgi.input"].read()
        if environ["PATH_INFO"] != "/alive":
            self.inside.append(environ["PATH_INFO"])
            assert self.go.wait(30)
        start("200 OK", [("Content-Type", "text/plain")])
        return [body]


class Crowd:
    """Requests, each in a thread of its own, to an application with some places."""

    def __init__(self, places: int) -> None:
        self.app = Slow()
        lanes = lambda _method, path: LANES.get(path, front.STRANGE)  # noqa: E731
        self.front = Front(self.app, places, 100, lanes, Refusals(ISSUER, HEADERS))
        self.client = Client(self.front)
        self.threads: list[threading.Thread] = []

    def send(self, path: str, count: int = 1, **headers: str) -> None:
        """Send requests, and do not wait for their answers."""
        for _ in range(count):
            thread = threading.Thread(target=self.client.get, args=(path,), kwargs={"headers": headers}, daemon=True)
            self.threads.append(thread)
            thread.start()

    def inside(self, *paths: str) -> None:
        """Wait until these are being worked on, and no others."""
        wait_for("those inside", lambda: sorted(self.app.inside) == sorted(paths))

    def full(self, path: str, **options: Any) -> TestResponse:
        """The answer to a request for which there is no room."""

        def refused() -> TestResponse | None:
            self.send(path, **options.get("headers", {}))
            waiting = max(len(queue) for queue in self.front._gate._queues.values())
            return self.client.get(path, **options) if waiting == front._WAITING else None

        return wait_for("a full house", refused)

    def end(self) -> None:
        """Let all go."""
        self.app.go.set()
        for thread in self.threads:
            thread.join(30)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """One place."""
    made = Crowd(1)
    yield made
    made.end()


@pytest.fixture
def large() -> Iterator[Crowd]:
    """Eight places."""
    made = Crowd(8)
    yield made
    made.end()


def test_a_problem_for_software(crowd: Crowd) -> None:
    """RFC 9457, with the time to come back, and the headers of every answer."""
    answer = crowd.full("/v1/see")
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.data) == {
        "type": f"{ISSUER}/problems/overloaded",
        "title": Overloaded.title,
        "status": 503,
    }
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert answer.headers["X-Frame"] == "none"
    assert answer.headers["Cache-Control"] == "no-store"
    assert crowd.front.shed[front.STRANGE] >= 1


def test_an_oauth_error_at_the_token_endpoint(crowd: Crowd) -> None:
    """RFC 6749 §5.2 in form, with the code of its §4.1.2.1."""
    answer = crowd.full("/oauth/token")
    assert (answer.status_code, json.loads(answer.data)) == (503, {"error": "temporarily_unavailable"})


def test_a_page_for_a_person(crowd: Crowd) -> None:
    """In both languages."""
    answer = crowd.full("/c", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert answer.content_type.startswith("text/html")
    assert "One moment" in answer.text
    assert "请稍候" in answer.text


def test_what_needs_nothing_never_waits(crowd: Crowd) -> None:
    """However full it is."""
    crowd.full("/v1/see")
    assert crowd.client.get("/alive").status_code == 200


def test_strangers_leave_half_of_the_places(large: Crowd) -> None:
    """Those who were let in before take the others, and new checks leave one to what was accepted."""
    large.send("/v1/see", 6, Authorization="Bearer nobody-knows")
    large.inside(*["/v1/see"] * 4)
    large.front.know("Bearer known")
    large.send("/v1/ask", 6, Authorization="Bearer known")
    large.inside(*["/v1/see"] * 4, *["/v1/ask"] * 4)


def test_new_checks_leave_a_place(large: Crowd) -> None:
    """The subject's pages are served though nine want new checks."""
    large.front.know("Bearer known")
    large.send("/v1/ask", 9, Authorization="Bearer known")
    large.inside(*["/v1/ask"] * 7)
    large.send("/c")
    large.inside(*["/v1/ask"] * 7, "/c")


def test_bodies_are_read_before_and_bounded(crowd: Crowd) -> None:
    """The application gets the whole body; of one without a length one byte more than allowed, so that it can tell."""
    crowd.app.go.set()
    assert crowd.client.post("/x", data=b"a" * 100).data == b"a" * 100
    chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    endless = {**chunked, "wsgi.input": io.BytesIO(b"a" * 1000)}
    assert crowd.client.post("/x", environ_overrides=endless).data == b"a" * 101
    short = {"CONTENT_LENGTH": "50", "wsgi.input": io.BytesIO(b"a" * 49)}
    assert crowd.client.post("/x", environ_overrides=short).status_code == 400
    long = {"CONTENT_LENGTH": "5000", "wsgi.input": io.BytesIO(b"a" * 5000)}
    assert crowd.client.post("/x", environ_overrides=long).data == b""


def test_a_broken_application_gives_its_place_back(crowd: Crowd) -> None:
    """Else each exception would take a place for ever."""

    def broken(_environ: WSGIEnvironment, _start: StartResponse) -> list[bytes]:
        raise KeyError

    refusals = Refusals(ISSUER, HEADERS)
    client = Client(Front(broken, 1, 100, lambda *_: front.FIRST, refusals))
    for _ in range(3):
        with pytest.raises(KeyError):
            client.get("/c")
