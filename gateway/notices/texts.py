"""The words of the messages: one TOML file a language, one table a message, filled with a few safe facts."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent / "texts"

LANGUAGES = ("en", "zh")
"""The languages that messages are written in; the first stands in for any other."""


@dataclass(frozen=True)
class Text:
    """A message's subject line and body, ready to send."""

    subject: str
    body: str


def fill(template: str, language: str, facts: Mapping[str, str]) -> Text:
    """The words of a message in a language. Raises KeyError for an unknown message or a fact that is missing."""
    words = _texts(language if language in LANGUAGES else LANGUAGES[0])[template]
    clean = {name: one_line(value) for name, value in facts.items()}
    return Text(Template(words["subject"]).substitute(clean), Template(words["body"]).substitute(clean))


def one_line(value: str) -> str:
    """A fact without line breaks or other control characters, so that it cannot begin a header or a line."""
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())


@cache
def _texts(language: str) -> Mapping[str, Mapping[str, str]]:
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)
