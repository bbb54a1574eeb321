"""The route of a check through real HTTP: a real server, an ordinary OAuth client, a person with a browser.

The server is the one that `sealgate serve` starts: granian, one worker, durable work running, a registry in a
file. Answers are held for two seconds instead of a day; nothing else is made easier.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server import Deployment, person
from tests.visitors import Software, Subject, wait_for

SCOPES = ("checks:write", "checks:read")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A running deployment."""
    deployment = Deployment(tmp_path_factory.mktemp("story") / "data")
    deployment.start()
    try:
        yield deployment
    finally:
        deployment.kill()


@pytest.fixture(scope="module")
def kindergarten(gateway: Deployment) -> Iterator[Software]:
    """The software of a kindergarten."""
    software = gateway.register("Sunflower Kindergarten", ["cn/kindergarten"], SCOPES)
    yield software
    software.close()


@pytest.fixture(scope="module")
def platform(gateway: Deployment) -> Iterator[Software]:
    """The software of a ride-hailing platform."""
    software = gateway.register("Quick Rides", ["cn/ride-hailing"], SCOPES)
    yield software
    software.close()


@pytest.fixture(scope="module")
def desk(gateway: Deployment) -> Iterator[Software]:
    """The adjudicators' software."""
    software = gateway.register("The desk", ["cn/kindergarten"], ["reviews:decide"], desk=True)
    yield software
    software.close()


@pytest.fixture
def subject(gateway: Deployment) -> Iterator[Subject]:
    """A person with a browser."""
    visitor = Subject(gateway.outbox)
    yield visitor
    visitor.close()


def request(passport: str, name: str, born: str, policy: str = "cn/kindergarten", role: str = "teacher") -> Any:
    """A request for a check."""
    about = person(passport, name, born)
    return {"policy": policy, "role": role, "purpose": "hiring", "reference": f"ref-{passport}", "subject": about}


def test_from_a_token_to_yes(kindergarten: Software, desk: Software, subject: Subject) -> None:
    """Token, roles, request, invitation, proof, consent, release, result; and the person sees it on their page."""
    roles = kindergarten.call("GET", "/v1/roles").json()["roles"]
    assert "teacher" in [role["role"] for role in roles]
    asked = kindergarten.call("POST", "/v1/checks", request("FORGIVEN", "Han Mei", "1985-01-02"))
    assert asked.status_code == 201, asked.text
    check = asked.json()
    assert check["status"] == "awaiting_consent"
    subject.decide(check["consent"]["url"], "Han Mei", "1985-01-02")
    assert kindergarten.see(check["id"])["status"] == "in_progress"
    done = kindergarten.await_end(check["id"], desk)  # one clear person in fifty goes over the desk
    assert (done["status"], done["eligible"]) == ("completed", True)
    subject.open(subject.page.url.rpartition("/")[0] + "/status")
    assert "yes" in subject.page.text.lower()


def test_the_same_sealed_entry_is_a_no_here_and_a_yes_there(
    gateway: Deployment, kindergarten: Software, platform: Software, desk: Software
) -> None:
    """A law lets the kindergarten enquire; a ministry rule does not open the seal for the platform."""
    here = kindergarten.call("POST", "/v1/checks", request("BARRED", "Li Lei", "1990-04-23")).json()
    there = platform.call(
        "POST", "/v1/checks", request("BARRED", "Li Lei", "1990-04-23", "cn/ride-hailing", "driver")
    ).json()
    for check in (here, there):
        visitor = Subject(gateway.outbox)
        visitor.decide(check["consent"]["url"], "Li Lei", "1990-04-23")
        visitor.close()
    assert kindergarten.await_end(here["id"], desk)["eligible"] is False
    assert platform.await_end(there["id"], desk)["eligible"] is True


def test_somebody_declines(kindergarten: Software, desk: Software, subject: Subject) -> None:
    """Closed, and nobody was asked."""
    check = kindergarten.call("POST", "/v1/checks", request("CLEAN", "Wang Xiaoming", "1990-04-23")).json()
    subject.decide(check["consent"]["url"], "Wang Xiaoming", "1990-04-23", "decline")
    closed = kindergarten.await_end(check["id"], desk)
    assert (closed["status"], closed["eligible"], closed["release_at"]) == ("closed", None, None)


def test_somebody_else_comes_with_the_link(kindergarten: Software, subject: Subject) -> None:
    """Without the particulars no code is good, and the check waits on."""
    check = kindergarten.call("POST", "/v1/checks", request("CLEAN", "Wang Xiaoming", "1990-04-23")).json()
    subject.open(check["consent"]["url"])
    subject.send()
    subject.send(name="Wang Xiaohong", year="1990", month="4", day="23")
    with pytest.raises(AssertionError):
        subject.send(code="000000")
    assert kindergarten.see(check["id"])["status"] == "awaiting_consent"


def test_a_body_without_a_length_is_bounded_too(kindergarten: Software) -> None:
    """413 for a body that comes in chunks and does not end where it may end."""
    assert kindergarten.session is not None
    headers = {"Content-Type": "application/json", "Idempotency-Key": "chunks"}
    chunks = (b" " * 8192 for _ in range(20))
    answer = kindergarten.session.post(f"{kindergarten.url}/v1/checks", data=chunks, headers=headers)
    assert answer.status_code == 413


def test_nothing_personal_is_in_the_servers_log(gateway: Deployment) -> None:
    """After everything above: no name, birth date, identifier, contact, offence or secret in what was written."""
    written = gateway.log.read_text("utf-8")
    for word in ("Han Mei", "Li Lei", "Xiaoming", "1985-01-02", "1990-04-23", "BARRED", "@mail.example", "drugs"):
        assert word not in written
    assert gateway.environ["SEALGATE_INDEX_KEY"] not in written


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_the_front_process_is_killed(tmp_path: Path) -> None:
    """kill -9 for the process in front only: its worker ends by itself, and a new start takes over."""
    gateway = Deployment(tmp_path / "data")
    gateway.start()
    try:
        assert gateway.process is not None
        (worker,) = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read_text().split()
        gateway.process.kill()
        gateway.process.wait(30)
        wait_for("the worker's end", lambda: _gone(worker))
        gateway.start()
        assert gateway.stop() == 0
    finally:
        gateway.kill()


def _gone(pid: str) -> bool:
    """Whether a process has ended, even if nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_stop_in_order(tmp_path: Path) -> None:
    """SIGTERM: the server ends with status 0, what was asked is there at the next start, and the work goes on."""
    gateway = Deployment(tmp_path / "data")
    gateway.start()
    try:
        software = gateway.register("Sunflower Kindergarten", ["cn/kindergarten"], SCOPES)
        check = software.call("POST", "/v1/checks", request("FORGIVEN", "Han Mei", "1985-01-02"), key="k").json()
        visitor = Subject(gateway.outbox)
        visitor.decide(check["consent"]["url"], "Han Mei", "1985-01-02")
        visitor.close()
        assert gateway.stop() == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{gateway.url}/healthz", timeout=5)
        gateway.start()
        again = software.call("POST", "/v1/checks", request("FORGIVEN", "Han Mei", "1985-01-02"), key="k")
        assert again.json() == check
        desk = gateway.register("The desk", ["cn/kindergarten"], ["reviews:decide"], desk=True)
        assert software.await_end(check["id"], desk)["eligible"] is True
        software.close()
        desk.close()
    finally:
        gateway.kill()
