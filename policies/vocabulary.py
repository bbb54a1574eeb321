"""The closed words of the record format and of every document, with their labels.

The words live in `words.toml`, the offence categories in `offences.toml`; `meaning.toml` says which words form
the sets that the evaluator needs. A word that is not there is refused wherever it is met.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from policies.truth import Truth

_ALIKE = 0.75
_SHORT_LIST = 20

Label = Mapping[str, str]
"""A text in the languages `en` and `zh`."""


@cache
def _document(name: str) -> dict[str, Any]:
    return tomllib.loads(files("policies").joinpath(name).read_text("utf-8"))


def words(kind: str) -> Mapping[str, Label]:
    """The closed set called `kind` (`jurisdiction`, `disposition`, `sentence`, …), each word with its label.

    Raises KeyError for a set that does not exist.
    """
    found: Mapping[str, Label] = _document("offences.toml") if kind == "offence" else _document("words.toml")[kind]
    return found


def label(kind: str, word: str, language: str) -> str:
    """The label of a word of a closed set, in `en` or `zh`."""
    return words(kind)[word][language]


@cache
def meaning(name: str) -> frozenset[str]:
    """A set of words that means something to the evaluator, from `meaning.toml`."""
    return frozenset(_document("meaning.toml")[name])


@cache
def graded(trait: str) -> frozenset[str] | None:
    """The grades that have a trait, where a grade settles it; None for every other trait."""
    grades = _document("meaning.toml")["graded"].get(trait)
    return None if grades is None else frozenset(grades)


@cache
def opposites(trait: str) -> frozenset[str]:
    """The traits of which none is there where this one is."""
    pairs = [pair for pair in _document("meaning.toml")["opposite"] if trait in pair]
    return frozenset(other for pair in pairs for other in pair if other != trait)


def said_together() -> list[tuple[str, str, Label]]:
    """Pairs of offences that a text says as one, with the words for both."""
    return [(pair["first"], pair["second"], pair) for pair in _document("meaning.toml")["together"]]


def zone(jurisdiction: str) -> str:
    """The time zone (IANA name) by which a jurisdiction's days are counted; `UTC` where none is known."""
    name: str = _document("zones.toml").get(jurisdiction, "UTC")
    return name


def erased_rules() -> list[dict[str, Any]]:
    """The rules by which an entry is erased in every regime that does not say otherwise."""
    return [dict(rule) for rule in _document("meaning.toml")["erased"]]


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a message: the known word that looks much like `word`, else all of a short list, else nothing."""
    words_known = sorted(known)
    close = difflib.get_close_matches(word, words_known, n=1, cutoff=_ALIKE)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; there are {', '.join(words_known)}" if len(words_known) <= _SHORT_LIST else ""


def offence_within(offence: str, categories: Iterable[str]) -> Truth:
    """Does an entry's offence fall under one of the categories (dotted, matched by prefix)?

    Unknown when the entry's word is coarser than a category, or is `unknown`.
    """
    settled: Truth = False
    for category in categories:
        if offence == category or offence.startswith(category + "."):
            return True
        coarser = category.startswith(offence + ".") and offence not in meaning("plain_offences")
        if coarser or offence == "unknown":
            settled = None
    return settled
