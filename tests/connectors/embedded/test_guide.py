"""The guide beside the embedded registry can be followed word by word, and leaves nothing out."""

import base64
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from connectors import shelf
from connectors.base import Id, Name, Query
from connectors.codes.table import SETS, parse, shipped
from connectors.embedded import build
from connectors.embedded.columns import COLUMNS
from connectors.ids import ID_TYPES

KEY = bytes(range(32))
GUIDE = files("connectors.embedded").joinpath("README.md").read_text("utf-8")


def block(language: str, place: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)[place]


def test_its_example_becomes_a_registry_that_answers(tmp_path: Path) -> None:
    """The three lines, the code table, the block of registries.toml."""
    (tmp_path / "people.csv").write_text(block("csv"))
    codes = shipped("record-format")
    report = build(tmp_path / "people.csv", tmp_path / "police.sqlite", KEY, codes, lambda done, total: None)
    assert (report.people, report.entries, report.unknown, report.not_valid) == (2, 1, (), ())
    (tmp_path / "registries.toml").write_text(block("toml"))
    environ = {"SEALGATE_REGISTRY_KEY": base64.urlsafe_b64encode(KEY).decode()}
    police = shelf.load(tmp_path / "registries.toml", environ)["police"]
    lin = (Id("cn-resident-id", "999999199204174563"),)
    (found,) = police.ask(Query((Name("林晓舟"),), date(1992, 4, 17), lin, "hiring", "con_a", "cn/x")).reports
    assert (found.entry.offence, found.sure) == ("drugs.use", True)


def test_its_code_table_is_one() -> None:
    """The rows to begin a table of one's own with."""
    assert parse(block("toml", 1), "own.toml").word("offence", "ZA-84-1") == "drugs.use"


@pytest.mark.parametrize("word", [*COLUMNS, *ID_TYPES, *SETS])
def test_it_names_everything_that_may_be_written(word: str) -> None:
    """Every column, every type of identifier, every set of codes."""
    assert f"`{word}`" in GUIDE
