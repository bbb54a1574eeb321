"""The blind index over generations of its key."""

from pathlib import Path

import pytest

from gateway import vault
from gateway.vault import blind, keyfile

FIRST = b"i" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A key file without a further key of the index."""
    keyfile.create(tmp_path / "keys", [keyfile.new("kek", "main")])
    return tmp_path / "keys"


def test_a_stored_index_is_brought_on_without_its_value(file: Path) -> None:
    """What comes out is what the value gives under the new keys; twice changes nothing more."""
    vault.init({}, FIRST, file)
    first = vault.index("passport", "E1")
    keyfile.change(file, lambda lines: [*lines, keyfile.new("index", "2"), keyfile.new("index", "3")])
    third = vault.index("passport", "E1")
    assert (first[:2], third[:2]) == ("1:", "3:")
    assert blind.brought_on(first) == blind.brought_on(third) == third
    assert vault.indexes("passport", "E1")[::2] == (first, third)


def test_both_are_found_while_a_key_waits(file: Path) -> None:
    """A key that waits is looked up and not written with; so machines may get to know it one after the other."""
    vault.init({}, FIRST, file)
    keyfile.change(file, lambda lines: [*lines, keyfile.new("index", "2", waits=True)])
    assert vault.index("passport", "E1").startswith("1:")
    assert [each[:2] for each in vault.indexes("passport", "E1")] == ["1:", "2:"]
    elsewhere = vault.indexes("passport", "E1")[1]
    assert vault.fits(elsewhere, "passport", "E1")
    assert blind.brought_on(elsewhere) == elsewhere
    keyfile.change(file, lambda lines: keyfile.begun(lines, "index"))
    assert vault.index("passport", "E1") == elsewhere


def test_what_fits(file: Path) -> None:
    """The value, its kind and every generation that is known; nothing else."""
    vault.init({}, FIRST, file)
    first = vault.index("passport", "E1")
    keyfile.change(file, lambda lines: [*lines, keyfile.new("index", "2")])
    assert vault.fits(first, "passport", "E1")
    assert vault.fits(vault.index("passport", "E1"), "passport", "E1")
    for stored in (None, "", "x", "9:" + first[2:], "2:" + first[2:], vault.index("passport", "E2")):
        assert not vault.fits(stored, "passport", "E1")


@pytest.mark.parametrize("stored", ["", "all", "2:zz", "2:" + "0" * 64])
def test_an_index_of_no_key_is_not_brought_on(file: Path, stored: str) -> None:
    """What is no index, or of a key that is not here, is an error rather than nonsense."""
    vault.init({}, FIRST, file)
    with pytest.raises(LookupError):
        blind.brought_on(stored)


def test_either_key_alone_says_nothing(file: Path) -> None:
    """A row of the second generation depends on both keys."""
    keyfile.change(file, lambda lines: [*lines, keyfile.new("index", "2")])
    vault.init({}, FIRST, file)
    ours = vault.index("passport", "E1")
    vault.init({}, b"j" * 32, file)
    assert vault.index("passport", "E1") != ours
    keyfile.change(file, lambda lines: [*keyfile.without(lines, "index", "2"), keyfile.new("index", "2")])
    vault.init({}, FIRST, file)
    assert vault.index("passport", "E1") != ours
