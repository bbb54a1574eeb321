"""The fake holds its user to the interface."""

from datetime import date, datetime

import pytest

from connectors.base import BadAnswer, Id, Name, Query
from connectors.fake import FakeRegistry


def query(**changes: object) -> Query:
    facts: dict[str, object] = {
        "names": (Name("Lin Zhou"),),
        "born": date(1990, 5, 20),
        "ids": (Id("passport", "E12"),),
        "purpose": "hiring",
        "consent": "con_abc",
        "policy": "cn/kindergarten",
        "key": "key",
    }
    return Query(**(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"born": datetime(1990, 5, 20)}, "the birth date must be a day"),  # noqa: DTZ001
        ({"names": (Name(" "),)}, "a name must not be empty"),
        ({"ids": (Id("passport", ""),)}, "an id needs a type and a value"),
        ({"consent": "yes"}, "the consent must be a consent's own id"),
        ({"policy": "kindergarten"}, "the policy must be a policy's id"),
        ({"key": ""}, "a look must carry its key"),
    ],
)
def test_a_question_that_breaks_the_interface_fails(changes: dict[str, object], rule: str) -> None:
    """What a real registry would be sent in vain is refused in the test that sends it."""
    with pytest.raises(AssertionError, match=rule):
        FakeRegistry("police").ask(query(**changes))


def test_it_can_be_told_to_answer_nonsense() -> None:
    """A garbled answer is an error of its own."""
    registry = FakeRegistry("police")
    registry.garbled = True
    with pytest.raises(BadAnswer):
        registry.ask(query())


def test_it_keeps_what_it_was_asked() -> None:
    """Questions are kept in order, answered or not."""
    registry = FakeRegistry("police")
    registry.ask(query(consent="con_1"))
    registry.ask(query(consent="con_2"))
    assert [each.consent for each in registry.asked] == ["con_1", "con_2"]
