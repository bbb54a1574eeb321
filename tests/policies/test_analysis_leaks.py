"""What a no gives away: the sets behind answers, the bits, and what would help. Expectations are literal."""

from datetime import date
from math import log2
from pathlib import Path
from typing import Any

import pytest

from policies.analysis.asks import live_asks
from policies.analysis.leakage import report
from policies.analysis.leaks import Leak, Leaks
from policies.analysis.rates import Rates, read_rates
from policies.documents import DocumentError
from policies.library import Library
from tests.policies.shelves import shelf

LIBRARY = Library.shipped()
DAY = date(2026, 6, 1)
EXAMPLE = (Path(__file__).parent / "made-up-rates.toml").read_text("utf-8")


def bar(name: str, offences: str, kinds: str = '["administrative"]', more: str = "") -> str:
    """A bar of a made-up policy."""
    return f'[[bar]]\nid = "{name}"\noffence = {offences}\nkind = {kinds}\n{more}\n'


GAMBLING = bar("gambling", '["gambling"]')
DRUGS = bar("drugs", '["drugs.use"]')
THEFT = bar("theft", '["theft", "fraud"]', '["criminal"]')


def leaks_of(root: Path, policies: dict[str, str]) -> Leaks:
    """The leaks of made-up policies."""
    return Leaks.of(live_asks(shelf(root, policies), DAY, "strict"))


def sets(found: list[Leak]) -> dict[tuple[bool, ...], list[tuple[str, tuple[str, ...]]]]:
    """For each pair of answers, the categories behind it with their kinds."""
    return {leak.answers: [(one.word, one.kinds) for one in leak.categories] for leak in found}


def test_a_refusal_that_one_category_alone_brings_about_names_it(tmp_path: Path) -> None:
    """A policy with one bar about one offence: its no says what there is."""
    leaks = leaks_of(tmp_path, {"cn/physician@2020-01-01": GAMBLING})
    leak = leaks.single(leaks.asks[0])
    assert leak is not None
    assert [(one.word, one.kinds, one.whole) for one in leak.categories] == [("gambling", ("administrative",), True)]
    assert (leak.size, leak.often) == (1, ())
    assert leak.witness.outcomes == ("ineligible",)


def test_a_category_is_a_word_of_the_policy_however_many_words_lie_below_it(tmp_path: Path) -> None:
    """`sexual` is one category with six offences below it; a bar without offences leaves every family open."""
    policies = {
        "cn/physician@2020-01-01": bar("sexual", '["sexual"]', '["criminal"]'),
        "cn/coach@2020-01-01": '[[bar]]\nid = "any"\nkind = ["criminal"]\n',
    }
    leaks = leaks_of(tmp_path, policies)
    sizes = {ask.name: (leak.size, len(leak.cells)) for ask in leaks.asks if (leak := leaks.single(ask))}
    assert sizes["cn/physician:physician"] == (1, 6)
    families, cells = sizes["cn/coach:driver"]
    assert families > 30
    assert cells > 60


def test_the_widest_word_of_either_policy_is_the_category(tmp_path: Path) -> None:
    """One refuses violence, the other bodily injury: what lies between is violence, and only part of it."""
    policies = {
        "cn/physician@2020-01-01": bar("violence", '["violence"]', '["criminal"]'),
        "cn/coach@2020-01-01": bar("injury", '["violence.injury"]', '["criminal"]'),
    }
    leaks = leaks_of(tmp_path, policies)
    between, both = leaks.pair(*leaks.asks)
    assert [(one.word, len(one.words), one.whole) for one in between.categories] == [("violence", 5, False)]
    assert [(one.word, one.words, one.whole) for one in both.categories] == [("violence", ("violence.injury",), False)]


def test_lists_and_warrants_make_no_set_larger_unless_a_policy_names_them(tmp_path: Path) -> None:
    """A bar that names no kind means them too; whoever gets a no does not think of them."""
    policies = {
        "cn/physician@2020-01-01": '[[bar]]\nid = "gambling"\noffence = ["gambling"]\n',
        "cn/coach@2020-01-01": bar("gambling", '["gambling"]', '["barring"]'),
    }
    leaks = leaks_of(tmp_path, policies)
    kinds = {ask.name: leak.categories[0].kinds for ask in leaks.asks if (leak := leaks.single(ask))}
    assert kinds == {"cn/physician:physician": ("criminal", "administrative"), "cn/coach:driver": ("barring",)}


