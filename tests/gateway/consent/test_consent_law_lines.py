"""What is looked at, as the request's page shows it: under each law once, in plain words."""

from datetime import date

import pytest
from flask import Flask

from gateway.config import Config
from policies.library import Library
from policies.plain import looked_at, looked_at_by_law
from tests.gateway.consent.people import Person, ask

DAY = date(2026, 11, 20)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_page_shows_every_bar_under_its_law(language: str) -> None:
    """With its citation in brackets, each line is one of those that the API gives; none is lost."""
    policy = Library.shipped().policy("cn/kindergarten", DAY)
    bracket = {"en": "{} ({}).", "zh": "{}（{}）。"}[language]
    by_law = looked_at_by_law(policy, "teacher", language)
    lines = [bracket.format(line[:-1], law) for law, group in by_law.items() for line in group]
    assert sorted(lines) == sorted(looked_at(policy, "teacher", language))
    assert len(by_law) < len(lines)


def test_law_is_cited_once_on_the_page(app: Flask, config: Config) -> None:
    """A heading over its lines, not a bracket behind each; the decision can be jumped to."""
    person, request = Person(app), ask()
    person.prove(request, config)
    assert person.page.count(">Preschool Education Law art. 44(1)</h3>") == 1
    assert "(Preschool Education Law" not in person.page
    assert person.page.index('href="#question"') < person.page.index("<h3") < person.page.index('id="question"')


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "murder or attempted murder, manslaughter, violence"),
        ("zh", "故意杀人（含未遂）、致人死亡（故意杀人和过失致人死亡除外）、暴力行为"),
    ],
)
def test_murder_and_its_attempt_are_said_as_one(language: str, said: str) -> None:
    """Where a bar names both."""
    policy = Library.shipped().policy("cn/ride-hailing", DAY)
    assert any(said in line for line in looked_at(policy, "driver", language))
