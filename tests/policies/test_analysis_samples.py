"""The cases that questions are asked on: real records, judged as the evaluator judges them, and none forgotten."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.analysis.asks import Ask, live_asks
from policies.analysis.building import build
from policies.analysis.dimensions import Want, around, regions, wants_of
from policies.analysis.leaks import Leaks
from policies.analysis.places import Grid, Place, coarse_words, full_words
from policies.analysis.samples import Workshop
from policies.analysis.witness import Unconfirmed, record, witness
from policies.cases import Case
from policies.days import Duration
from policies.library import Library
from policies.model import Entry, read_record
from tests.policies.records import Words, entries, one_of, words_of
from tests.policies.shelves import shelf

LIBRARY = Library.shipped()
DAY = date(2026, 6, 1)
ASKS = live_asks(LIBRARY, DAY, "strict")
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
THEFT = Place("cn", "criminal", "convicted", "theft")


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.name)
def test_the_analysis_answers_as_the_evaluator(ask: Ask) -> None:
    """On samples from every sort of matter the shortcut gives the outcome that `decide` gives; each is a record."""
    shop = Workshop([ask])
    looked_at = 0
    for sort in shop.sorts(ask.bars, shop.grid.jurisdictions):
        for number, sample in enumerate(shop.samples(sort)):
            if number % 20 == 0:
                looked_at += 1
                assert shop.outcome(ask, sample) == ask.adjudicated(sample.entries, sample.born)
                assert read_record(record(sample.entries, sample.born)).entries == sample.entries
    assert looked_at > 2


def test_full_words_are_those_below_which_there_is_none() -> None:
    """`theft` is a full word beside its sub-kind; `violence` is only the beginning of others."""
    assert {"theft", "theft.identity", "violence.injury", "gambling", "other"} <= set(full_words())
    assert not {"violence", "drugs", "unknown"} & set(full_words())
    assert {"violence", "drugs", "sexual"} <= set(coarse_words())
    assert not {"theft", "fraud", "unknown"} & set(coarse_words())


def test_places_are_what_a_condition_lets_in() -> None:
    """Offences by prefix, without what is excepted, of the kinds and dispositions named."""
    grid = Grid(["cn"])
    says = {"offence": ["drugs"], "except_offence": ["drugs.use"], "kind": ["criminal"], "disposition": ["convicted"]}
    cells = grid.cells(grid.cells_of(grid.mask(says)))
    others = ("possession", "production", "supply", "import", "prescribing")
    assert cells == [(f"drugs.{word}", "criminal") for word in others]
    assert grid.usual(grid.mask(says)).disposition == "convicted"
    assert not grid.mask(says) & grid.bit(THEFT)
    assert grid.mask({"offence": ["theft"]}) & grid.bit(THEFT)


def test_what_cannot_be_is_no_case_unless_a_bar_names_it() -> None:
    """Drug use is no traffic violation; a policy that names the two together means it."""
    grid = Grid(["cn"])
    strange = grid.bit(Place("cn", "traffic", "penalised", "drugs.use"))
    assert not grid.possible([{"offence": ["drugs.use"]}]) & strange
    assert grid.possible([{"offence": ["drugs.use"], "kind": ["traffic"]}]) & strange


@pytest.mark.parametrize(
    ("period", "last"),
    [("P3Y", date(2023, 6, 1)), ("P10D", date(2026, 5, 22)), ("P0D", date(2026, 6, 1))],
)
def test_days_around_the_boundary_of_a_look_back(period: str, last: date) -> None:
    """The last day of which the look-back is over, and the next."""
    assert around(Want("decision", "within", {"clock": "decision", "period": period}), DAY) == (
        last,
        last + timedelta(days=1),
    )


def test_one_value_stands_for_a_region() -> None:
    """Two look-backs of a clock give three regions and, a day long, those where the document's boundary matters."""
    wants = [Want("decision", "within", {"clock": "decision", "period": period}) for period in ("P3Y", "P5Y")]
    assert sorted(regions("decision", wants, DAY)) == [
        date(2018, 6, 1),
        date(2021, 6, 1),
        date(2022, 6, 1),
        date(2023, 6, 1),
        date(2025, 8, 1),
    ]
    ages = list(wants_of({"age_at_act": {"under": 18}}))
    assert regions("age_at_act", ages, DAY) == [30, 17]
    lengths = list(wants_of({"length": {"over": "P1Y"}, "combined": {"upto": "P6M"}}))
    assert [str(value) for value in regions("length", lengths, DAY)] == ["P6M", "P1Y", "P1Y1D"]


