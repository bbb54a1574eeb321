"""What is wrong with a policy: bars that never decide, that cannot see, what stays open. Expectations are literal."""

from datetime import date
from pathlib import Path

import pytest

from policies.analysis.asks import live_asks
from policies.analysis.bars import Bars, Blind, entitled
from policies.analysis.checks import Check, check
from policies.analysis.samples import Workshop
from policies.library import Library
from policies.model import read_record
from policies.sealing import seal
from tests.policies.shelves import shelf

LIBRARY = Library.shipped()
DAY = date(2026, 6, 1)
LAW = LIBRARY.regimes(DAY)


def checked(name: str) -> Check:
    """The check of a shipped policy."""
    return check(LIBRARY.policy(name, DAY), DAY, LAW)


def blind(found: Check, bar: str, reading: str) -> Blind:
    """What a bar may not read under a reading."""
    return next(one for one in found.blind if one.bar.id == bar and one.ask.reading == reading)


@pytest.mark.parametrize("name", LIBRARY.policies())
def test_no_policy_reads_beyond_its_basis_or_rewards_one_more_matter(name: str) -> None:
    """Over all cases of every shipped policy; and something was looked at."""
    found = checked(name)
    assert found.beyond == ()
    assert found.broken == ()
    assert not found.wrong
    assert found.no_law == ()
    assert found.cases > 20
    assert found.pairs > 20


def test_ride_hailing_is_blind_to_sealed_drug_use_under_the_strict_reading() -> None:
    """A ministry rule opens neither art. 136 nor the secrecy of treatment; a crime it reads, unless a minor's."""
    one = blind(checked("cn/ride-hailing"), "drug-use-ever", "strict")
    assert not one.wholly
    assert [(each.word, each.kinds) for each in one.never] == [
        ("drugs.use", ("administrative", "rehabilitation")),
        ("traffic.drug-driving", ("administrative",)),
    ]
    assert [(each.word, each.kinds) for each in one.sometimes] == [
        ("drugs.use", ("criminal",)),
        ("traffic.drug-driving", ("criminal",)),
    ]
    assert [(each.level, each.rules, each.lacks) for each in one.why] == [
        ("shallow", ("public-security-record", "treatment-measure"), "rank")
    ]
    assert one.witness.outcomes == ("eligible",)
    assert one.witness.sample.place.kind in ("administrative", "rehabilitation")


def test_nothing_is_hidden_from_ride_hailing_under_the_broad_reading() -> None:
    """A ministry rule is a national provision then."""
    assert [one for one in checked("cn/ride-hailing").blind if one.ask.reading == "broad"] == []


def test_before_art_136_drug_use_was_open_to_ride_hailing() -> None:
    """The day before, only treatment measures and what minors did were sealed."""
    day = date(2025, 12, 31)
    found = check(LIBRARY.policy("cn/ride-hailing", day), day, LIBRARY.regimes(day))
    one = blind(found, "drug-use-ever", "strict")
    assert [(each.word, each.kinds) for each in one.never] == [("drugs.use", ("rehabilitation",))]
    assert one.why[0].rules == ("treatment-measure",)


def test_a_kindergarten_sees_what_it_names() -> None:
    """Its law opens the seal; beside it the ministry rule reads no crime of a minor, and the opinion of 2020, which
    is no provision at all, no decision not to prosecute one."""
    found = checked("cn/kindergarten")
    assert {(one.bar.id, one.ask.reading) for one in found.blind} == {
        ("any-crime", "strict"),
        ("sexual-offence-not-prosecuted", "strict"),
        ("sexual-offence-not-prosecuted", "broad"),
    }
    assert all(one.never == () for one in found.blind)


