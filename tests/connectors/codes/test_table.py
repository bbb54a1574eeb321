"""Code tables say our words, or are refused."""

from importlib.resources import files
from pathlib import Path

import pytest

from connectors.codes.table import NO_CODES, CodeTableError, parse, read, shipped
from policies import vocabulary


def test_every_shipped_table_says_words_of_the_vocabulary() -> None:
    """A word that is not in the closed vocabulary cannot be shipped."""
    names = [
        each.name.removesuffix(".toml") for each in files("connectors.codes").iterdir() if each.name.endswith(".toml")
    ]
    assert "cn-sample" in names
    for name in names:
        for kind, codes in shipped(name).words.items():
            assert set(codes.values()) <= set(vocabulary.words(kind)), (name, kind)


def test_a_code_has_the_word_that_the_table_gives() -> None:
    """And a code that the table does not know has none, though it be spelled like a word of ours."""
    table = shipped("cn-sample")
    assert table.word("offence", "ZA-84-1") == "drugs.use"
    assert table.word("offence", "ZA-99") is None
    assert table.word("offence", "drugs.use") is None


def test_without_a_table_only_our_own_words_are_words() -> None:
    """A source that writes the record format needs no table."""
    assert NO_CODES.word("offence", "drugs.use") == "drugs.use"
    assert NO_CODES.word("offence", "drugs.usage") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[offence]\nX = { word = "drugs.usage", label = "x" }', r't.toml, offence."X": "drugs.usage" is not a known'),
        ('[sentence]\nX = { word = "jail", label = "x" }', r't.toml, sentence."X": "jail" is not a known'),
        ('[trait]\nX = { word = "bad", label = "x" }', r't.toml, trait."X": "bad" is not a known'),
        ('[substance]\nX = { word = "tea", label = "x" }', r't.toml, substance."X": "tea" is not a known'),
        ('[offence]\nX = { word = "drugs.use" }', r't.toml, offence."X": needs a word and a label'),
        ("offence = 3", "t.toml, offence: must be a table of codes"),
        ('[offense]\nX = { word = "drugs.use", label = "x" }', "t.toml, offense: is not a setting or a set of words"),
        ('own_words = "yes"', "t.toml, own_words: must be a bool"),
        ("[offence", "t.toml: is not TOML"),
        ("", "t.toml: is empty: it has no code, and does not say own_words = true"),
        ("own_words = false\n[offence]\n[kind]", "t.toml: is empty"),
        (
            'own_words = true\nsingle = ["bsn"]',
            "t.toml, single: is a list of types of identifier; there are cn-resident",
        ),
        ("own_words = true\nsingle = [[]]", "t.toml, single: is a list of types of identifier"),
    ],
)
def test_a_wrong_table_is_refused_by_place(text: str, message: str) -> None:
    """The message names the file, the place and what is wrong there."""
    with pytest.raises(CodeTableError, match=f"^{message}"):
        parse(text, "t.toml")


def test_a_table_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    """No code table is ever taken to be empty."""
    with pytest.raises(CodeTableError, match=r"^there is no code table nope; there are cn-sample, record-format$"):
        shipped("nope")
    with pytest.raises(CodeTableError, match="there is no code table"):
        shipped("../codes/cn-sample")
    with pytest.raises(CodeTableError, match="cannot be read: No such file"):
        read(tmp_path / "t.toml")
    (tmp_path / "t.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CodeTableError, match="not text in UTF-8"):
        read(tmp_path / "t.toml")
