"""The clients while things break: software that repeats what got no answer, people, adjudicators, and their threads."""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests
from authlib.oauth2 import OAuth2Error

from gateway import consent
from gateway.consent.decide import agree, decline
from tests.crash.fleet import Fleet
from tests.crash.ledger import CLEAN, DESK, NO, YES, Asked, Ledger
from tests.visitors import PATIENCE_SECONDS, Software, Subject, wait_for

TIMEOUT = (2.0, 15.0)
LONGEST_PAUSE = 1.0
BY_HAND = 20
"""Every so manieth person agrees on the pages; for the others the pages' own function is called."""

WHO = (NO, YES, CLEAN, NO, YES, NO, CLEAN, DESK)
ACTS = ("agree",) * 6 + ("decline",) + ("agree",) * 6 + ("nothing",)
RESTING = {"refusal": "confirm", "sample": "confirm"}
"""What the desk decides, and how. What is undetermined is left lying there."""


class Client:
    """Software that asks where it is answered, and repeats what got none."""

    def __init__(self, fleet: Fleet, ledger: Ledger, software: Software) -> None:
        self.fleet, self.ledger, self.software = fleet, ledger, software
        self._turn = itertools.cycle(fleet.urls)
        self._url = next(self._turn)

    def once(self, method: str, path: str, body: Any = None, key: str | None = None) -> requests.Response | None:
        """One call; None if there was no answer. After one that is of no use the next goes to another process."""
        headers = {} if key is None else {"Idempotency-Key": key}
        answer: requests.Response | None = None
        try:
            assert self.software.session is not None
            url = self._url + path
            answer = self.software.session.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
        except (requests.RequestException, OAuth2Error):
            pass
        self.ledger.judge(f"{method} {path}", answer)
        if answer is None or answer.status_code in (429, 503):
            self._url = next(self._turn)
            time.sleep(min(LONGEST_PAUSE, 0.2 if answer is None else float(answer.headers.get("Retry-After", 0))))
        return answer

    def until(self, method: str, path: str, body: Any = None, key: str | None = None) -> requests.Response:
        """Call until there is an answer that means something. Raises AssertionError when none comes."""

        def answered() -> list[requests.Response]:
            answer = self.once(method, path, body, key)
            return [] if answer is None or answer.status_code in (429, 503) else [answer]

        return wait_for(f"an answer to {method} {path}", answered, 3 * PATIENCE_SECONDS)[0]

    def ask(self, asked: Asked) -> bool:
        """Ask for a check. False while an earlier attempt, whose process may be dead, still has the key."""
        who = {"names": [{"full": asked.person.name, "script": "Latn"}], "born": asked.person.born}
        who |= {"ids": [{"type": "passport", "value": asked.person.passport}]}
        who |= {"contact": {"email": _mail(asked)}}
        body = {"policy": "cn/kindergarten", "role": "teacher", "purpose": "hiring", "reference": asked.key}
        answer = self.until("POST", "/v1/checks", {**body, "subject": who}, asked.key)
        if answer.status_code == 409:
            return False
        assert answer.status_code == 201, answer.text
        self.ledger.answered(asked, answer.json())
        return True

    def look(self, asked: Asked) -> None:
        """See how a check stands."""
        answer = self.once("GET", f"/v1/checks/{asked.check_id}")
        if answer is not None and answer.status_code == 200:
            self.ledger.read(answer.json())

    def settle_reviews(self) -> None:
        """As the desk: look at what waits, and decide it; what does not work now is met again."""
        waiting = self.once("GET", "/v1/reviews")
        if waiting is None or waiting.status_code != 200:
            return
        for review in waiting.json()["reviews"]:
            path = f"/v1/reviews/{review['id']}"
            question = self.once("GET", path)
            why = question.json().get("why") if question is not None else None
            if why in RESTING:
                self.once("POST", f"{path}/decision", {"decision": RESTING[why], "reason": "record-plain"})


class Reader(Subject):
    """A person who reads their own letters only, on the pages."""

    def __init__(self, fleet: Fleet, asked: Asked) -> None:
        super().__init__(fleet.outbox)
        self.mail = _mail(asked)

    def _codes(self) -> list[str]:
        lines = self.outbox.read_text("utf-8").splitlines() if self.outbox.exists() else []
        letters = [letter for letter in map(json.loads, lines) if letter["to"].get("email") == self.mail]
        return [found[0] for letter in letters if (found := re.search(r"(?<![\w-])\d{6}(?![\w-])", letter["text"]))]


