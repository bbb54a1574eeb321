"""The cast of the demonstration: what the law says of each, on a literal day, and what counts as expected."""

from collections.abc import Iterator
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from connectors.codes.table import shipped
from connectors.embedded import EmbeddedRegistry, build
from gateway.demo.cast import Asked, load
from gateway.demo.law import Opinion, opinion
from gateway.demo.story import Told

KEY = bytes(range(32))
DAY = date(2026, 11, 20)

# fmt: off
STORY = [
    # who, asked under which policy, the law's outcome, what the institution must be told
    ("Lin Xiaozhou", "cn/kindergarten",   "carer",     "ineligible",   "no"),
    ("Lin Xiaozhou", "cn/city-transit",   "driver",    "ineligible",   "no"),
    ("Lin Xiaozhou", "cn/ride-hailing",   "driver",    "eligible",     "yes"),
    ("Zhou Yutong",  "cn/kindergarten",   "carer",     "eligible",     "yes"),
    ("Wu Zhiqiang",  "cn/city-transit",   "driver",    "eligible",     "yes"),
    ("Shen Mingzhe", "cn/physician",      "physician", "ineligible",   "no"),
    ("He Jingyi",    "cn/kindergarten",   "teacher",   "eligible",     "yes"),
    ("Zheng Haitao", "cn/kindergarten",   "security",  "eligible",     "yes"),
    ("Ma Jianjun",   "cn/ride-hailing",   "driver",    "ineligible",   "no"),
    ("Feng Liqun",   "cn/minors-contact", "staff",     "ineligible",   "no"),
    ("Chen Jing",    "cn/kindergarten",   "teacher",   "undetermined", "yes"),
    ("Song Jianing", "cn/city-transit",   "attendant", "eligible",     "closed"),
]
# fmt: on


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EmbeddedRegistry]]:
    folder: Path = tmp_path_factory.mktemp("cast")
    made = {}
    for name, file in (("police", "people.csv"), ("health", "health.csv")):
        with as_file(files("connectors.sample").joinpath(file)) as source:
            build(source, folder / f"{name}.sqlite", KEY, shipped("cn-sample"), lambda done, total: None)
        made[name] = EmbeddedRegistry(name, folder / f"{name}.sqlite", KEY)
    yield made
    for registry in made.values():
        registry.close()


def test_the_story_is_the_one_that_is_told_here() -> None:
    """Who asks about whom and what must come out, written down a second time."""
    played = [(one.latin, one.policy, one.role, one.expect) for one in load().checks]
    assert played == [(latin, policy, role, expect) for latin, policy, role, _, expect in STORY]
    assert [one.latin for one in load().checks if one.declines] == ["Song Jianing"]


@pytest.mark.parametrize(("latin", "policy", "role", "outcome", "expect"), STORY)
def test_what_the_law_says_of_each(
    registries: dict[str, EmbeddedRegistry], latin: str, policy: str, role: str, outcome: str, expect: str
) -> None:
    """The offline evaluator on the sample registries."""
    asked = next(one for one in load().checks if (one.latin, one.policy, one.role) == (latin, policy, role))
    assert opinion(asked, registries, "strict", DAY).outcome == outcome


def test_the_same_sealed_entry_is_on_file_in_all_three(registries: dict[str, EmbeddedRegistry]) -> None:
    """One person, one entry, three institutions: only the law's way to read it differs."""
    lin = [opinion(one, registries, "strict", DAY) for one in load().checks if one.latin == "Lin Xiaozhou"]
    assert {one.on_file for one in lin} == {("Drug use: administrative penalty, 2019 (sealed)",)}
    assert [one.cites for one in lin] == [
        ("Preschool Education Law art. 44(1)",),
        ("Urban Public Transport Regulations art. 31(3)",),
        (),
    ]


def test_a_broad_reading_opens_the_seal_to_the_ministry_rule(registries: dict[str, EmbeddedRegistry]) -> None:
    """The reading is a setting of the deployment; the demonstration runs on the strict one."""
    (rides,) = [one for one in load().checks if (one.latin, one.by) == ("Lin Xiaozhou", "rides")]
    assert opinion(rides, registries, "broad", DAY).outcome == "ineligible"


def told(expect: str, outcome: str, received: str | None, **facts: object) -> Told:
    asked = Asked(
        by="bus", policy="cn/city-transit", role="driver", name="甲", latin="Jia", born=date(1990, 1, 1),
        number="1", expect=expect, story="", **facts,  # type: ignore[arg-type]
    )  # fmt: skip
    return Told(asked, "chk_x", Opinion((), outcome, ()), received)


@pytest.mark.parametrize(
    ("one", "day", "expected"),
    [
        (told("yes", "eligible", "yes"), DAY, True),
        (told("yes", "eligible", "no"), DAY, False),
        (told("yes", "eligible", None), DAY, False),
        (told("yes", "ineligible", "no"), DAY, False),  # the law as it is now, but not the story
        (told("yes", "undetermined", "yes"), DAY, True),
        (told("yes", "undetermined", "no"), DAY, False),
        (told("closed", "eligible", "closed", declines=True), DAY, True),
        (told("closed", "eligible", "yes", declines=True), DAY, False),
        (told("no", "ineligible", "no", until=date(2027, 10, 7)), date(2027, 10, 6), True),
        (told("no", "eligible", "yes", until=date(2027, 10, 7)), date(2027, 10, 6), False),
        (told("no", "eligible", "yes", until=date(2027, 10, 7)), date(2027, 10, 7), True),
    ],
)
def test_what_counts_as_expected(one: Told, day: date, expected: bool) -> None:
    """The story's own answer, as long as time has not changed it, and always the law's."""
    assert one.as_expected(day) is expected
