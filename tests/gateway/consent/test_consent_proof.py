"""Proof by particulars and a one-time code: a wrong person learns nothing, a guesser gets nowhere."""

import hmac
import re
import statistics
import time as clock_time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from gateway import vault
from gateway.clock import Stopped
from gateway.config import Config
from gateway.consent import proof
from gateway.db import db
from gateway.notices.models import Message
from tests.gateway.consent.people import RIGHT, SUBJECT, WRONG, Person, Request, ask, letters, sent_code


@pytest.mark.parametrize(
    ("name", "born", "same"),
    [
        ("Wang Xiaoming", "1990-04-23", True),
        ("wang  XIAOMING ", "1990-04-23", True),
        ("WangXiaoming", "1990-04-23", True),
        ("Ｗａｎｇ Ｘｉａｏｍｉｎｇ", "1990-04-23", True),
        ("王小明", "1990-04-23", True),
        ("王 小 明", "1990-04-23", True),
        ("Xiaoming Wang", "1990-04-23", True),
        ("WANG, Xiaoming", "1990-04-23", True),
        ("XiaomingWang", "1990-04-23", False),
        ("Wang Wang Xiaoming", "1990-04-23", False),
        ("Xiaoming", "1990-04-23", False),
        ("小明王", "1990-04-23", False),
        ("小明 王", "1990-04-23", False),
        ("Wang Xiaomin", "1990-04-23", False),
        ("王小明", "1990-04-24", False),
        ("", "1990-04-23", False),
        (" - ", "1990-04-23", False),
    ],
)
def test_particulars_are_compared_as_people_write_them(name: str, born: str, same: bool) -> None:
    """Case, width and spaces do not matter; another name or day does."""
    assert proof.same_person(SUBJECT, name, born) is same


@pytest.mark.parametrize(
    ("one", "other"), [("O'Brien", "O’Brien"), ("Zoë", "Zoe\u0308"), ("Straße", "STRASSE"), ("Jean-Luc", "Jean Luc")]
)
def test_one_name_in_two_spellings_is_one(one: str, other: str) -> None:
    """What a keyboard makes of an apostrophe, an accent, a capital, a hyphen."""
    assert proof.plain(one) == proof.plain(other)


@pytest.mark.parametrize(
    ("known", "typed", "same"),
    [
        ("Jean-Luc Picard", "Picard Jean Luc", True),
        ("Jean-Luc Picard", "Picard, Jeanluc", True),
        ("Wang Xiaoming", "Xiao-ming Wang", True),
        ("Pat O’Brien", "O'Brien Pat", True),
        ("María José García López", "García López, María José", True),
        ("买买提·阿卜杜拉", "阿卜杜拉·买买提", True),
        ("Anna Lee", "Ann Alee", True),  # joined, as ever
        ("Anna Lee", "Lee Ann A", False),
        ("Zoë Park", "Park Zoe", False),
        ("王小明", "明小王", False),
    ],
)
def test_parts_of_a_name_may_stand_in_any_order(known: str, typed: str, same: bool) -> None:
    """Family name first or last, hyphen or space; a name without spaces is compared as it stands."""
    subject = {"names": [{"full": known}], "born": "1990-04-23"}
    assert proof.same_person(subject, typed, "1990-04-23") is same


