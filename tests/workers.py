"""Those who work at the deployment, at a browser: they enrol, sign in, and press buttons."""

import re
from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from gateway import clock
from gateway.db import db
from gateway.staff import codes, people
from tests.visitors import Subject

PASSWORD = "a heron in the reeds at dawn"


def add(
    login: str = "judge", *, roles: Sequence[str] = ("adjudicator",), jurisdictions: Sequence[str] = ()
) -> tuple[str, str]:
    """Let somebody work here: their id, and the path of their link."""
    with db.write() as session:
        staff, link = people.add(session, login, roles, jurisdictions, "operator")
        return staff.id, f"/staff/enrol/{link}"


def secret_on(page: str) -> str:
    """The key for the authenticator, as the page shows it in an address."""
    return unescape(page).partition("secret=")[2][:32]


class Worker:
    """Somebody at a browser. The clock stands still: `wait` lets time pass until there is a new code."""

    def __init__(self, app: Flask, time: clock.Stopped, login: str = "judge", password: str = PASSWORD) -> None:
        self.browser = app.test_client()
        self.time = time
        self.login, self.password = login, password
        self.secret = ""
        self.page: Any = None

    def open(self, path: str) -> TestResponse:
        """GET a page, as a browser does."""
        self.page = self.browser.get(path, headers={"Accept": "text/html"})
        return self.page

    def post(self, path: str, token: str | None = None, **fields: str) -> TestResponse:
        """Send a form with the token of the page that is open, or with another."""
        sent = {"form": self.token() if token is None else token, **fields}
        self.page = self.browser.post(path, data=sent, headers={"Accept": "text/html"})
        return self.page

    def token(self) -> str:
        """The token of the page that is open."""
        return form_token(self.page.text)

    def enrol(self, link: str) -> None:
        """From the link to the home page."""
        self.open(link)
        assert self.post(link, password=self.password, again=self.password).status_code == 303
        self.open("/staff/factor")
        self.secret = secret_on(self.page.text)
        assert self.post("/staff/factor", code=self.code()).status_code == 303, self.page.text

    def sign_in(self, back: str = "", **changes: str) -> TestResponse:
        """With a code that was not used yet; `changes` are other fields."""
        self.wait()
        self.open(f"/staff/sign-in?next={back}")
        fields = {"login": self.login, "password": self.password, "code": self.code(), "next": back}
        return self.post("/staff/sign-in", **{**fields, **changes})

    def code(self) -> str:
        """What the authenticator shows."""
        return codes.at(self.secret, self.time.at)

    def wait(self) -> None:
        """Until the next code."""
        self.time.forward(timedelta(seconds=codes.STEP_SECONDS))

    @property
    def cookie(self) -> str:
        """The token of the session, as the browser has it."""
        found = self.browser.get_cookie("sealgate-staff")
        return found.value if found else ""


def member_at(app: Flask, time: clock.Stopped, *roles: str, login: str = "judge") -> Worker:
    """Somebody who has enrolled and is signed in."""
    worker = Worker(app, time, login)
    worker.enrol(add(login, roles=roles or ("adjudicator",))[1])
    return worker


LOGIN, WRONG_LOGIN = "bustard.ruff@turnstone.example", "crake.whimbrel@turnstone.example"
WORDS, WRONG_WORDS = "the-godwit-of-the-salt-lagoon", "the-dunlin-of-the-far-shoal"


def a_day_of_work(url: str, outbox: Path, *rooms: str) -> tuple[list[str], list[bytes], list[bytes]]:
    """Somebody enrols, fails to sign in, signs in, goes home and into rooms, over HTTP.

    Returned is what is theirs alone, what they saw, and what they saw in the rooms.
    """
    _, link = add(LOGIN, jurisdictions=["cn"])
    at_work = Subject(outbox)
    at_work.open(url + link)
    at_work.send(password=WORDS, again=WORDS)
    secret, cookies = secret_on(at_work.page.text), [*at_work.browser.cookies.values()]
    at_work.send(code=codes.at(secret, clock.now()))
    cookies += at_work.browser.cookies.values()
    at_work.send()  # out
    failed = at_work.browser.post(
        f"{url}/staff/sign-in",
        {"form": form_token(at_work.page.text), "login": WRONG_LOGIN, "password": WRONG_WORDS, "code": "271828"},
        timeout=30,
    )
    assert failed.status_code == 422
    code = codes.at(secret, clock.now() + timedelta(seconds=codes.STEP_SECONDS))
    at_work.send(login=LOGIN, password=WORDS, code=code)
    assert LOGIN in at_work.page.text
    cookies += at_work.browser.cookies.values()
    seen = [page.encode() for page in at_work.pages]
    for room in rooms:
        at_work.open(url + room)
        assert at_work.page.status_code == 200, room
    in_rooms = [page.encode() for page in at_work.pages[len(seen) :]]
    at_work.close()
    private = [LOGIN, WRONG_LOGIN, WORDS, WRONG_WORDS, secret, codes.grouped(secret), link.rpartition("/")[2]]
    return [*private, *set(cookies)], seen, in_rooms


def form_token(page: str) -> str:
    """The token of a page's form."""
    found = re.search(r'name="form" value="(\w+)"', page)
    return found[1] if found else ""