def test_two_policies_that_differ_in_one_category_give_it_away(tmp_path: Path) -> None:
    """Who may ask both reads off drug use; of theft or gambling they learn no more than one of the two said."""
    policies = {"cn/physician@2020-01-01": GAMBLING + THEFT + DRUGS, "cn/coach@2020-01-01": GAMBLING + THEFT}
    leaks = leaks_of(tmp_path, policies)
    ((coach, physician),) = leaks.pairs()
    assert (coach.policy.id, physician.policy.id) == ("cn/coach", "cn/physician")
    assert sets(leaks.pair(coach, physician)) == {
        (False, True): [("drugs.use", ("administrative",))],
        (True, True): [("theft", ("criminal",)), ("fraud", ("criminal",)), ("gambling", ("administrative",))],
    }


def test_kindergarten_and_minors_contact_differ_by_drugs_and_gambling() -> None:
    """Penalties for both lie behind a no of the kindergarten and a yes of the other; nothing behind the reverse."""
    leaks = Leaks.of(live_asks(LIBRARY, DAY, "strict", ["cn/kindergarten", "cn/minors-contact"]))
    asks = {ask.name: ask for ask in leaks.asks}
    found = sets(leaks.pair(asks["cn/kindergarten:head"], asks["cn/minors-contact:staff"]))
    assert set(found) == {(True, False), (True, True)}
    assert ("drugs.use", ("criminal", "administrative", "rehabilitation")) in found[(True, False)]
    assert ("gambling", ("criminal", "administrative")) in found[(True, False)]
    assert ("gambling", ("criminal",)) in found[(True, True)]  # with an occupational ban
    assert ("sexual", ("criminal", "administrative")) in found[(True, True)]


def test_a_taxi_and_a_ride_hailing_platform_refuse_the_same() -> None:
    """One list in two ministry rules: the second answer says nothing new."""
    leaks = Leaks.of(live_asks(LIBRARY, DAY, "strict", ["cn/ride-hailing", "cn/taxi"]))
    assert set(sets(leaks.pair(*leaks.asks))) == {(True, True)}


def test_the_roles_that_have_the_same_bars_are_one_ask() -> None:
    """Five roles of a kindergarten ask the same; the teacher asks more."""
    asks = live_asks(LIBRARY, DAY, "strict", ["cn/kindergarten"])
    assert [ask.roles for ask in asks] == [("head", "carer", "health", "security", "other"), ("teacher",)]


def test_what_only_several_matters_bring_about_is_told_apart(tmp_path: Path) -> None:
    """A bar that counts three: one matter says nothing, three alike do."""
    leaks = leaks_of(tmp_path, {"cn/physician@2020-01-01": bar("often", '["gambling"]', more="at_least = 3")})
    leak = leaks.single(leaks.asks[0])
    assert leak is not None
    assert (leak.once, leak.often) == ((), (("gambling", "administrative"),))
    assert leak.witness.sample.copies == 3


def test_a_set_of_one_is_below_the_threshold_and_gets_advice(tmp_path: Path) -> None:
    """Close the difference from either side, or give up what both refuse: each with what lies behind then."""
    policies = {"cn/physician@2020-01-01": GAMBLING + THEFT + DRUGS, "cn/coach@2020-01-01": GAMBLING + THEFT}
    told = report(live_asks(shelf(tmp_path, policies), DAY, "strict"))
    assert told["threshold"] == 2
    (below,) = told["below"]
    assert (below["asks"], below["answers"], below["size"]) == (
        ["cn/coach:driver", "cn/physician:physician"],
        ["yes", "no"],
        1,
    )
    assert below["bars"] == [{"ask": "cn/physician:physician", "bar": "drugs"}]
    drugs = [{"offence": ["drugs.use"], "kind": ["administrative"]}]
    assert [(one["do"], one["policy"], one["what"], one["then"]) for one in below["advice"]] == [
        ("add", "cn/coach", drugs, 0),
        ("drop", "cn/physician", drugs, 0),
        ("drop", "cn/coach", [{"offence": ["theft"], "kind": ["criminal"]}], 2),
    ]
    assert below["advice"][1]["bars"] == ["drugs"]


