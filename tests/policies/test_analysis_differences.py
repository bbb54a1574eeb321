"""Who refuses whom the other does not: one witness for each kind of difference, confirmed by the evaluator."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from policies.analysis.asks import Ask, asks_of, live_asks
from policies.analysis.differences import Difference, differences
from policies.library import Library
from tests.policies.shelves import shelf

LIBRARY = Library.shipped()
DAY = date(2026, 6, 1)
STRICT = {ask.name: ask for ask in live_asks(LIBRARY, DAY, "strict")}


def told(found: list[Difference]) -> set[tuple[str, str, str | None, tuple[str, ...]]]:
    """Who refuses, by which bar, which category, of which kinds."""
    return {(one.side, one.bar.id, one.category.word if one.category else None, one.kinds) for one in found}


def confirmed(first: Ask, second: Ask) -> list[Difference]:
    """The differences of two asks, each witness decided again."""
    found = differences(first, second)
    for one in found:
        sample = one.witness.sample
        outcomes = tuple(ask.adjudicated(sample.entries, sample.born) for ask in (first, second))
        assert outcomes == one.witness.outcomes
        assert (outcomes[0] == "ineligible") is (one.side == "a")
        assert (outcomes[1] == "ineligible") is (one.side == "b")
    return found


def test_a_kindergarten_refuses_drug_use_and_gambling_and_minors_contact_does_not() -> None:
    """Both rest on laws; the kindergarten's names more, and the ministry rule beside it names any crime."""
    found = told(confirmed(STRICT["cn/kindergarten:head"], STRICT["cn/minors-contact:staff"]))
    assert ("a", "drug-use-ever", "drugs.use", ("criminal", "administrative", "rehabilitation")) in found
    assert ("a", "harm-ever", "gambling", ("criminal", "administrative")) in found
    assert ("a", "any-crime", None, ("criminal",)) in found
    assert {side for side, *_ in found} == {"a"}


def test_an_ask_does_not_differ_from_itself() -> None:
    """Nobody is refused by one and not by the other."""
    ask = STRICT["cn/physician:physician"]
    assert differences(ask, replace(ask)) == []


def test_read_broadly_ride_hailing_refuses_what_it_may_not_read_strictly() -> None:
    """The sealed drug penalty above all; the strict side says that its bar may not read it."""
    strict = STRICT["cn/ride-hailing:driver"]
    found = confirmed(strict, replace(strict, reading="broad"))
    assert {one.side for one in found} == {"b"}
    drugs = next(one for one in found if one.bar.id == "drug-use-ever")
    assert drugs.kinds == ("criminal", "administrative", "rehabilitation")
    assert drugs.unread == ("drug-use-ever",)
    assert "may not read it" in drugs.said()
    assert "drug use" in drugs.said()


def test_two_roles_of_one_policy() -> None:
    """A teacher is asked more than other staff, never less."""
    found = confirmed(STRICT["cn/kindergarten:teacher"], STRICT["cn/kindergarten:head"])
    assert {one.bar.id for one in found} == {
        "teacher-crime-of-either-kind",
        "teacher-intentional-crime",
        "teacher-political-rights",
        "teacher-qualification-revoked",
    }
    assert {one.side for one in found} == {"a"}


def bar(period: str, more: str = "") -> str:
    """A bar with a look-back."""
    within = f'within = {{ clock = "decision", period = "{period}" }}'
    return f'[[bar]]\nid = "theft"\noffence = ["theft"]\n{within}\n{more}\n'


@pytest.fixture
def versions(tmp_path: Path) -> Library:
    """Three versions of a policy: three years, five years, five years but not for the young."""
    texts = {
        "cn/physician@2020-01-01": bar("P3Y"),
        "cn/physician@2024-01-01": bar("P5Y"),
        "cn/physician@2026-01-01": bar("P5Y", "age_at_act = { from = 18 }"),
    }
    return shelf(tmp_path, texts)


def version(library: Library, name: str) -> Ask:
    """The one ask of a version."""
    (ask,) = asks_of(library.version("cn/physician", name), DAY, "strict", library.regimes(DAY))
    return ask


def test_a_longer_look_back_refuses_what_lies_between(versions: Library) -> None:
    """The witness lies between three and five years; the other way there is none."""
    (found,) = confirmed(version(versions, "2020-01-01"), version(versions, "2024-01-01"))
    assert (found.side, found.bar.id) == ("b", "theft")
    decided = found.witness.sample.entries[0].decided_on
    assert decided is not None
    assert date(2021, 6, 1) < decided <= date(2023, 6, 1)


def test_a_look_back_that_is_one_day_longer_is_noticed(tmp_path: Path) -> None:
    """The one day that lies between."""
    library = shelf(tmp_path, {"cn/physician@2020-01-01": bar("P3Y"), "cn/physician@2024-01-01": bar("P3Y1D")})
    (found,) = confirmed(version(library, "2020-01-01"), version(library, "2024-01-01"))
    assert found.witness.sample.entries[0].decided_on == date(2023, 6, 1)


def test_a_new_condition_frees_those_who_do_not_meet_it(versions: Library) -> None:
    """The version that spares the young refuses nobody else and fewer."""
    (found,) = confirmed(version(versions, "2024-01-01"), version(versions, "2026-01-01"))
    assert found.side == "a"
    age = found.witness.sample.entries[0].age_at_act
    assert age is not None
    assert age < 18


def test_a_bar_that_counts_differs_where_it_counts_otherwise(tmp_path: Path) -> None:
    """Two matters are refused by a bar that asks for two and not by one that asks for three."""
    texts = {
        f"cn/physician@{day}": f'[[bar]]\nid = "often"\noffence = ["gambling"]\nat_least = {count}\n'
        for day, count in (("2020-01-01", 2), ("2024-01-01", 3))
    }
    library = shelf(tmp_path, texts)
    (found,) = confirmed(version(library, "2020-01-01"), version(library, "2024-01-01"))
    assert (found.side, found.witness.sample.copies) == ("a", 2)
    assert "2 such matters" in found.witness.said()


def test_the_same_policy_under_a_proposal() -> None:
    """The tiered proposal hides some sealed drug use from a kindergarten, and refuses nobody whom the law does not."""
    ask = STRICT["cn/kindergarten:head"]
    found = confirmed(ask, replace(ask, law=LIBRARY.simulated(DAY, "cn-tiered")))
    assert told(found) == {("a", "drug-use-ever", "drugs.use", ("administrative",))}
    assert found[0].witness.levels == (("shallow",), ("deep",))


def test_of_two_homes_the_entries_of_both_are_compared() -> None:
    """A Chinese taxi and an English one."""
    found = confirmed(STRICT["cn/taxi:driver"], STRICT["gb-eaw/taxi:driver"])
    assert {one.witness.sample.place.jurisdiction for one in found} == {"cn", "gb-eaw"}
    assert {one.side for one in found} == {"a", "b"}
