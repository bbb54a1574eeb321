"""A policy in plain words: every condition is said, in both languages, and nothing else is."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from policies import vocabulary
from policies.cases import ENTRY_CLOCKS, SENTENCE_CLOCKS
from policies.conditions import ENTRY_KEYS, SLOT_KEYS
from policies.days import Duration
from policies.documents import Table
from policies.library import Library
from policies.plain import describe, length_said, looked_at, says
from policies.policy import Bar
from policies.rules import compile_condition

LIBRARY = Library.shipped()
DAY = date(2026, 11, 20)
BAR = LIBRARY.policy("cn/kindergarten", DAY).bars[0]

EVERYTHING: dict[str, Any] = {
    "kind": ["criminal"],
    "offence": ["drugs"],
    "except_offence": ["drugs.use"],
    "grade": ["felony-a"],
    "traits": ["intentional", "against-child"],
    "substance": ["heroin"],
    "addiction": ["serious"],
    "conduct": ["refused"],
    "age_at_act": {"from": 18, "under": 25},
    "age_at_decision": {"upto": 20},
    "age": {"over": 60},
    "clean_for": {"from": "P3Y"},
    "running": True,
    "with_sentence": ["remitted"],
    "sentence": ["imprisonment"],
    "length": {"over": "P2Y"},
    "combined": {"under": "P1Y1D"},
    "day_units": {"upto": 90},
    "suspended": True,
    "endorsed": False,
    "revoked": False,
    "outstanding": True,
    "shown_outstanding": False,
    "term": ["fixed"],
    "within": {"clock": "release", "period": "P10Y", "plus": "custody"},
}


def bar(**said: Any) -> Bar:
    """A bar with these conditions alone."""
    return replace(BAR, condition=compile_condition(Table(dict(said), "test.toml"), "anniversary"))


def test_the_list_above_has_every_condition() -> None:
    """A new condition must be said as well."""
    assert set(EVERYTHING) | {"disposition"} == {*ENTRY_KEYS, *SLOT_KEYS, "within"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("key", [key for key in EVERYTHING if key != "offence"])
def test_every_condition_changes_what_is_said(key: str, language: str) -> None:
    """A bar with the condition reads otherwise than the same bar without it."""
    without = {name: value for name, value in EVERYTHING.items() if name != key}
    assert says(bar(**EVERYTHING), language) != says(bar(**without), language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("clock", [*ENTRY_CLOCKS, *SENTENCE_CLOCKS])
def test_every_clock_is_said_in_its_own_words(clock: str, language: str) -> None:
    """No two clocks read alike."""
    texts = {
        one: says(bar(offence=["theft"], within={"clock": one, "period": "P2Y"}), language)
        for one in (*ENTRY_CLOCKS, *SENTENCE_CLOCKS)
    }
    assert list(texts.values()).count(texts[clock]) == 1


def test_the_whole_of_it_in_english() -> None:
    """Literally, so that somebody has read it."""
    assert says(bar(**EVERYTHING), "en") == (
        "Criminal matter: drug offence, except drug use; graded as class A felony; intentional act and act against a "
        "child; involving heroin; with serious addiction; with treatment refused; aged 18 or older and under 25 at the "
        "act; aged 20 or younger at the decision; aged over 60 today; clean of drugs for at least 3 years; with "
        "remission of the sentence beside it; with imprisonment; a sentence of more than 2 years; sentences counted "
        "together of less than one year and one day; at most 90 daily units; suspended; not endorsed on the driving "
        "licence; not revoked; not yet served or paid; not shown by the register as open; of a fixed length; while it "
        "is in effect, within 10 years and the time spent in custody of release."
    )


def test_a_bar_of_the_law_in_chinese() -> None:
    """The phrase that a teacher reads."""
    policy = LIBRARY.policy("cn/kindergarten", DAY)
    text = describe(next(one for one in policy.bars if one.id == "teacher-qualification-revoked"), "zh")
    assert text == "从业违规或证照被吊销：执业证书被吊销；自决定之日起5年内（教师资格条例第十九条）。"


def test_other_dispositions_than_the_usual_are_said() -> None:
    """A bar that counts a decision not to prosecute says so; one that counts what usually counts does not."""
    usual = bar(offence=["theft"])
    assert says(usual, "en") == "Theft; at any time."
    pending = replace(usual, dispositions=frozenset({"pending", "convicted"}), at_least=2)
    assert says(pending, "en") == "Theft; ended as: conviction, case still pending; 2 or more; at any time."


@pytest.mark.parametrize(
    ("length", "en", "zh"),
    [
        ("P1Y", "one year", "一年"),
        ("P3Y", "3 years", "3年"),
        ("P18M", "18 months", "18个月"),
        ("P1M", "one month", "一个月"),
        ("P10D", "10 days", "10天"),
        ("P1Y1D", "one year and one day", "一年零一天"),
        ("P0D", "0 days", "0天"),
    ],
)
def test_lengths(length: str, en: str, zh: str) -> None:
    """As a statute would say them."""
    assert (length_said(Duration.parse(length), "en"), length_said(Duration.parse(length), "zh")) == (en, zh)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_shipped_policy_can_be_said(language: str) -> None:
    """Every role of every policy, a line a bar, and no gap left open."""
    for name in LIBRARY.policies():
        for version in LIBRARY.policy_versions[name]:
            for role in version.roles:
                lines = looked_at(version, role, language)
                assert len(lines) == len(version.bars_for(role))
                assert not any("{" in line or "None" in line for line in lines)


def test_labels_are_those_of_the_vocabulary() -> None:
    """The text names words by their labels, never by themselves."""
    text = says(bar(offence=["work.licence-revoked"], kind=["employment"]), "en")
    assert vocabulary.label("offence", "work.licence-revoked", "en") in text
    assert "work." not in text