@pytest.mark.parametrize(
    ("facts", "clock", "day"),
    [
        ({"decision": date(2020, 1, 1)}, "decision", date(2020, 1, 1)),
        ({"act": date(2020, 1, 1)}, "act", date(2020, 1, 1)),
        ({"end": date(2020, 1, 1)}, "end", date(2020, 1, 1)),
        ({"release": date(2020, 1, 1), "length": Duration(60, 0)}, "release", date(2020, 1, 1)),
        ({"term-end": date(2020, 1, 1), "decision": date(2017, 1, 1)}, "term-end", date(2020, 1, 1)),
        ({"term-end": date(2030, 1, 1)}, "term-end", date(2030, 1, 1)),
        ({"completion": date(2020, 1, 1)}, "completion", date(2020, 1, 1)),
        ({"shown-end": date(2020, 1, 1)}, "shown-end", date(2020, 1, 1)),
        ({"start": date(2020, 1, 1)}, "start", date(2020, 1, 1)),
        ({"revocation": date(2020, 1, 1), "suspended": True}, "revocation", date(2020, 1, 1)),
        ({"ended": date(2020, 1, 1)}, "ended", date(2020, 1, 1)),
        ({"release-or-decision": date(2020, 1, 1)}, "release-or-decision", date(2020, 1, 1)),
    ],
)
def test_a_matter_is_built_so_that_its_clocks_are_as_wanted(facts: dict[str, object], clock: str, day: date) -> None:
    """Whatever else it takes, the clock that the facts name stands on its day, and all others are in order."""
    built = build(THEFT, facts, DAY)
    assert built is not None
    case = Case(built.entry, DAY, built.born)
    assert case.clock(clock, case.slots[0]).day == day
    assert read_record(record([built.entry], built.born)).entries == (built.entry,)


def test_facts_that_cannot_stand_together_give_no_matter() -> None:
    """A release before the decision, a decision after the day, a class of felony that is a misdemeanour, what is
    meant and is not."""
    assert build(THEFT, {"decision": date(2021, 1, 1), "release": date(2020, 1, 1)}, DAY) is None
    assert build(THEFT, {"decision": date(2026, 6, 2)}, DAY) is None
    assert build(THEFT, {"age_at_act": 20, "age_at_decision": 17}, DAY) is None
    assert build(THEFT, {"grade": "felony-a", "traits": frozenset({"misdemeanor"})}, DAY) is None
    assert build(THEFT, {"traits": frozenset({"felony", "misdemeanor"})}, DAY) is None
    assert build(THEFT, {"traits": frozenset({"intentional", "negligent"})}, DAY) is None
    assert build(THEFT, {"grade": "felony-a", "traits": frozenset({"felony", "intentional"})}, DAY) is not None


def test_every_level_that_a_rule_gives_is_reached() -> None:
    """For England: a conviction that is open, one that is spent, one that is protected; and the oldest never."""
    asks = live_asks(LIBRARY, DAY, "strict", ["gb-eaw/enhanced"])
    shop = Workshop(asks)
    levels = {
        (sample.place.disposition in ("convicted", "found-guilty"), shop.sealed(asks[0], sample)[0].level)
        for sort in shop.sorts(asks[0].bars, ("gb-eaw",))
        for sample in shop.samples(sort)
    }
    assert {(True, "open"), (True, "shallow"), (True, "deep")} <= levels


def test_a_level_that_lasts_a_month_is_reached_too(tmp_path: Path) -> None:
    """A made-up law that seals crimes lightly for thirty days after five years: the days around the period show it."""
    shelf(tmp_path, {"cn/physician@2020-01-01": '[[bar]]\nid = "any"\nkind = ["criminal"]\n'})
    document = tmp_path / "regimes" / "cn" / "2026-01-01.toml"
    rule = (
        '[[seal]]\nid = "{0}"\nlevel = "{1}"\nclock = "decision"\nperiod = "{2}"\nkind = ["criminal"]\ncite = "None"\n'
    )
    rules = rule.format("for-a-month", "shallow", "P5Y") + rule.format("then-deeply", "deep", "P5Y30D")
    law = document.read_text("utf-8")
    start = law.index("[[seal]]")
    document.write_text(law[:start] + rules + law[start:], "utf-8")
    (ask,) = live_asks(Library.load(tmp_path), DAY, "strict")
    shop = Workshop([ask])
    samples = [sample for sort in shop.sorts(ask.bars, ("cn",)) for sample in shop.samples(sort)]
    levels = {shop.sealed(ask, sample)[0].level for sample in samples if sample.place.disposition == "convicted"}
    assert levels == {"open", "shallow", "deep"}