def _mail(asked: Asked) -> str:
    return f"{asked.key}@bittern.example"


class Crowd:
    """Everybody at once: institutions with a client each, the people, a desk, and one who only reads."""

    def __init__(self, fleet: Fleet, institutions: int = 3, *, pages: bool = True) -> None:
        self.fleet, self.ledger = fleet, Ledger()
        self.pages = pages
        """Whether some people go over the pages: they need the file with the letters."""
        scopes = ("checks:write", "checks:read")
        self.clients = [
            Client(fleet, self.ledger, fleet.register(f"Nursery {number}", ["cn/kindergarten"], scopes))
            for number in range(institutions)
        ]
        self.desk = Client(fleet, self.ledger, fleet.register("The desk", [], ("reviews:decide",), desk=True))
        self.over = threading.Event()
        self.errors: list[BaseException] = []

    @contextmanager
    def at_work(self, checks: int) -> Iterator[Callable[[], bool]]:
        """Let all do what they do while the body runs; it is given whether somebody still has checks to ask for."""
        asking = [
            self._thread(self._asks, client, range(number, checks, len(self.clients)))
            for number, client in enumerate(self.clients)
        ]
        desk = self._thread(self._at_the_desk)
        try:
            yield lambda: any(thread.is_alive() for thread in asking)
        finally:
            for thread in asking:
                thread.join()
            self.over.set()
            desk.join()
        if self.errors:
            raise self.errors[0]

    def _thread(self, act: Callable[..., None], *arguments: object) -> threading.Thread:
        def guarded() -> None:
            try:
                act(*arguments)
            except BaseException as error:  # noqa: BLE001 - raised again when all have ended
                self.errors.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    def _asks(self, client: Client, numbers: Sequence[int]) -> None:
        for number in numbers:
            asked = Asked(f"key-{number}", WHO[number % len(WHO)], ACTS[number % len(ACTS)])
            self.ledger.asked[asked.key] = asked
            if client.ask(asked):
                self._act(asked, by_hand=self.pages and number % BY_HAND == 0)
            earlier = self.ledger.asked[f"key-{numbers[(number * 7) % (number // len(self.clients) + 1)]}"]
            if earlier.check_id:
                client.look(earlier)

    def _at_the_desk(self) -> None:
        while not self.over.wait(0.5):
            self.desk.settle_reviews()

    def _act(self, asked: Asked, *, by_hand: bool = False) -> None:
        """The person does what they do."""
        if asked.act == "nothing":
            return
        if not (by_hand and self._on_the_pages(asked)):
            act = {"agree": agree, "decline": decline}[asked.act]
            self.fleet.write(asked.check_id, lambda session: act(session, consent.decided(session, asked.check_id)))
        asked.acted = True

    def _on_the_pages(self, asked: Asked) -> bool:
        """Whether it worked: what runs meanwhile may die."""
        reader = Reader(self.fleet, asked)
        try:
            reader.decide(asked.link, asked.person.name, asked.person.born, asked.act)
        except (AssertionError, requests.RequestException):
            return False
        finally:
            reader.close()
        return True

    def accepted(self) -> int:
        """How many checks were accepted until now."""
        return sum(bool(asked.check_id) for asked in list(self.ledger.asked.values()))

    def come_to_an_end(self, seconds: float = 120) -> None:
        """Ask again for what got no answer, and wait until every check that can has come to one."""
        for asked in [asked for asked in self.ledger.asked.values() if not asked.check_id]:
            wait_for("the same request to be answered", lambda asked=asked: self._client_of(asked).ask(asked), seconds)
            self._act(asked)

        def ended() -> bool:
            self.desk.settle_reviews()
            for asked in self.ledger.open():
                self._client_of(asked).look(asked)
            time.sleep(0.3)
            return not self.ledger.open()

        wait_for("every answer", ended, seconds)
        for asked in self.ledger.asked.values():
            self._client_of(asked).look(asked)

    def _client_of(self, asked: Asked) -> Client:
        return self.clients[int(asked.key.removeprefix("key-")) % len(self.clients)]

    def close(self) -> None:
        """Close the connections."""
        for client in (*self.clients, self.desk):
            client.software.close()
