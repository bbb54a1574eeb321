"""What was said to the clients while things broke: kept here, to be held against the books afterwards."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import requests


@dataclass
class Person:
    """A subject: who they are, and what is to come out for a kindergarten; None if a person must decide."""

    passport: str
    name: str
    born: str
    eligible: bool | None


NO = Person("PPKESTREL9917", "Zofia Wrzeszczyk", "1961-02-03", False)
YES = Person("PPHERON424288", "Anneliese Plover", "1975-08-19", True)
CLEAN = Person("PPBITTERN7731", "Ondrej Vlastimil", "1983-11-27", True)
DESK = Person("PPDUNLIN31415", "Marguerite Egret", "1958-06-30", None)


@dataclass
class Asked:
    """One request for a check: its key, about whom, what the person does, and what the client was told."""

    key: str
    person: Person
    act: str
    """`agree`, `decline`, or `nothing`."""
    check_id: str = ""
    link: str = ""
    acted: bool = False


@dataclass
class Ledger:
    """Everything that the clients have sent and seen."""

    asked: dict[str, Asked] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    seen: dict[str, list[tuple[str, bool | None]]] = field(default_factory=lambda: defaultdict(list))
    """For each check what was read of it: its status and answer, in the order in which it was read."""
    wrong: list[str] = field(default_factory=list)
    """What nobody may ever be told, whatever breaks."""
    cut: int = 0
    """How often there was no answer at all."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def judge(self, what: str, answer: requests.Response | None) -> None:
        """Note an answer; find fault with one that is neither of use nor says when to come again."""
        with self._lock:
            if answer is None:
                self.cut += 1
                return
            self.statuses[answer.status_code] += 1
            refused = answer.status_code in (429, 503)
            if (answer.status_code >= 500 and not refused) or (refused and "Retry-After" not in answer.headers):
                self.wrong.append(f"{what}: {answer.status_code} {dict(answer.headers)} {answer.text[:300]}")

    def answered(self, asked: Asked, body: dict[str, Any]) -> None:
        """Note that a check was accepted. The same request has the same answer, whenever it is given."""
        with self._lock:
            if asked.check_id not in ("", body["id"]):
                self.wrong.append(f"{asked.key} made the checks {asked.check_id} and {body['id']}")
            asked.check_id, asked.link = body["id"], body["consent"]["url"]

    def read(self, check: dict[str, Any]) -> None:
        """Note how a check was seen to stand. What has once left stays as it is."""
        with self._lock:
            now = (check["status"], check["eligible"])
            history = self.seen[check["id"]]
            if history and history[-1][0] in ("completed", "closed") and history[-1] != now:
                self.wrong.append(f"{check['id']} was {history[-1]} and then {now}")
            if not history or history[-1] != now:
                history.append(now)

    def due(self) -> list[Asked]:
        """The checks that must come to an answer."""
        agreed = [one for one in self.asked.values() if one.acted and one.act == "agree"]
        return [one for one in agreed if one.person.eligible is not None]

    def open(self) -> list[Asked]:
        """Those that have not come to their answer yet, as far as was seen."""
        return [one for one in self.due() if ("completed", one.person.eligible) not in self.seen[one.check_id]]
