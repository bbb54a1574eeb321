"""The forms of an institution's words about a person."""

from datetime import UTC, date, datetime

import pytest
from marshmallow import ValidationError

from connectors.ids import ID_TYPES
from gateway import clock
from gateway.checks.forms import BirthDay, Text, email, phone, script

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "sound"),
    [
        ("cn-resident-id", "11010519491231002X", True),
        ("cn-resident-id", "11010519491231002x", True),
        ("cn-resident-id", "440524188001010014", True),
        ("cn-resident-id", "110105194912310021", False),
        ("cn-resident-id", "11010519491331002X", False),
        ("cn-resident-id", "1101051949123100", False),
        ("cn-resident-id", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", False),
        ("nl-bsn", "111222333", True),
        ("nl-bsn", "111222334", False),
        ("nl-bsn", "000000000", False),
        ("us-ssn", "078-05-1120", True),
        ("us-ssn", "666-05-1120", False),
        ("us-ssn", "078-00-1120", False),
        ("gb-nino", "AB 12 34 56 C", True),
        ("gb-nino", "QQ123456C", False),
        ("passport", "E12345678", True),
        ("passport", "E" * 41, False),
    ],
)
def test_identifiers_are_held_to_their_public_form(kind: str, value: str, sound: bool) -> None:
    """An identifier whose form is public knowledge is refused when it cannot be one."""
    assert (ID_TYPES[kind](value) is None) is sound


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("cn-resident-id", "1101051949123100", "does not have 18 characters"),
        ("cn-resident-id", "1101051949123100XX", "must be 17 digits and a digit or X"),
        ("cn-resident-id", "11010519491331002X", "holds no date in its digits 7 to 14"),
        ("cn-resident-id", "110105194912310021", "its check digit does not fit"),
        ("nl-bsn", "1112223", "does not have nine digits"),
        ("nl-bsn", "111222334", "does not pass the eleven test"),
        ("us-ssn", "78-05-1120", "does not have nine digits, as 123-45-6789"),
        ("us-ssn", "666-05-1120", "has an area, group or serial number that is not issued"),
        ("gb-nino", "AB123456", "must be two letters, six digits and a letter from A to D"),
        ("gb-nino", "QQ123456C", "begins with letters that are not issued"),
        ("passport", "E" * 41, "must be at most 40 characters long"),
    ],
)
def test_what_is_wrong_with_an_identifier_is_said(kind: str, value: str, problem: str) -> None:
    """Which rule it breaks, so that a typing error can be found."""
    assert ID_TYPES[kind](value) == problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("2026-11-21", "must not be in the future"),
        ("1899-12-31", "must not be before 1900"),
        ("19900423", "must be a day such as 1990-04-23"),
        ("1990-W17-1", "must be a day such as 1990-04-23"),
        ("1990-02-30", "must be a day such as 1990-04-23"),
        (19900423, "must be a day such as 1990-04-23"),
        ("１９９０-04-23", "must be a day such as 1990-04-23"),
    ],
)
def test_days_of_birth_that_cannot_be(value: object, problem: str) -> None:
    """A day of birth is written one way, and lies between 1900 and today."""
    with clock.stopped(NOW), pytest.raises(ValidationError, match=problem):
        BirthDay().deserialize(value)


def test_days_of_birth_at_the_ends() -> None:
    """The first day of 1900 and today itself are taken."""
    with clock.stopped(NOW):
        assert BirthDay().deserialize("1900-01-01") == date(1900, 1, 1)
        assert BirthDay().deserialize("2026-11-20") == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("王\u0000明", "control characters"),
        ("王\n明", "control characters"),
        ("a\u202eb", "control characters"),
        ("a\u2028b", "control characters"),
        ("\ud800", "control characters"),
        ("x" * 201, "at most 200 characters"),
        ("  ", "must not be empty"),
        ("", "must not be empty"),
        (7, "must be text"),
    ],
)
def test_texts_that_are_refused(value: object, problem: str) -> None:
    """Text is printable, bounded and not empty; the message does not repeat it."""
    with pytest.raises(ValidationError, match=problem) as refused:
        Text(200).deserialize(value)
    assert str(value).strip() == "" or str(value) not in str(refused.value)


def test_names_of_people_are_taken_as_they_are() -> None:
    """Joiners, apostrophes, middle dots and marks belong to names."""
    for name in ("阿卜杜拉·买买提", "O’Neill-Łukasz", "می‌خواهم", "Nguyễn Thị Ánh"):
        assert Text(200).deserialize(name) == name


def test_contacts_and_scripts() -> None:
    """Addresses, numbers and scripts have their forms; header injection has none."""
    for good in ("a@b.example", "wang.xiao-ming+jobs@mail.example"):
        email(good)
    phone("+8613800138000")
    script("Hans")
    refusals = [(email, bad) for bad in ("a@b", "a b@c.example", "a@b.example,c@d.example", "<a@b.example>")]
    refusals += [(phone, bad) for bad in ("13800138000", "+0138", "+86 138 0013 8000")]
    refusals += [(script, bad) for bad in ("hans", "Chinese", "Han")]
    for check, bad in refusals:
        with pytest.raises(ValidationError):
            check(bad)