def test_a_sample_that_the_evaluator_does_not_confirm_is_no_witness() -> None:
    """Were the analysis wrong about a sample, nothing would be shown."""
    ask = ASKS[0]
    shop = Workshop([ask])
    sort = next(iter(shop.sorts(ask.bars, shop.grid.jurisdictions)))
    sample = next(one for one in shop.samples(sort) if shop.outcome(ask, one) == "ineligible")
    assert witness(shop, sample, sort.places, [ask]).outcomes == ("ineligible",)
    acquitted = replace(sample.entries[0], disposition="acquitted")
    with pytest.raises(Unconfirmed, match=ask.name):
        witness(shop, replace(sample, entries=(acquitted,)), sort.places, [ask])
    with pytest.raises(Unconfirmed, match=ask.name):
        witness(shop, sample, sort.places, [ask], fits=lambda outcomes: "eligible" in outcomes)


@pytest.mark.parametrize("home", ["cn", "gb-eaw", "de", "us", "nl"])
@SLOW
@given(data=st.data())
def test_no_random_matter_lies_outside_the_sets(home: str, data: st.DataObject) -> None:
    """A matter of random words, days, ages and sentences brings about only answers behind which its cell was found."""
    leaks, sets = _leaks(home)
    pair = data.draw(one_of(*leaks.pairs()))
    if pair not in sets:
        sets[pair] = {leak.answers: set(leak.cells) for leak in leaks.pair(*pair)}
    entry: Entry = data.draw(entries(home, _words(pair)))
    outcomes = [ask.adjudicated([entry], None) for ask in pair]
    cell = (entry.offence, entry.kind)
    if "undetermined" not in outcomes and "ineligible" in outcomes and cell in leaks.cells:
        assert cell in sets[pair].get(tuple(one == "ineligible" for one in outcomes), set())


@cache
def _words(pair: tuple[Ask, ...]) -> Words:
    return words_of({**bar.condition.says, "disposition": sorted(bar.dispositions)} for ask in pair for bar in ask.bars)


_LEAKS: dict[str, tuple[Leaks, dict[tuple[Ask, Ask], dict[tuple[bool, ...], set[tuple[str, str]]]]]] = {}


def _leaks(home: str) -> tuple[Leaks, dict[tuple[Ask, Ask], dict[tuple[bool, ...], set[tuple[str, str]]]]]:
    if home not in _LEAKS:
        names = [name for name in LIBRARY.policies() if name.startswith(f"{home}/")]
        _LEAKS[home] = (Leaks.of(live_asks(LIBRARY, DAY, "strict", names)), {})
    return _LEAKS[home]


def test_looking_with_purpose_finds_what_looking_at_everything_finds(tmp_path: Path) -> None:
    """For two policies with look-backs, sentences, traits, ages and counts: the same sets, by the full product."""
    library = shelf(
        tmp_path,
        {
            "cn/physician@2020-01-01": """
[[bar]]
id = "long"
offence = ["theft", "fraud"]
sentence = ["imprisonment"]
length = { from = "P2Y" }
[[bar]]
id = "recent"
offence = ["theft", "gambling"]
within = { clock = "decision", period = "P3Y" }
""",
            "cn/coach@2020-01-01": """
[[bar]]
id = "three-fights"
offence = ["violence.affray", "gambling"]
kind = ["administrative"]
at_least = 3
[[bar]]
id = "grown-up"
offence = ["theft", "drugs"]
kind = ["criminal"]
age_at_act = { from = 18 }
[[bar]]
id = "meant"
offence = ["fraud"]
traits = ["intentional"]
within = { clock = "end", period = "P5Y" }
""",
        },
    )
    leaks = Leaks.of(live_asks(library, DAY, "strict"))
    (pair,) = leaks.pairs()
    found = {leak.answers: (set(leak.once), set(leak.often)) for leak in leaks.pair(*pair)}
    assert found == _everything(leaks, pair)
    assert ("gambling", "administrative") in found[(True, True)][1]


def _everything(leaks: Leaks, pair: tuple[Ask, Ask]) -> dict[tuple[bool, ...], tuple[set[tuple[str, str]], ...]]:
    places: dict[tuple[bool, ...], list[int]] = {}
    for sort in leaks.shop.sorts([*pair[0].bars, *pair[1].bars], ("cn",)):
        for sample in leaks.shop.samples(sort):
            answers = tuple(ask.adjudicated(sample.entries, sample.born) == "ineligible" for ask in pair)
            if any(answers):
                once, every = places.setdefault(answers, [0, 0])
                places[answers] = [once | (sort.places if sample.copies == 1 else 0), every | sort.places]
    grid = leaks.shop.grid
    found = {}
    for answers, (once, every) in places.items():
        singles = {cell for cell in grid.cells(grid.cells_of(once)) if cell[1] not in ("barring", "warrant")}
        cells = {cell for cell in grid.cells(grid.cells_of(every)) if cell[1] not in ("barring", "warrant")}
        found[answers] = (singles, cells - singles)
    return found
