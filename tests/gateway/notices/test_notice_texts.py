"""The words of the messages: complete in every language, the same for every answer, and safe to fill."""

import re
import tomllib
from pathlib import Path

import pytest

from gateway.notices import texts

FOLDER = Path(texts.__file__).parent / "texts"
FACTS = {
    "institution": "Sunflower Kindergarten", "url": "https://gate.example/c/abc", "page": "https://gate.example/c",
    "code": "K7QM-2XDF", "expires": "4 December 2026", "minutes": "10",
}  # fmt: skip


def read(language: str) -> dict[str, dict[str, str]]:
    """The file of one language."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))


def test_languages_have_the_same_messages_with_the_same_facts() -> None:
    """Whoever reads Chinese is told no less than whoever reads English."""

    def shape(language: str) -> dict[str, set[str]]:
        return {name: set(re.findall(r"\$(\w+)", "".join(text.values()))) for name, text in read(language).items()}

    assert shape("en") == shape("zh")
    assert set(shape("en")) == {"invitation", "guardian", "code", "news", "renewal"}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_news_tells_that_there_is_news_and_nothing_else(language: str) -> None:
    """The message about an answer knows nothing that depends on the answer."""
    told = set(re.findall(r"\$(\w+)", "".join(read(language)["news"].values())))
    assert told == {"institution", "page"}
    words = texts.fill("news", language, FACTS)
    assert not re.search(r"\b(eligible|clear|refused|passed|failed|record)\b", (words.subject + words.body).lower())


def test_code_does_not_show_in_a_list_of_messages() -> None:
    """A locked screen shows subject lines; the code is not in one."""
    for language in texts.LANGUAGES:
        assert FACTS["code"] not in texts.fill("code", language, FACTS).subject


def test_fact_cannot_begin_a_header_or_a_line() -> None:
    """An institution's name with a line break in it stays on its line."""
    evil = {**FACTS, "institution": "Nice\r\nBcc: all@mail.example\x00 People"}
    filled = texts.fill("invitation", "en", evil)
    assert filled.subject == "Nice Bcc: all@mail.example People asks you to agree to a background check"


def test_unknown_language_gets_the_first() -> None:
    """A forged or missing language is no error."""
    assert texts.fill("news", "xx", FACTS) == texts.fill("news", "en", FACTS)


def test_missing_fact_is_an_error() -> None:
    """A message with a hole in it is not sent."""
    with pytest.raises(KeyError):
        texts.fill("news", "en", {"page": "https://gate.example/c"})
