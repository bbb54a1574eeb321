"""The README is true: its two commands, its settings, its words and its paths."""

import re
from pathlib import Path

from gateway.config.variables import VARIABLES
from policies.library import Library

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def settings_table() -> str:
    """The table of settings as the code has it."""
    rows = ["| Variable | What | Example | Default |", "|---|---|---|---|"]
    for one in VARIABLES:
        default = f"`{one.default}`" if one.default else "required" if one.required else ""
        rows.append(f"| `{one.name}` | {one.what} | `{one.example}` | {default} |")
    return "\n".join(rows)


def test_the_settings_are_those_of_the_code() -> None:
    """The table stands in the README as the code would print it."""
    found = re.search(r"<!-- settings -->\n(.*?)\n?<!-- /settings -->", README, re.S)
    assert found
    assert found[1] == settings_table()


def test_the_first_two_blocks_are_the_two_commands() -> None:
    """Plain lines: no prompt, comment, continuation or clone; the demo ends the first, the second runs the tests."""
    demo, tests = re.findall(r"^```sh\n(.*?)^```", README, re.S | re.M)[:2]
    assert README.index(demo) < README.index(tests) == README.index("```sh", README.index(tests) - 6) + 6
    assert demo.strip().splitlines()[-1].endswith("sealgate demo")
    assert tests.strip().splitlines()[-1].startswith(".venv/bin/python -m pytest")
    for line in (demo + tests).splitlines():
        assert line == line.strip()
        assert not re.search(r"^[$#>]|\\$|git clone|&&", line)


def test_its_pictures_are_there_and_small() -> None:
    """Each is a file of the repository, has words for who does not see it, and none is left over."""
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)
    assert sorted(path for _, path in shown) == sorted(
        f"tests/pages/{one.name}" for one in (ROOT / "tests/pages").glob("*.png")
    )
    for words, path in shown:
        assert len(words) > 20
        assert (ROOT / path).stat().st_size < 60_000


def test_the_paths_and_policies_it_names_exist() -> None:
    """Nothing is named that is not there."""
    for path in re.findall(r"`((?:gateway|connectors|policies|tests)/[\w./-]+)`", README):
        assert (ROOT / path).exists(), path
    for policy in Library.shipped().policies():
        assert f"`{policy}`" in README
