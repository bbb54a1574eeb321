"""The pages' words: in both languages in full, and the language that the reader wants."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from gateway.config import Config
from gateway.consent import refusals, wording
from gateway.problems import Problem
from tests.gateway.consent.people import Person, Request, ask

FOLDER = Path(wording.__file__).parent


def leaves(table: dict[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Every text with its place."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{place}{key}.")
        else:
            yield f"{place}{key}", value


def texts(language: str) -> dict[str, Any]:
    """The texts of a language by their places."""
    return dict(leaves(tomllib.loads((FOLDER / "texts" / f"{language}.toml").read_text("utf-8"))))


def facts(text: Any) -> set[str]:
    """The facts that a text wants."""
    return set(re.findall(r"\$(\w+)", text if isinstance(text, str) else " ".join(text)))


def test_both_languages_say_everything() -> None:
    """The same texts, each wanting the same facts, lists of the same length."""
    english, chinese = texts("en"), texts("zh")
    assert english.keys() == chinese.keys()
    for place, text in english.items():
        other = chinese[place]
        assert isinstance(text, list) == isinstance(other, list), place
        if isinstance(text, list):
            assert len(text) == len(other), place
        elif place != "times.moment":
            assert facts(other) <= facts(text), place


def test_chinese_has_chinese_marks() -> None:
    """No Western comma, colon or bracket behind a Chinese character."""
    assert not [place for place, text in texts("zh").items() if re.search("[\u4e00-\u9fff][,;:?!()]", str(text))]


def test_every_refusal_has_its_words() -> None:
    """No page falls back to general words for what we refuse ourselves."""
    kinds = [one for one in vars(refusals).values() if isinstance(one, type) and issubclass(one, Problem)]
    own = [one.type for one in kinds if one.__module__ == refusals.__name__]
    assert len(own) == 10
    for language in wording.LANGUAGES:
        words = wording.Wording(language)
        assert [kind for kind in own if not words.has(f"errors.{kind}.text")] == []


def test_every_purpose_that_can_be_asked_for_has_its_words() -> None:
    """The closed list of the checks API, in the reader's language."""
    asked = {"hiring", "transfer", "re-check", "volunteering", "placement", "licensing"}
    assert {place.removeprefix("purpose.") for place in texts("en") if place.startswith("purpose.")} == asked


@pytest.mark.parametrize(
    ("where", "language", "moment"),
    [
        ("cn", "en", "Saturday 21 November 2026, 00:30 (Beijing time)"),
        ("cn", "zh", "2026年11月21日 星期六 00:30（北京时间）"),
        ("gb-eaw", "en", "Friday 20 November 2026, 16:30 (UK time)"),
        ("nz", "en", "Saturday 21 November 2026, 05:30 (New Zealand time)"),
        ("us", "zh", "2026年11月20日 星期五 11:30（美国东部时间）"),
        ("de", "en", "Friday 20 November 2026, 17:30 (German time)"),
        (None, "en", "Friday 20 November 2026, 16:30 (UTC)"),
        ("atlantis", "zh", "2026年11月20日 星期五 16:30（协调世界时）"),
    ],
)
def test_times_are_those_of_the_policys_country(where: str | None, language: str, moment: str) -> None:
    """A person in Shanghai reads Beijing time, and the name of the time stands beside it."""
    assert wording.Wording(language, where).moment(datetime(2026, 11, 20, 16, 30, tzinfo=UTC)) == moment


@pytest.mark.parametrize(
    ("length", "english", "chinese"),
    [
        (timedelta(days=1), "one day", "一天"),
        (timedelta(days=14), "14 days", "14 天"),
        (timedelta(hours=36), "36 hours", "36 小时"),
        (timedelta(minutes=1), "one minute", "一分钟"),
        (timedelta(seconds=90), "90 seconds", "90 秒"),
        (timedelta(0), "one second", "一秒"),
    ],
)
def test_lengths_of_time(length: timedelta, english: str, chinese: str) -> None:
    """In the largest unit that fits."""
    assert wording.Wording("en").span(length) == english
    assert wording.Wording("zh").span(length) == chinese


def test_no_gap_stays_between_chinese_words() -> None:
    """A Chinese name closes up with the sentence, a Latin one keeps its spaces."""
    words = wording.Wording("zh")
    assert words("result.learns", institution="向日葵幼儿园").startswith("向日葵幼儿园只会")
    assert words("result.learns", institution="ABC Buses").startswith("ABC Buses 只会")


def test_time_is_written_alike_alone_and_in_a_sentence() -> None:
    """The space between day and weekday stays, and so do those of a name."""
    words = wording.Wording("zh", "cn")
    moment = words.moment(datetime(2026, 12, 4, 7, 0, tzinfo=UTC))
    assert moment == "2026年12月4日 星期五 15:00（北京时间）"
    assert words("done.next_release", release=moment) == "答复将于 2026年12月4日 星期五 15:00（北京时间）发出。"
    assert "向日葵 幼儿园只会" in words("result.learns", institution="向日葵 幼儿园")


def test_chinese_pages_name_the_word_that_the_organisation_sees() -> None:
    """The API's word is `closed`; its Chinese stands behind it."""
    said = [text for text in texts("zh").values() if "已关闭" in text]
    assert len(said) == 6
    assert all("“closed”（已关闭）" in text for text in said)


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-Hant-TW", "zh-Hans"),
        ("en-GB", "en"),
        ("de,zh;q=0.5", "zh-Hans"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("zh;q=banana,,;;", "en"),
    ],
)
def test_browser_says_which_language(app: Flask, accepted: str, lang: str) -> None:
    """Accept-Language decides at first."""
    person = Person(app, accepted)
    person.open("/c")
    assert re.search(r'<html lang="([\w-]+)">', person.page)[1] == lang  # type: ignore[index]


def test_choice_on_the_page_holds_from_then_on(app: Flask, request_: Request) -> None:
    """The switch is a link; the next pages stay in the language that was chosen; a forged one changes nothing."""
    person = Person(app, "en")
    person.open(f"{request_.path}?language=zh")
    assert '<html lang="zh-Hans">' in person.page
    assert '<a href="?language=en" lang="en" hreflang="en">English</a>' in person.page
    person.send()
    assert "确认是您本人" in person.text
    person.open(f"{request_.path}?language=xx")
    assert '<html lang="zh-Hans">' in person.page
    person.open(f"{request_.path}?language=en")
    assert '<html lang="en">' in person.page


def test_messages_follow_the_language_of_the_decision(app: Flask, config: Config, request_: Request) -> None:
    """Asked in English, decided in Chinese: news comes in Chinese."""
    person = Person(app, "zh")
    person.prove(request_, config)
    person.send(decision="agree")
    assert request_.row.language == "zh"


def test_names_are_shown_as_they_are_and_never_as_markup(app: Flask, config: Config) -> None:
    """An institution called <b>Bold</b> & Co. is called so."""
    request = ask(institution='<b>Bold</b> & "Co." <script>')
    person = Person(app)
    person.prove(request, config)
    assert "<b>Bold" not in person.page
    assert "<script" not in person.page
    assert '<b>Bold</b> & "Co." <script>' in person.text
