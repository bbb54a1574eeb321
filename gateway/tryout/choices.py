"""What the form offers to choose from, in the reader's language: the closed words of the record format."""

from collections.abc import Iterable, Iterator
from datetime import date

from gateway.tryout.shelf import Shelf
from policies import vocabulary
from policies.policy import Policy

Choices = list[tuple[str, str]]
"""Words, each with what the reader sees."""


def words(kind: str, language: str) -> Choices:
    """A closed set, in its own order."""
    return [(word, first_up(label[language])) for word, label in vocabulary.words(kind).items()]


def offences(language: str) -> list[tuple[str, Choices]]:
    """The offences by group; a group that is only itself has an empty name and stands with its like."""
    labels = dict(words("offence", language))
    groups: dict[str, Choices] = {}
    for word in labels:
        groups.setdefault(word.partition(".")[0], []).append((word, labels[word]))
    alone = [group[0] for group in groups.values() if len(group) == 1]
    return [(labels[top], group) for top, group in groups.items() if len(group) > 1] + [("", alone)]


def jurisdictions(shelf: Shelf, day: date, language: str) -> Choices:
    """Whose matters can be judged: a law of sealing is in force there."""
    there = shelf.library.regimes(day)
    return [(word, label) for word, label in words("jurisdiction", language) if word in there]


def traits(shelf: Shelf, policy: Policy, role: str, day: date, language: str) -> Choices:
    """What more of an act the policy for this role, or the law of its own country, turns on."""
    regime = shelf.library.regimes(day).get(policy.jurisdiction)
    named = {trait for bar in policy.bars_for(role) for trait in bar.condition.says.get("traits", ())}
    for rules in regime.rules.values() if regime else ():
        named.update(trait for rule in rules for trait in rule.condition.says.get("traits", ()))
    named.update(_opposites(named))
    return [(word, label) for word, label in words("trait", language) if word in named]


def _opposites(traits: Iterable[str]) -> Iterator[str]:
    for trait in list(traits):
        yield from vocabulary.opposites(trait)


def first_up(text: str) -> str:
    """A label as it stands at the beginning of a line."""
    return f"{text[:1].upper()}{text[1:]}"