@pytest.mark.parametrize(
    ("physician", "coach", "below"),
    [
        (GAMBLING + THEFT + DRUGS, GAMBLING + THEFT + DRUGS.replace("drugs.use", "drugs"), 1),
        (GAMBLING + THEFT + DRUGS, GAMBLING + THEFT + DRUGS, 0),
        (GAMBLING + THEFT, THEFT + DRUGS, 2),
    ],
)
def test_following_the_advice_helps(tmp_path: Path, physician: str, coach: str, below: int) -> None:
    """With the bar added nothing is below; with half of it added, what is left is."""
    told = report(
        live_asks(shelf(tmp_path, {"cn/physician@2020-01-01": physician, "cn/coach@2020-01-01": coach}), DAY, "strict")
    )
    assert len(told["below"]) == below


def test_a_difference_of_conditions_is_to_be_aligned(tmp_path: Path) -> None:
    """The same offence with two look-backs: between them lies one category, and the advice names what differs."""
    policies = {
        "cn/physician@2020-01-01": bar("g", '["gambling"]', more='within = { clock = "decision", period = "P3Y" }'),
        "cn/coach@2020-01-01": bar("g", '["gambling"]', more='within = { clock = "decision", period = "P5Y" }'),
    }
    told = report(live_asks(shelf(tmp_path, policies), DAY, "strict"))
    between = next(one for one in told["below"] if one["answers"] == ["no", "yes"])
    (advice,) = between["advice"]
    assert (advice["do"], advice["differ"], advice["then"]) == ("align", ["within"], 0)
    assert (advice["bars"], advice["with_bars"]) == (["g"], ["g"])


def test_one_ask_below_the_threshold_is_to_be_merged_or_widened(tmp_path: Path) -> None:
    """With the other ask of the same law that adds least."""
    policies = {
        "cn/physician@2020-01-01": GAMBLING,
        "cn/coach@2020-01-01": THEFT,
        "cn/drone@2020-01-01": DRUGS,
        "cn/ride-hailing@2020-01-01": THEFT + DRUGS,
    }
    told = report(live_asks(shelf(tmp_path, policies), DAY, "strict"))
    single = [one for one in told["below"] if one["asks"] == ["cn/physician:physician"]]
    assert [(one["do"], one["then"]) for one in single[0]["advice"]] == [("merge", 2), ("add", 2)]
    assert single[0]["advice"][0]["with_ask"] == "cn/drone:operator"
    assert single[0]["advice"][1]["what"] == [{"offence": ["drugs.use"], "kind": ["administrative"]}]


def bits(root: Path, policies: dict[str, str], rates: str) -> dict[str, Any]:
    """The report with rates."""
    return report(live_asks(shelf(root, policies), DAY, "strict"), read_rates(rates, "rates.toml"))


def entropy(p: float) -> float:
    """Of one answer, by its definition."""
    return -p * log2(p) - (1 - p) * log2(1 - p)


RATES = 'note = "made up"\n[rate.administrative]\ngambling = 0.01\n"drugs.use" = 0.04\n'


def test_bits_of_two_independent_answers(tmp_path: Path) -> None:
    """Two policies without anything in common: the joint entropy is the sum, the second adds all of its own."""
    told = bits(tmp_path, {"cn/physician@2020-01-01": GAMBLING, "cn/coach@2020-01-01": DRUGS}, RATES)
    coach, physician = told["asks"]
    assert coach["bits"]["no"] == pytest.approx(0.04)
    assert coach["bits"]["entropy"] == pytest.approx(entropy(0.04))
    assert coach["bits"]["largest"] == {"category": "drugs.use", "prior": pytest.approx(0.04), "posterior": 1.0}
    assert physician["bits"]["entropy"] == pytest.approx(0.0808, abs=0.0001)
    (pair,) = told["pairs"]
    assert pair["bits"]["joint"] == pytest.approx(entropy(0.04) + entropy(0.01))
    assert pair["bits"]["extra"] == pytest.approx([entropy(0.04), entropy(0.01)])


def test_bits_of_two_answers_that_overlap(tmp_path: Path) -> None:
    """One policy refuses both categories, one only gambling: three outcomes, worked out by hand."""
    told = bits(tmp_path, {"cn/physician@2020-01-01": GAMBLING + DRUGS, "cn/coach@2020-01-01": GAMBLING}, RATES)
    (pair,) = told["pairs"]
    assert pair["asks"] == ["cn/coach:driver", "cn/physician:physician"]
    both, drugs, neither = 0.01, 0.99 * 0.04, 0.99 * 0.96
    joint = -sum(p * log2(p) for p in (both, drugs, neither))
    assert pair["bits"]["joint"] == pytest.approx(joint)
    assert pair["bits"]["extra"][1] == pytest.approx(joint - entropy(0.01))
    largest = pair["bits"]["largest"]
    assert (largest["answers"], largest["category"], largest["posterior"]) == (["yes", "no"], "drugs.use", 1.0)
    physician = next(one for one in told["asks"] if one["policy"] == "cn/physician")
    assert physician["bits"]["no"] == pytest.approx(1 - 0.99 * 0.96)
    assert physician["bits"]["largest"]["posterior"] == pytest.approx(0.04 / (1 - 0.99 * 0.96))


