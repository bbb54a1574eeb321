"""What people and their browsers do wrong, and what others try: old pages, two tabs, forged languages, races."""

import threading
import time as clock_time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gateway import audit, consent
from gateway.checks import release
from gateway.checks.run import run
from gateway.clock import Stopped
from gateway.config import Config
from gateway.consent import decide
from gateway.db import db
from tests.gateway.consent.people import RIGHT, Person, Request, ask, letters, sent_code
from tests.stage import Caller, Stage, make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]

AGREED = {"name": "王小明", "year": "1990", "month": "4", "day": "23"}
ENDED = "Ended: nobody answered in time"


def at_once(*acts: Callable[[], TestResponse | None]) -> list[TestResponse | None]:
    """Do all at the same moment, each in a thread of its own; what each got."""
    ready, got = threading.Barrier(len(acts)), [None for _ in acts]

    def one(place: int) -> None:
        ready.wait()
        got[place] = acts[place]()  # type: ignore[call-overload]

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def second_tab(person: Person) -> Person:
    """Another tab of the same browser, with the same page in it."""
    other = Person(person.client.application)
    for name in ("sealgate-form", *(cookie.key for cookie in person.client._cookies.values())):
        found = person.client.get_cookie(name)
        if found is not None:
            other.client.set_cookie(name, found.value)
    other.page, other.path = person.page, person.path
    return other


def kinds(check_id: str) -> list[str]:
    with db.read() as session:
        return [entry.kind for entry in audit.about(session, check_id) if entry.kind.startswith("consent.")]


def test_pages_of_before_decide_nothing_later(app: Flask, config: Config, time: Stopped) -> None:
    """The back button, at every step: an old form that is sent again, once or twice, leads to how it stands now."""
    person, request = Person(app), ask()
    forms: dict[str, tuple[str, str, dict[str, str]]] = {}

    def step(called: str, **fields: str) -> None:
        forms[called] = (person.page, person.path, fields)
        person.send(**fields)

    person.open(request.path)
    step("welcome")
    step("particulars", **RIGHT)
    step("code", code=sent_code(config))
    step("agree", decision="agree")
    forms["decline"] = (*forms["agree"][:2], {"decision": "decline"})
    person.open(f"/c/{request.id}/withdraw")
    step("withdraw")
    assert request.row.state == "withdrawn"
    row, sent = request.row, len(letters(config))
    expected = {"welcome": 200, "particulars": 200, "code": 422, "agree": 200, "decline": 200, "withdraw": 200}
    for name, (page, path, fields) in forms.items():
        for _ in range(2):
            person.page = page
            assert person.send(path=path, **fields).status_code == expected[name], name
    person.open(f"/c/{request.id}/status")
    assert "You withdrew" in person.text
    assert (request.row.state, request.row.closed_at) == ("withdrawn", row.closed_at)
    assert kinds(request.check_id) == ["consent.given", "consent.withdrawn"]
    assert len(letters(config)) == sent + 2, "a code for each time that one was asked for, and nothing else"


def test_two_tabs_decide_once_and_both_say_the_same(app: Flask, config: Config) -> None:
    """Agree in one, decline in the other that was left open: the first stands, and the second shows it."""
    request, person = ask(), Person(app)
    person.prove(request, config)
    other = second_tab(person)
    person.send(decision="decline")
    other.send(decision="agree")
    assert "You have declined" in other.text
    assert request.row.state == "declined"
    assert other.open(f"/c/{request.id}/request").status_code == 200
    assert other.path.endswith("/status")


FORGED = [
    "xx",
    "EN",
    "en-",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "en\r\nSet-Cookie: a=b",
    "語" * 200,
]


@pytest.mark.parametrize("forged", FORGED)
def test_forged_language_is_no_language(app: Flask, config: Config, forged: str) -> None:
    """In the query, the cookie, the header, or all of them: the first language, nothing kept, nothing shown again."""
    person, request = Person(app), ask()
    person.prove(request, config)
    for query, cookie, header in ((forged, "", ""), ("", forged, ""), ("", "", forged), (forged, forged, forged)):
        other = second_tab(person)
        other.client.set_cookie("sealgate-language", cookie)
        sent = header.replace("\r\n", " ").encode("latin-1", "ignore").decode("latin-1")
        headers = {"Accept": "text/html", "Accept-Language": sent}
        answer = other.client.get(f"/c/{request.id}/request", query_string={"language": query}, headers=headers)
        assert answer.status_code == 200
        assert '<html lang="en">' in answer.text
        assert "<script" not in answer.text
        assert "passwd" not in answer.text
        assert not [value for value in answer.headers.getlist("Set-Cookie") if "language" in value]
        assert "a=b" not in str(answer.headers)
    other = second_tab(person)
    other.client.set_cookie("sealgate-language", forged)
    other.send(path=f"/c/{request.id}/request?language=xx", decision="decline")
    assert request.row.language == "en"


def test_code_that_is_typed_twice_at_once_proves_once(app: Flask, config: Config) -> None:
    """Two tabs, one moment: one is in, the other is told that the code is used, or that its page has closed."""
    for _ in range(3):
        request, person = ask(), Person(app)
        person.open(request.path)
        person.send()
        person.send(**RIGHT)
        code, tabs = sent_code(config), (second_tab(person), second_tab(person))
        got = at_once(*(lambda tab=tab, code=code: tab.send(follow=False, code=code) for tab in tabs))  # type: ignore[misc]
        statuses = sorted(answer.status_code for answer in got if answer is not None)
        assert statuses[0] == 303
        assert statuses[1] in (403, 422)
        assert request.row.strikes <= 1
        inside = [tab.open(f"/c/{request.id}/request").status_code == 200 for tab in tabs]
        assert inside.count(True) == 1, "the other has the cookie of before the proof"


