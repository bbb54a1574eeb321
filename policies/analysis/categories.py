"""Categories: cells said in the words that the policies in question use.

A category is an offence word as one of the policies names it, whatever the kind; where no bar names an offence (any
crime), the first word of each offence. So `sexual` is one category to a policy that names `sexual`, and a set of
categories is what an answer narrows a matter down to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from policies import vocabulary
from policies.analysis.places import Cell, full_words
from policies.policy import Bar


@dataclass(frozen=True, slots=True)
class Category:
    """A word, the full words below it that are meant (`whole`: all of them), and the kinds."""

    word: str
    words: tuple[str, ...]
    kinds: tuple[str, ...]
    whole: bool

    def said(self, language: str) -> str:
        """The category in plain words."""
        shown = (self.word,) if self.whole else self.words
        return ", ".join(vocabulary.label("offence", word, language) for word in shown)

    def told(self) -> dict[str, Any]:
        """The JSON form. `words` are the offences that are meant, where it is not the whole category."""
        words = {} if self.whole else {"words": list(self.words)}
        return {"category": self.word, "whole": self.whole, **words, "kinds": list(self.kinds)}


def named(bars: Iterable[Bar]) -> tuple[str, ...]:
    """The offence words that bars name."""
    return tuple(dict.fromkeys(word for bar in bars for word in bar.condition.says.get("offence", ())))


def category_of(word: str, names: Sequence[str]) -> str:
    """The category of a full word: the widest of the names that covers it, else its first word."""
    covering = [name for name in names if word == name or word.startswith(name + ".")]
    return min(covering, key=len, default=word.partition(".")[0])


@cache
def _all_of(category: str) -> frozenset[str]:
    return frozenset(word for word in full_words() if vocabulary.offence_within(word, (category,)) is True)


def categories(cells: Iterable[Cell], names: Sequence[str]) -> list[Category]:
    """Cells as categories, in the order of the vocabulary."""
    words: dict[str, dict[str, None]] = {}
    kinds: dict[str, set[str]] = {}
    for word, kind in cells:
        category = category_of(word, names)
        words.setdefault(category, {})[word] = None
        kinds.setdefault(category, set()).add(kind)
    order = list(vocabulary.words("offence"))
    kind_order = list(vocabulary.words("kind"))
    return [
        Category(
            category,
            tuple(sorted(words[category], key=order.index)),
            tuple(sorted(kinds[category], key=kind_order.index)),
            words[category].keys() >= _all_of(category),
        )
        for category in sorted(words, key=order.index)
    ]