def test_bars_that_any_crime_covers_never_decide_under_the_broad_reading() -> None:
    """Read broadly the ministry rule reads all crimes: four bars of the law are idle beside it, two of them surer."""
    found = checked("cn/kindergarten")
    idle = {(one.ask.role, one.bar.id): one for one in found.idle if one.ask.reading == "broad"}
    assert set(idle) >= {("teacher", "teacher-political-rights"), ("teacher", "court-ban"), ("head", "court-ban")}
    assert [bar.id for bar in idle["teacher", "court-ban"].by] == ["any-crime"]
    assert idle["teacher", "court-ban"].doubtful
    assert not idle["teacher", "teacher-intentional-crime"].doubtful
    assert [one for one in found.idle if one.ask.reading == "strict"] == []


def test_a_bar_covered_by_two_others_is_said_to_be_covered_by_both(tmp_path: Path) -> None:
    """Thefts and frauds of seven years lie in those of ten; a bar that asks for what cannot be never holds."""
    library = shelf(
        tmp_path,
        {
            "cn/physician@2020-01-01": """
[[bar]]
id = "both"
offence = ["theft", "fraud"]
within = { clock = "decision", period = "P7Y" }
[[bar]]
id = "theft"
offence = ["theft"]
within = { clock = "decision", period = "P10Y" }
[[bar]]
id = "fraud"
offence = ["fraud"]
within = { clock = "decision", period = "P10Y" }
[[bar]]
id = "never"
offence = ["gambling"]
age_at_act = { from = 20, under = 18 }
"""
        },
    )
    found = check(library.policy("cn/physician", DAY), DAY, library.regimes(DAY))
    covered = {one.bar.id: [bar.id for bar in one.by] for one in found.idle if one.ask.reading == "strict"}
    assert covered == {"both": ["theft", "fraud"], "never": []}


def test_a_bar_is_not_covered_by_one_that_ends_a_day_earlier(tmp_path: Path) -> None:
    """Ten years against nine years, eleven months and 29 days: there is a matter that only the longer one sees."""
    bars = """
[[bar]]
id = "{0}"
offence = ["theft"]
within = {{ clock = "decision", period = "{1}" }}
"""
    bars = bars.format("longer", "P10Y") + bars.format("shorter", "P9Y11M29D")
    library = shelf(tmp_path, {"cn/physician@2020-01-01": bars})
    found = check(library.policy("cn/physician", DAY), DAY, library.regimes(DAY))
    assert {one.bar.id for one in found.idle} == {"shorter"}


def test_a_bar_without_a_basis_is_wholly_blind_to_what_is_sealed(tmp_path: Path) -> None:
    """A policy that names no reader cannot see an administrative penalty at all since art. 136."""
    bars = """
[[bar]]
id = "gambling"
kind = ["administrative"]
offence = ["gambling"]
"""
    library = shelf(tmp_path, {"cn/physician@2020-01-01": bars}, rank="local-regulation")
    found = check(library.policy("cn/physician", DAY), DAY, library.regimes(DAY))
    assert {(one.ask.reading, one.wholly) for one in found.blind} == {("strict", True), ("broad", True)}
    assert {one.ask.reading for one in found.idle} == {"strict", "broad"}


def test_without_a_law_of_sealing_the_check_says_so() -> None:
    """A day before any law of China on the shelf: nothing can be judged."""
    found = check(LIBRARY.policy("cn/kindergarten", DAY), DAY, {})
    assert found.no_law == ("cn",)
    assert found.cases == 0


def test_words_that_are_too_coarse_name_the_bars_that_stay_open() -> None:
    """`drugs` may be drug use or not; nothing that the kindergarten asks is narrower than `prostitution`."""
    coarse = checked("cn/kindergarten").coarse
    assert coarse["drugs"] == ("drug-use-ever",)
    assert "harm-ever" in coarse["violence"]
    assert "prostitution" not in coarse
    assert "traffic" not in coarse


def test_what_stays_open_though_all_is_known_has_a_witness() -> None:
    """In the Netherlands time in custody is added: of somebody still in custody the record cannot say how much."""
    found = checked("nl/vog").undetermined
    assert found
    for bars, proof in found:
        assert bars
        assert proof.outcomes == ("undetermined",)
        assert proof.sample.entries[0].sentences[0].released_on is None  # type: ignore[index]
    assert checked("cn/kindergarten").undetermined == ()


