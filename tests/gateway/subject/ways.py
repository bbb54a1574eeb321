"""Ways to a person's own pages: by a sign-in at the provider, and in trials from one of their requests."""

import json
import re
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select

from gateway import clock, notices
from gateway.consent.models import Consent
from gateway.db import db
from gateway.notices.models import TO_GO, Message
from tests.gateway.consent.people import Control, Person
from tests.stage import Caller, Stage, StageMaker, request_for

HOST = "http://localhost:8000"
CLAIMS = "name=name,born=birthdate,id.passport=passport"
WANG = {"sub": "wang", "name": "王小明", "birthdate": "1990-04-23", "passport": "BARRED"}
NAMESAKE = {**WANG, "sub": "namesake", "passport": "EMPLOYER"}
NOBODY = "There is no check about you here."


def with_sign_in(make_stage: StageMaker, provider: Control, **environ: str) -> Stage:
    """A deployment where people sign in at the provider."""
    return make_stage({**provider.settings, "SEALGATE_OIDC_CLAIMS": CLAIMS, **environ})


def to_provider(person: Person, provider: Control, who: dict[str, Any]) -> str:
    """Press the button of the page that is open, sign in there; the path back."""
    provider.set(person={**who, "auth_time": int(clock.now().timestamp())})
    there = person.send(follow=False).headers["Location"]
    assert there.startswith(provider.base), there
    return requests.get(there, allow_redirects=False, timeout=5).headers["Location"].removeprefix(HOST)


def sign_in(stage: Stage, provider: Control, who: dict[str, Any] = WANG, language: str = "en") -> Person:
    """Somebody who comes to their own page without a link."""
    person = Person(stage.app, language)
    person.open("/c/mine")
    assert person.path == "/c/mine/sign-in"
    person.open(to_provider(person, provider, who))
    assert person.path == "/c/mine", person.text
    return person


def consent_of(check_id: str) -> Consent:
    """The consent of a check."""
    with db.read() as session:
        return session.scalars(select(Consent).where(Consent.check_id == check_id)).one()


def press(person: Person, path: str) -> None:
    """Press the button of the present page that leads somewhere."""
    before = person.page
    found = re.search(rf'<form[^>]* action="{re.escape(path)}">.*?value="([0-9a-f]{{64}})"', before, re.S)
    assert found, f"no way to {path} on {person.path}"
    person.send(path=path)


def one_time_code(stage: Stage) -> str:
    """The six digits of the last letter that has some."""
    with db.read() as session:
        waiting = session.scalars(select(Message.id).where(Message.state.in_(TO_GO)).order_by(Message.created_at)).all()
    for message_id in waiting:
        notices.deliver(message_id)
    letters = Path(stage.config.outbox.removeprefix("file:")).read_text("utf-8").splitlines()
    found = [re.search(r"\b(\d{6})\b", json.loads(letter)["text"]) for letter in letters if "://" not in letter]
    return [match[1] for match in found if match][-1]


def prove(stage: Stage, url: str) -> Person:
    """In trials: somebody who opens a link and shows that they are Wang Xiaoming."""
    person = Person(stage.app)
    person.open(url.removeprefix(HOST))
    person.send()
    person.send(name="王小明", year="1990", month="4", day="23")
    person.send(code=one_time_code(stage))
    return person


def about(*passports: str, **changes: Any) -> dict[str, Any]:
    """The subject of a request with these passports."""
    ids = [{"type": "passport", "value": passport} for passport in passports]
    return {**request_for("x")["subject"], "ids": ids, **changes}


def asked(caller: Caller, key: str, subject: dict[str, Any]) -> str:
    """Ask for a check; the id of its consent."""
    return consent_of(caller.asked(key=key, subject=subject)).id


def consent_of_id(consent_id: str) -> Consent:
    """A consent as it stands."""
    with db.read() as session:
        return session.get_one(Consent, consent_id)