def prove(stage: Stage, person: Person, link: str) -> str:
    """Open the link and prove who one is, anew: the consent's id."""
    person.client = stage.app.test_client()
    person.open(link.removeprefix("http://localhost:8000"))
    person.send()
    person.send(**AGREED)
    person.send(code=sent_code(stage.config))
    return person.path.split("/")[2]


def proved(stage: Stage, hr: Caller, key: str) -> tuple[str, str, Person]:
    """A check whose person has proved who they are and has not decided: its id, its link, the person."""
    answer = hr.ask(key=key).get_json()
    person = Person(stage.app)
    prove(stage, person, answer["consent"]["url"])
    assert person.path.endswith("/request")
    return answer["id"], answer["consent"]["url"], person


def state_of(check_id: str) -> str:
    with db.read() as session:
        return consent.decided(session, check_id).state


def once_told(person: Person, check_id: str) -> TestResponse:
    """Withdraw in the midst of the release, when the subject was just told: the answer is about to leave, or has."""
    until = clock_time.monotonic() + 30
    while clock_time.monotonic() < until:
        with db.read() as session:
            if consent.decided(session, check_id).told_at is not None:
                break
    return person.send()


@pytest.mark.both_databases
def test_withdrawal_races_the_release(stage: Stage) -> None:
    """Whichever wins, the institution sees `completed` or `closed` for good, never an answer of a withdrawn check, and
    the subject's page says the same."""
    hr = stage.caller()
    for number in range(4):
        check_id, link, person = proved(stage, hr, f"race-{number}")
        person.send(decision="agree")
        run(check_id)
        stage.time.forward(timedelta(days=1, hours=1))
        person.open(f"/c/{prove(stage, person, link)}/withdraw")
        at_once(person.send if number % 2 else partial(once_told, person, check_id), release.tick)
        seen = hr.see(check_id)
        stage.forward(hours=3)
        later = hr.see(check_id)
        person.open(f"/c/{prove(stage, person, link)}/status")
        if state_of(check_id) == "withdrawn":
            assert seen["status"] in ("in_progress", "closed")
            assert (seen["eligible"], later["status"], later["eligible"]) == (None, "closed", None)
            assert "You withdrew" in person.text
            assert "The answer Yes" not in person.text
        else:
            assert seen == later
            assert (seen["status"], seen["eligible"]) == ("completed", True)
            assert "The answer Yes" in person.text
            assert "/withdraw" not in person.page


@pytest.mark.both_databases
def test_agreeing_races_declining_and_the_end_of_its_time(stage: Stage) -> None:
    """One act is done, once, and everybody is told that one."""
    hr = stage.caller()
    for number in range(3):
        check_id, _, person = proved(stage, hr, f"both-{number}")
        consent_id, other = person.path.split("/")[2], second_tab(person)
        at_once(lambda who=person: who.send(decision="agree"), lambda who=other: who.send(decision="decline"))  # type: ignore[misc]
        state = state_of(check_id)
        assert kinds(check_id) == [f"consent.{state}"]
        assert hr.see(check_id)["status"] == {"given": "in_progress", "declined": "closed"}[state]
        for tab in (person, other):
            tab.open(f"/c/{consent_id}/status")
            assert ("You declined" in tab.text) is (state == "declined")
    for number in range(3):
        answer = hr.ask(key=f"end-{number}").get_json()
        stage.time.forward(timedelta(days=14) - timedelta(minutes=1))
        person = Person(stage.app)
        prove(stage, person, answer["consent"]["url"])

        def end() -> None:
            stage.time.forward(timedelta(minutes=1))
            decide.expire()

        at_once(lambda who=person: who.send(decision="agree"), end)  # type: ignore[misc,func-returns-value]
        state = state_of(answer["id"])
        assert kinds(answer["id"]) == [f"consent.{state}"]
        assert hr.see(answer["id"])["status"] == {"given": "in_progress", "expired": "closed"}[state]
        assert (ENDED in person.text) is (state == "expired")


@pytest.mark.both_databases
def test_last_moment_is_before_the_end(app: Flask, config: Config, time: Stopped) -> None:
    """Agreed to a microsecond before its end it stands; at its end it does not, whether or not it is swept up yet."""
    for before, state in ((timedelta(microseconds=1), "given"), (timedelta(0), "requested")):
        request, person = ask(), Person(app)
        time.forward(timedelta(days=14) - timedelta(minutes=1))
        person.prove(request, config)
        time.forward(timedelta(minutes=1) - before)
        person.send(decision="agree")
        assert request.row.state == state
        decide.expire()
        assert request.row.state == ("given" if state == "given" else "expired")


def test_forms_of_one_request_are_no_use_at_another(app: Flask, config: Config) -> None:
    """Neither the token, nor the cookie, nor both, of a request that somebody has themselves."""
    mine, theirs = ask(), ask(institution="Another")
    person = Person(app)
    person.prove(mine, config)
    own = person.page
    for step in ("prove", "code", "request", "withdraw"):
        person.page = own
        assert person.send(path=f"/c/{theirs.id}/{step}", decision="agree").status_code == 403
    cookie = person.client.get_cookie(f"sealgate-{mine.id[-8:]}")
    assert cookie is not None
    person.client.set_cookie(f"sealgate-{theirs.id[-8:]}", cookie.value)
    person.page = own
    assert person.send(path=f"/c/{theirs.id}/request", decision="agree").status_code == 403
    victim = Person(app)
    victim.open(theirs.path)
    victim.send()
    victim.page = own
    assert victim.send(path=f"/c/{theirs.id}/prove", **RIGHT).status_code == 400, "another's token"
    assert Request(theirs.check_id, theirs.asked).row.state == "requested"