def test_without_rates_there_are_no_bits(tmp_path: Path) -> None:
    """Rather than guessed ones."""
    told = report(live_asks(shelf(tmp_path, {"cn/physician@2020-01-01": GAMBLING}), DAY, "strict"))
    assert told["rates"] is None
    assert "bits" not in told["asks"][0]


def test_a_bar_that_counts_takes_the_share_of_those_with_several(tmp_path: Path) -> None:
    """One in five of those who gamble do it often, says the file."""
    policies = {"cn/physician@2020-01-01": bar("often", '["gambling"]', more="at_least = 3")}
    told = bits(tmp_path, policies, RATES.replace("[rate", "repeat = 0.2\n[rate"))
    assert told["asks"][0]["bits"]["no"] == pytest.approx(0.002)
    without = bits(tmp_path / "again", policies, RATES)
    assert without["asks"][0]["bits"]["no"] == 0


def test_cells_without_a_rate_are_named(tmp_path: Path) -> None:
    """Nothing is taken for zero silently."""
    told = bits(tmp_path, {"cn/physician@2020-01-01": GAMBLING + THEFT}, RATES)
    missing = ["fraud", "fraud.cheque", "fraud.health-care", "fraud.welfare", "theft", "theft.identity"]
    assert told["asks"][0]["bits"]["no_rate"] == [[word, "criminal"] for word in missing]


def test_the_example_of_rates_is_marked_as_made_up_and_can_be_read() -> None:
    """Its threshold is the report's, unless somebody says another."""
    rates = read_rates(EXAMPLE, "made-up-rates.toml")
    assert "Made up" in rates.note
    assert (rates.threshold, rates.repeat) == (2, 0.2)
    assert rates.row_of(("drugs.use", "administrative")) == ("administrative", "drugs.use")
    assert rates.row_of(("theft.identity", "criminal")) == ("criminal", "theft")
    assert rates.row_of(("tax", "criminal")) == ("criminal", "*")
    assert rates.row_of(("tax", "barring")) is None
    told = report(live_asks(LIBRARY, DAY, "strict", ["cn/coach"]), rates)
    assert told["threshold"] == 2
    assert told["rates"] == "Made up for tests: nobody's figures."
    assert report(live_asks(LIBRARY, DAY, "strict", ["cn/coach"]), rates, 3)["threshold"] == 3


def test_a_rows_rate_is_shared_evenly_by_its_cells() -> None:
    """Of `violence` each of three offences has a third; robbery has a row of its own, theft none."""
    rates = Rates("", None, None, {("criminal", "violence"): 0.06, ("criminal", "violence.robbery"): 0.001})
    words = ["violence.injury", "violence.assault", "violence.affray", "violence.robbery", "theft"]
    cells = [(word, "criminal") for word in words]
    assert rates.of_cells(cells) == {
        **{cell: pytest.approx(0.02) for cell in cells[:3]},
        cells[3]: 0.001,
    }


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("note = 1", "rate", "is missing"),
        ('note = "x"\n[rate.crime]\ntheft = 1', "rate.crime", "not known"),
        ('note = "x"\n[rate.criminal]\ntheft = 2', "rate.criminal.theft", "0 to 1"),
        ('note = "x"\n[rate.criminal]\n"drug.use" = 0.1', "rate.criminal.drug.use", 'did you mean "drugs.use"'),
        ('note = "x"\nthresold = 2\n[rate.criminal]\ntheft = 0.1', "thresold", "not a known key"),
        ("note = ", "", "is not TOML"),
        ("[rate.criminal]\ntheft = 0.1", "note", "is missing"),
    ],
)
def test_a_mistake_in_a_file_of_rates_has_its_place(text: str, place: str, problem: str) -> None:
    """As in every other document."""
    with pytest.raises(DocumentError) as caught:
        read_rates(text, "rates.toml")
    assert caught.value.place == place
    assert problem in str(caught.value)