@pytest.mark.parametrize("typed", ["Wang Xiaoming", "Xiaoming Wang", "Wang Xiaohong", "王小明", "x"])
def test_every_name_is_compared_with_every_form(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison does not stop at the first that fits: as many digests for a right name as for a wrong one."""
    compared, compare = [], hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append(len(one)) or compare(one, other))
    proof.same_person(SUBJECT, typed, "1990-04-23")
    assert compared == [32] * (3 * len(SUBJECT["names"]) + 1)


def test_no_code_page_says_what_to_do_about_a_name(app: Flask, request_: Request) -> None:
    """The same hint for right and wrong particulars."""
    for particulars in (RIGHT, WRONG):
        person = at_proof(app, request_)
        person.send(**particulars)
        assert "Perhaps the organisation knows your name differently" in person.text


def test_accent_is_part_of_a_name() -> None:
    """Zoë is not Zoe."""
    assert proof.plain("Zoë") != proof.plain("Zoe")


def at_proof(app: Flask, request: Request) -> Person:
    """Somebody who has opened the link and stands before the proof."""
    person = Person(app)
    person.open(request.path)
    person.send()
    return person


def seen(response: TestResponse) -> tuple[object, ...]:
    """What can be seen of an answer, apart from the form's token."""
    headers = [(name, value) for name, value in response.headers if name != "Set-Cookie"]
    return response.status, re.sub(r'value="[0-9a-f]{64}"', "", response.text), headers


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile, without the values."""
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    event.remove(db.engine, "before_cursor_execute", note)


def test_wrong_person_sees_what_the_right_one_sees(app: Flask, config: Config) -> None:
    """Same pages, same headers, same work for the database; only the message is missing."""
    ask()  # a process notes a key of the vault at its first use
    answers, work = {}, {}
    for who, particulars in (("right", RIGHT), ("wrong", WRONG)):
        request = ask()
        person = at_proof(app, request)
        with statements() as asked:
            redirect = person.send(follow=False, **particulars)
        work[who] = asked
        page = person.open(redirect.headers["Location"])
        there = [seen(redirect), seen(page)]
        answers[who] = [tuple(str(part).replace(request.id, "ID") for part in one) for one in there]
    assert answers["right"] == answers["wrong"]
    assert work["right"] == work["wrong"]
    codes = [letter for letter in letters(config) if letter["subject"] == "Your code"]
    assert len(codes) == 1


@pytest.mark.slow
def test_wrong_particulars_take_as_long_as_right_ones(app: Flask, time: Stopped) -> None:
    """The medians of a few dozen tries lie closer than the tries do among themselves."""
    taken: dict[str, list[float]] = {"right": [], "wrong": []}
    for round_ in range(25):
        pair = [("right", RIGHT), ("wrong", WRONG)]
        for who, particulars in pair if round_ % 2 else reversed(pair):
            person = at_proof(app, ask(contact={"email": "a@mail.example"}))
            begun = clock_time.perf_counter()
            person.send(follow=False, **particulars)
            taken[who].append(clock_time.perf_counter() - begun)
    right, wrong = (statistics.median(taken[who]) for who in ("right", "wrong"))
    spread = statistics.quantiles(taken["right"] + taken["wrong"], n=10)
    assert abs(right - wrong) < max(spread[-1] - spread[0], 0.004)


def test_code_of_the_wrong_person_is_never_right(app: Flask, config: Config) -> None:
    """Not even the digits that were drawn: there is nothing to guess."""
    for _ in range(3):
        request = ask()
        person = at_proof(app, request)
        person.send(**WRONG)
        with db.read() as session:
            withheld = session.scalars(select(Message.id).where(Message.template == "code", Message.state == "queued"))
            drawn = vault.get(session, withheld.one(), "letter")["facts"]["code"]
        assert [letter for letter in letters(config) if "It works once" in letter["text"]] == []
        for guess in (drawn, "000000", ""):
            assert person.send(code=guess).status_code == 422
        assert request.row.strikes == 4


def test_what_is_no_name_or_no_day_is_asked_again(app: Flask, request_: Request) -> None:
    """A slip is shown at its field, without counting and without comparing."""
    person = at_proof(app, request_)
    for changed, words in [
        ({"name": " "}, "Please type your full name"),
        ({"day": "31", "month": "2"}, "There is no such date"),
        ({"month": "13"}, "There is no such date"),
        ({"year": "2027"}, "This cannot be a date of birth"),
        ({"year": "1890"}, "This cannot be a date of birth"),
        ({"year": "90"}, "This cannot be a date of birth"),
        ({"month": "April"}, "Please type your date of birth"),
        ({"day": ""}, "Please type your date of birth"),
    ]:
        response = person.send(**{**RIGHT, **changed})
        assert response.status_code == 422
        assert words in person.text
    assert 'value="Wang Xiaoming"' in person.page
    assert request_.row.strikes == 0
    assert person.send(**{**RIGHT, "day": "２３"}).status_code == 200


def test_right_person_with_the_right_code_may_read(app: Flask, request_: Request, config: Config) -> None:
    """The whole request shows, and only now."""
    person = at_proof(app, request_)
    assert "teacher" not in person.page
    person.send(**RIGHT)
    assert "teacher" not in person.page
    person.send(code=sent_code(config))
    assert person.path == f"/c/{request_.id}/request"
    assert "teacher" in person.page


@pytest.mark.both_databases
def test_code_works_once(app: Flask, request_: Request, config: Config) -> None:
    """Used, it is used: in the same browser and in another."""
    person = at_proof(app, request_)
    person.send(**RIGHT)
    page, path = person.page, person.path
    code = sent_code(config)
    assert person.send(code=code).status_code == 200
    person.page, person.path = page, path
    assert person.send(code=code).status_code == 422
    other = at_proof(app, request_)
    other.open(f"/c/{request_.id}/code")
    assert other.send(code=code).status_code == 422


def test_code_is_good_in_the_browser_that_asked_for_it_only(app: Flask, request_: Request, config: Config) -> None:
    """Read over a shoulder, it opens nothing elsewhere."""
    person, thief = at_proof(app, request_), at_proof(app, request_)
    person.send(**RIGHT)
    code = sent_code(config)
    thief.open(f"/c/{request_.id}/code")
    assert thief.send(code=code).status_code == 422
    assert person.send(code=code).status_code == 200


@pytest.mark.both_databases
def test_code_is_good_for_ten_minutes(app: Flask, config: Config, time: Stopped) -> None:
    """A second before the end it works, at the end it does not."""
    for wait, status in ((timedelta(minutes=9, seconds=59), 200), (timedelta(minutes=10), 422)):
        person = at_proof(app, ask())
        person.send(**RIGHT)
        code = sent_code(config)
        time.forward(wait)
        assert person.send(code=code).status_code == status


def test_new_code_ends_the_one_before(app: Flask, request_: Request, config: Config) -> None:
    """Only the last one that was sent is right."""
    person = at_proof(app, request_)
    person.send(**RIGHT)
    old = sent_code(config)
    person.open(f"/c/{request_.id}/prove")
    person.send(**RIGHT)
    new = sent_code(config)
    if old != new:
        assert person.send(code=old).status_code == 422
    assert person.send(code=new).status_code == 200


def test_five_wrong_codes_bring_a_pause_that_the_right_code_does_not_end(
    app: Flask, request_: Request, config: Config, time: Stopped
) -> None:
    """The sixth try is not looked at; fifteen minutes later it begins anew with a new code."""
    person = at_proof(app, request_)
    person.send(**RIGHT)
    code = sent_code(config)
    wrong = "000000" if code != "000000" else "111111"
    page, path = person.page, person.path
    assert [person.send(code=wrong).status_code for _ in range(5)] == [422, 422, 422, 422, 429]
    assert "Friday 20 November 2026, 15:35 (Beijing time)" in person.text
    person.page = page
    assert person.send(path=path, code=code).status_code == 429
    assert person.open(f"/c/{request_.id}/prove").status_code == 429
    time.forward(timedelta(minutes=15))
    assert person.open(path).status_code == 200
    assert person.send(code=code).status_code == 422
    assert person.prove(request_, config).status_code == 200
    assert person.path.endswith("/request")


@pytest.mark.both_databases
def test_pauses_grow_and_another_browser_does_not_get_round_them(app: Flask, request_: Request, time: Stopped) -> None:
    """15, 30, 60 minutes … a day; counted for the request, whoever tries, right or wrong."""
    pauses = []
    for _ in range(9):
        response = None
        for number in range(6):
            response = at_proof(app, request_).send(**(WRONG if number % 2 else RIGHT))
        assert response is not None
        assert response.status_code == 429
        assert at_proof(app, request_).open(f"/c/{request_.id}/code").status_code == 429
        pauses.append(int(response.headers["Retry-After"]) // 60)
        time.forward(timedelta(minutes=pauses[-1]))
    assert pauses == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_proof_wipes_the_slate_clean(app: Flask, request_: Request, config: Config) -> None:
    """Who has proved who they are starts with all attempts again."""
    person = at_proof(app, request_)
    person.send(**RIGHT)
    person.send(code="")
    person.send(code=sent_code(config))
    assert request_.row.strikes == 0


def test_request_without_a_contact_says_that_there_is_none(app: Flask, person: Person) -> None:
    """No code can be sent, and the page says what to do about it."""
    person.open(ask(contact=None).path)
    assert person.send().status_code == 409
    assert "gave no phone number or mail address" in person.text


def test_contact_named_by_the_institution_is_shown_to_nobody(app: Flask, request_: Request, config: Config) -> None:
    """Not before the proof, and not after."""
    person = at_proof(app, request_)
    pages = [person.page]
    person.send(**RIGHT)
    pages.append(person.page)
    person.send(code=sent_code(config))
    pages.append(person.page)
    assert not [page for page in pages if "xiaoming@" in page]
