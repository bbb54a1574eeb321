"""Who is meant: sure, a candidate, or somebody else."""

import json
from collections.abc import Iterator
from datetime import date

import pytest

from connectors.base import Id, Name, Query
from connectors.codes.table import parse
from connectors.embedded import EmbeddedRegistry, build

KEY = bytes(range(32))
CODES = parse('own_words = true\nsingle = ["national-id"]', "codes.toml")
LIN = {"names": [{"full": "Lin Zhou", "script": "Latn"}], "born": "1990-05-20"}
THEFT = {"jurisdiction": "cn", "kind": "criminal", "offence": "theft", "disposition": "convicted"}
N1, N2, N5, N7 = ({"type": "national-id", "value": value} for value in ("N1", "N2", "N5", "N7"))
P1, P4, P6 = ({"type": "passport", "value": value} for value in ("P1", "P4", "P6"))
PEOPLE = [
    LIN | {"ids": [N1, P1], "entries": [THEFT | {"ref": "one"}]},
    LIN | {"ids": [N2], "entries": [THEFT | {"ref": "two"}]},
    LIN | {"entries": [THEFT | {"ref": "three"}]},
    {"ids": [P4], "entries": [THEFT | {"ref": "four"}]},
    LIN | {"ids": [N5]},
    LIN | {"ids": [P6], "entries": [THEFT | {"ref": "six"}]},
    {"names": [{"full": "Wu Ming"}], "born": "1990-05-20", "ids": [N7], "entries": [THEFT | {"ref": "seven"}]},
]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRegistry]:
    folder = tmp_path_factory.mktemp("who")
    (folder / "people.ndjson").write_text("\n".join(map(json.dumps, PEOPLE)))
    build(folder / "people.ndjson", folder / "people.sqlite", KEY, CODES, lambda done, total: None)
    registry = EmbeddedRegistry("police", folder / "people.sqlite", KEY)
    yield registry
    registry.close()


def who(registry: EmbeddedRegistry, ids: list[tuple[str, str]], name: str, born: str) -> dict[str | None, bool]:
    query = Query(
        (Name(name),) if name else (),
        date.fromisoformat(born),
        tuple(Id(*each) for each in ids),
        "hiring",
        "con_abc",
        "cn/kindergarten",
    )
    return {report.entry.ref: report.sure for report in registry.ask(query).reports}


@pytest.mark.parametrize(
    ("ids", "name", "born", "expected"),
    [
        # The number, the name and the birth date: sure. The namesake with another such number is somebody else.
        ([("national-id", "N1")], "Lin Zhou", "1990-05-20", {"one": True, "three": False, "six": False}),
        ([("national-id", "n-1")], "", "1990-05-20", {"one": False}),
        # Any of a person's identifiers leads to them; a passport does not rule out another person.
        ([("passport", "P1")], "Lin Zhou", "1990-05-20", {"one": True, "two": False, "three": False, "six": False}),
        # The number, another birth date: a candidate, and nobody is ruled out.
        ([("national-id", "N1")], "Lin Zhou", "1990-05-21", {"one": False}),
        # The number, and nothing on file to hold against it: a candidate.
        ([("passport", "P4")], "Somebody", "1970-01-01", {"four": False}),
        # Somebody else's number, the same birthday: nobody's record for sure, and one's own is not hidden by it.
        ([("national-id", "N1")], "Wu Ming", "1990-05-20", {"one": False, "seven": False}),
        ([("national-id", "N5")], "Wu Ming", "1990-05-20", {"seven": False}),
        # No number, or one that nobody has: everybody of that name and birth date is a candidate.
        ([], "Zhou, Lin", "1990-05-20", {"one": False, "two": False, "three": False, "six": False}),
        ([("national-id", "N9")], "Lin Zhou", "1990-05-20", {"one": False, "two": False, "three": False, "six": False}),
        # A clean person found surely: only a namesake without a number may still be meant.
        ([("national-id", "N5")], "Lin Zhou", "1990-05-20", {"three": False, "six": False}),
        # The same number of another type is another number.
        ([("passport", "N1")], "Wu Ming", "1990-05-20", {"seven": False}),
        ([("passport", "P1"), ("passport", "P4")], "", "1990-05-20", {"one": False, "four": False}),
    ],
)
def test_who_is_meant(
    registry: EmbeddedRegistry, ids: list[tuple[str, str]], name: str, born: str, expected: dict[str, bool]
) -> None:
    """Each row is one line of the table in the embedded registry's README."""
    assert who(registry, ids, name, born) == expected


def test_sure_reports_come_first(registry: EmbeddedRegistry) -> None:
    """The order of a reply does not depend on where an entry was found."""
    assert list(who(registry, [("passport", "P1")], "Lin Zhou", "1990-05-20").values()) == [True, False, False, False]
