"""The sample people are fictitious, build without a complaint, and hold what the demonstration tells."""

import csv
from collections.abc import Iterator
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from connectors.base import Id, Name, Query
from connectors.codes.table import shipped
from connectors.embedded import EmbeddedRegistry, build

KEY = bytes(range(32))
FILES = {"police": "people", "health": "health"}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files("connectors.sample").joinpath(f"{name}.csv").read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EmbeddedRegistry]]:
    folder: Path = tmp_path_factory.mktemp("sample")
    made = {}
    for name, file in FILES.items():
        with as_file(files("connectors.sample").joinpath(f"{file}.csv")) as source:
            report = build(source, folder / f"{name}.sqlite", KEY, shipped("cn-sample"), lambda done, total: None)
        assert report.unknown == ()
        made[name] = EmbeddedRegistry(name, folder / f"{name}.sqlite", KEY)
    yield made
    for registry in made.values():
        registry.close()


def test_nobody_in_it_can_be_real() -> None:
    """Every number is of a region that does not exist, with a right check digit, and says the birth date."""
    for row in rows("people") + rows("health"):
        number = row["id"]
        if number:
            total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
            assert number[17] == "10X98765432"[total % 11]
            assert number[:6] == "999999"
            assert number[6:14] == row["born"].replace("-", "")


def test_it_is_small_and_mostly_clean() -> None:
    """Some three hundred people, of whom most have nothing on file."""
    people = {(row["id"], row["name"]) for row in rows("people")}
    with_entries = {(row["id"], row["name"]) for row in rows("people") if row["offence"]}
    assert 290 <= len(people) <= 310
    assert len(with_entries) < len(people) / 3
    assert {(row["id"], row["name"]) for row in rows("health")} <= people
    assert (
        len({(name, born) for name, born in ((row["name"], row["born"]) for row in rows("people"))}) == len(people) - 1
    )


@pytest.mark.parametrize(
    ("name", "born", "number", "expected"),
    [
        ("林晓舟", date(1992, 4, 17), "999999199204174563", [("drugs.use", "penalised", True)]),
        ("周雨桐", date(1996, 9, 5), "999999199609055335", [("theft", "convicted", True)]),
        ("吴志强", date(1985, 1, 23), "999999198501233027", [("violence.affray", "penalised", True)]),
        ("沈明哲", date(1979, 12, 2), "999999197912022203", [("traffic.casualty", "convicted", True)]),
        ("何静怡", date(1998, 7, 30), "999999199807301445", []),
        ("郑海涛", date(1988, 2, 14), "999999198802144298", [("drugs.use", "annulled", True)]),
        ("宋佳宁", date(1994, 10, 11), "999999199410114369", []),
        ("马建军", date(1983, 6, 6), "999999198306061397", [("violence.robbery", "convicted", True)]),
        ("冯立群", date(1976, 3, 19), "999999197603191310", [("sexual.indecency", "penalised", True)]),
        ("陈静", date(1991, 3, 8), "999999199103082248", [("gambling", "penalised", False)]),
    ],
)
def test_the_leading_cast(
    registries: dict[str, EmbeddedRegistry], name: str, born: date, number: str, expected: list[tuple[str, str, bool]]
) -> None:
    """Who they are and what is on file about them."""
    query = Query((Name(name, "Hans"),), born, (Id("cn-resident-id", number),), "hiring", "con_a", "cn/x")
    reports = registries["police"].ask(query).reports
    assert [(each.entry.offence, each.entry.disposition, each.sure) for each in reports] == expected
    assert registries["health"].ask(query).reports == ()


def test_the_health_register_holds_one_licence_withdrawn(registries: dict[str, EmbeddedRegistry]) -> None:
    """A second registry, so that a policy that names two asks both."""
    (row,) = [row for row in rows("health") if row["offence"]]
    query = Query((), date.fromisoformat(row["born"]), (Id("cn-resident-id", row["id"]),), "hiring", "con_a", "cn/x")
    assert [each.entry.offence for each in registries["health"].ask(query).reports] == ["work.licence-revoked"]
