"""What the viewer of the demonstration sees, in a wide and in a narrow terminal."""

import io
from datetime import date

import pytest
from rich.console import Console

from gateway.demo import show
from gateway.demo.cast import load
from gateway.demo.law import Opinion
from gateway.demo.story import Told

DAY = date(2026, 11, 20)
ON_FILE = "Drug use: administrative penalty, 2019 (sealed)"


def seen(width: int) -> str:
    cast = load()
    checks = [
        Told(one, "chk_x", Opinion((ON_FILE,), "ineligible", ("Law art. 44(1)",)), one.expect)
        for one in cast.checks[:3]
    ]
    console = Console(file=io.StringIO(), width=width)
    console.print(show.told(checks, cast, DAY, console.width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 99])
def test_a_narrow_terminal_gets_a_list(width: int) -> None:
    """A person stands there once, with all who asked, in few lines and without the story."""
    text = seen(width)
    assert text.count("Lin Xiaozhou") == 1
    assert text.count("on file (you only)") == 1
    assert [text.count(answer) for answer in ("carer: no", "driver: no", "driver: yes")] == [1, 1, 1]
    assert "enquire" not in text
    assert "┃" not in text
    assert len(text.splitlines()) <= 12


def test_a_wide_terminal_gets_the_table_with_the_story() -> None:
    """From a hundred columns on."""
    text = seen(100)
    assert "┃" in text
    assert "enquire" in text
    assert text.count("Lin Xiaozhou") == 3
