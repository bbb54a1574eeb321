"""The real server on a real port: what it refuses before the application sees it, and what still goes on meanwhile."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from gateway.checks.models import Check
from gateway.db import db
from tests.databases import Postgres
from tests.server import HOST, Deployment, person
from tests.visitors import Software, wait_for

pytestmark = pytest.mark.slow

MAX_BODY = 20_000
SCOPES = ("checks:write", "checks:read")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A server with two places."""
    made = Deployment(tmp_path_factory.mktemp("front") / "data")
    made.environ |= {"SEALGATE_THREADS": "2", "SEALGATE_MAX_BODY": str(MAX_BODY), "SEALGATE_RATE": "100000"}
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def hr(server: Deployment) -> Iterator[Software]:
    """A kindergarten's software, signed in."""
    software = server.register("Sunflower", ["cn/kindergarten"], SCOPES)
    yield software
    software.close()


def raw(server: Deployment, message: bytes, end: bool = False) -> bytes:
    """What the server says to some bytes; `end` hangs up on the sending side after them."""
    with closing(socket.create_connection((HOST, server.port), 30)) as connection:
        connection.sendall(message)
        if end:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def head(hr: Software, *more: str) -> bytes:
    """The head of a request for a check."""
    assert hr.session is not None
    token = hr.session.token["access_token"]
    lines = ["POST /v1/checks HTTP/1.1", "Host: gate", f"Authorization: Bearer {token}", "Connection: close"]
    return "\r\n".join([*lines, "Content-Type: application/json", *more, "", ""]).encode()


def message() -> bytes:
    """A request for a check."""
    subject = person("CLEAN", "Wang Xiaoming", "1990-04-23")
    body = {"policy": "cn/kindergarten", "role": "teacher", "purpose": "hiring", "reference": None, "subject": subject}
    return json.dumps(body).encode()


def checks(server: Deployment) -> int:
    """How many checks there are."""
    with server.opened(), db.read() as session:
        return session.scalar(select(func.count()).select_from(Check)) or 0


def test_a_body_that_is_too_large_is_refused_unread(server: Deployment, hr: Software) -> None:
    """413 as a problem, though nothing of it was sent yet."""
    answer = raw(server, head(hr, "Content-Length: 9000000", "Idempotency-Key: k1") + b"{")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"problems/body-too-large" in answer


def test_a_body_in_chunks_is_refused_where_it_gets_too_large(server: Deployment, hr: Software) -> None:
    """It says no length; it is read up to the limit, and no further."""
    with closing(socket.create_connection((HOST, server.port), 30)) as connection:
        connection.sendall(head(hr, "Transfer-Encoding: chunked", "Idempotency-Key: k2"))
        connection.sendall(b"".join(b"1000\r\n" + b" " * 0x1000 + b"\r\n" for _ in range(6)))  # and it goes on
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"problems/body-too-large" in answer


def test_a_body_in_chunks_within_the_limit_is_taken(server: Deployment, hr: Software) -> None:
    """201."""
    body = message()
    pieces = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    answer = raw(server, head(hr, "Transfer-Encoding: chunked", "Idempotency-Key: k3") + pieces)
    assert answer.startswith(b"HTTP/1.1 201 "), answer


@pytest.mark.parametrize("body", [b"zz\r\nnot a length", b"5\r\nabc"])
def test_chunks_that_break_off_make_no_check(server: Deployment, hr: Software, body: bytes) -> None:
    """Nothing is done for half a message, and the server goes on."""
    before = checks(server)
    raw(server, head(hr, "Transfer-Encoding: chunked", "Idempotency-Key: k4") + body, end=True)
    assert requests.get(f"{server.url}/healthz", timeout=5).ok
    assert checks(server) == before


def test_a_body_that_is_cut_off_is_no_message(server: Deployment, hr: Software) -> None:
    """What came may be read as a whole message, and was not meant as one."""
    body, before = message(), checks(server)
    cut = head(hr, f"Content-Length: {len(body) + 20}", "Idempotency-Key: k5") + body
    assert raw(server, cut, end=True).startswith(b"HTTP/1.1 400 ")
    assert checks(server) == before


def test_headers_have_a_bound(server: Deployment) -> None:
    """431 beyond 32 KiB."""
    assert (
        raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000 + b"\r\nConnection: close\r\n\r\n")[9:12]
        == b"200"
    )
    assert raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n")[9:12] == b"431"


def test_slow_bodies_keep_nobody_out(server: Deployment, hr: Software) -> None:
    """A hundred who send half a body take no place: all else goes on."""
    with ExitStack() as stack:
        for _ in range(100):
            slow = stack.enter_context(closing(socket.create_connection((HOST, server.port), 30)))
            slow.sendall(head(hr, "Content-Length: 500") + b'{"policy"')
        assert requests.get(f"{server.url}/healthz", timeout=5).ok
        assert requests.get(f"{server.url}/readyz", timeout=5).ok
        assert hr.call("GET", "/v1/checks").status_code == 200
        assert requests.get(f"{server.url}/c", timeout=5).ok
        assert hr.call("POST", "/v1/checks", json.loads(message())).status_code == 201


@pytest.fixture
def two_processes(tmp_path: Path, postgres: Postgres) -> Iterator[Deployment]:
    """Two processes behind one port, whose clients have thirty calls a minute."""
    with postgres.fresh() as url:
        made = Deployment(tmp_path / "data", url)
        made.environ |= {"SEALGATE_PROCESSES": "2", "SEALGATE_RATE": "30"}
        made.start()
        yield made
        made.kill()


def test_two_serving_processes_share_one_limit(two_processes: Deployment) -> None:
    """However the calls are spread over both, a client has its thirty, the one for its token among them."""
    wait_for("a minute that lasts", lambda: time.time() % 60 < 40)
    hr = two_processes.register("Sunflower", ["cn/kindergarten"], SCOPES)
    statuses, processes = [], set()
    for _ in range(60):
        answer = hr.call("GET", "/v1/roles")
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
        hr.session.close()  # type: ignore[union-attr] # the next call comes by a new connection
        processes.add(answer.status_code)
    hr.close()
    assert processes == {200, 429}
    assert 20 <= statuses.count(200) <= 29
