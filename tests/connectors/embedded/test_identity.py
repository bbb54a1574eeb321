"""Which spellings meet."""

from datetime import date

import pytest

from connectors.embedded import read_key
from connectors.embedded.identity import Keys

KEYS = Keys.derive(b"k" * 32, b"salt")
BORN = date(1990, 5, 20)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zhang Xiao-Ming", "xiaoming zhang"), ("José O'Brien", "Jose Obrien"), ("王 伟", "王伟"), ("ＡＢＣ", "abc")],
)
def test_spellings_of_one_name_meet(one: str, other: str) -> None:
    """Order, case, accents, spaces and signs make no other name."""
    assert KEYS.of_name(one, BORN) == KEYS.of_name(other, BORN)


def test_other_names_and_other_days_do_not_meet() -> None:
    """A letter more, or another birth date, is another person."""
    assert KEYS.of_name("王伟", BORN) != KEYS.of_name("王伟伟", BORN)
    assert KEYS.of_name("王伟", BORN) != KEYS.of_name("王伟", date(1990, 5, 21))


@pytest.mark.parametrize(
    "spelling", ["11010119900307777x", "110101 19900307 777X", "110101-19900307-777X", "１１０１０１19900307777X"]
)
def test_spellings_of_one_number_meet(spelling: str) -> None:
    """Case, spaces, hyphens and full-width digits make no other number; another type does."""
    assert KEYS.of_id("cn-resident-id", spelling) == KEYS.of_id("CN-Resident-ID", "11010119900307777X")
    assert KEYS.of_id("passport", spelling) != KEYS.of_id("cn-resident-id", spelling)


def test_another_file_has_other_indexes() -> None:
    """Two files built with one key cannot be laid side by side."""
    assert Keys.derive(b"k" * 32, b"other").of_name("王伟", BORN) != KEYS.of_name("王伟", BORN)


@pytest.mark.parametrize("text", ["", "abc", "!" * 43, "A" * 42, "A" * 60])
def test_a_key_that_is_no_key_is_refused_without_being_shown(text: str) -> None:
    """The message says what a key looks like."""
    with pytest.raises(ValueError, match=r"^must be 32 bytes in base64url$"):
        read_key(text)