def test_every_question_is_asked_of_the_same_cases() -> None:
    """The bars of an ask, judged one by one, say what its outcome says."""
    (ask,) = live_asks(LIBRARY, DAY, "strict", ["cn/drone"])
    shop = Workshop([ask])
    for case in Bars.of(shop, ask).cases:
        expected = "ineligible" if case.holding else "undetermined" if case.unknown else "eligible"
        assert shop.outcome(ask, case.sample) == expected


def test_a_law_that_rewards_one_more_matter_is_found_out(tmp_path: Path) -> None:
    """A made-up law that seals late who has no other matter, and at once who has one: two records prove it."""
    library = shelf(tmp_path, {"cn/physician@2020-01-01": '[[bar]]\nid = "any"\nkind = ["criminal"]\n'})
    document = tmp_path / "regimes" / "cn" / "2026-01-01.toml"
    law = document.read_text("utf-8")
    rule = """
[[seal]]
id = "{0}"
level = "deep"
clock = "decision"
period = "{1}"
kind = ["criminal"]
cite = "No law at all"
{2}
"""
    alone = rule.format("alone", "P30Y", 'no_other = { kind = ["criminal"] }')
    start = law.index("[[seal]]")
    document.write_text(law[:start] + alone + rule.format("not-alone", "P0D", "") + law[start:], "utf-8")
    library = Library.load(tmp_path)
    found = check(library.policy("cn/physician", DAY), DAY, library.regimes(DAY))
    assert found.wrong
    one = found.broken[0]
    assert one.outcomes == ("ineligible", "eligible")
    assert one.ask.adjudicated(read_record(one.less).entries, read_record(one.less).born) == "ineligible"
    assert one.ask.adjudicated(read_record(one.more).entries, read_record(one.more).born) == "eligible"


@pytest.mark.parametrize(
    ("policy", "bar", "reading", "kind", "born", "may"),
    [
        ("cn/kindergarten", "drug-use-ever", "strict", "administrative", "1990-01-01", True),
        ("cn/ride-hailing", "drug-use-ever", "strict", "administrative", "1990-01-01", False),
        ("cn/ride-hailing", "drug-use-ever", "broad", "administrative", "1990-01-01", True),
        ("cn/ride-hailing", "drug-use-ever", "strict", "criminal", "1990-01-01", True),
        ("cn/ride-hailing", "drug-use-ever", "strict", "criminal", "2005-01-01", False),
    ],
)
def test_what_a_bar_is_entitled_to_read(policy: str, bar: str, reading: str, kind: str, born: str, may: bool) -> None:
    """By its basis, its rank and the level alone: worked out beside the evaluator, to hold it against."""
    entry = {"jurisdiction": "cn", "kind": kind, "offence": "drugs.use", "disposition": "convicted", "sentences": []}
    record = read_record({"born": born, "entries": [{**entry, "acted_on": "2020-01-01", "decided_on": "2020-02-01"}]})
    ask = live_asks(LIBRARY, DAY, reading, [policy])[0]
    (sealed,) = seal(record.entries, LAW, DAY, record.born)
    assert entitled(next(one for one in ask.bars if one.id == bar), sealed, ask) is may


def test_what_is_sealed_deeply_no_bar_is_entitled_to_read() -> None:
    """In England a protected conviction, even for an enhanced certificate."""
    entry = {"jurisdiction": "gb-eaw", "kind": "criminal", "offence": "theft", "disposition": "convicted"}
    facts = {
        "decided_on": "2005-01-01",
        "age_at_decision": 30,
        "traits_complete": True,
        "sentences": [{"kind": "fine"}],
    }
    record = read_record({"entries": [{**entry, **facts}]})
    ask = live_asks(LIBRARY, DAY, "strict", ["gb-eaw/enhanced"])[0]
    (sealed,) = seal(record.entries, LAW, DAY)
    assert sealed.level == "deep"
    assert not any(entitled(bar, sealed, ask) for bar in ask.bars)
