"""The forms that an institution's words about a person must have, as marshmallow fields and validators.

Messages say what would be right and never repeat the value: error bodies carry no personal data.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as ma

from gateway import clock

OLDEST_BIRTH = date(1900, 1, 1)

_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@(?:[^\s@,;:<>()\[\]\\\".]{1,63}\.){1,8}[^\s@,;:<>()\[\]\\\".]{2,63}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_SCRIPT = re.compile(r"[A-Z][a-z]{3}")


class Text(ma.String):
    """Printable text of a bounded length: no control characters, no lone surrogates, no direction overrides."""

    default_error_messages = {  # noqa: RUF012 - marshmallow collects them from the classes
        "invalid": "must be text",
        "empty": "must not be empty",
        "long": "must be at most {most} characters long",
        "unprintable": "must not contain control characters",
    }

    def __init__(self, most: int, **options: Any) -> None:
        options.setdefault("metadata", {}).update(minLength=1, maxLength=most)
        super().__init__(**options)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if len(value) > self.most:
            raise self.make_error("long", most=self.most)
        if any(unicodedata.category(c) in _REFUSED_CATEGORIES or c in _DIRECTION_CONTROLS for c in value):
            raise self.make_error("unprintable")
        if not value.strip():
            raise self.make_error("empty")
        return value


class BirthDay(ma.Date):
    """A day of birth written YYYY-MM-DD, from 1900 to today (UTC)."""

    default_error_messages = {  # noqa: RUF012 - marshmallow collects them from the classes
        "invalid": "must be a day such as 1990-04-23",
        "future": "must not be in the future",
        "long_ago": "must not be before 1900",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        # `date.fromisoformat` also reads 19900423 and 1990-W17-1, which people do not write.
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if day > clock.now().date():
            raise self.make_error("future")
        if day < OLDEST_BIRTH:
            raise self.make_error("long_ago")
        return day


def script(value: str) -> None:
    """Validate the code of a script (ISO 15924)."""
    if not _SCRIPT.fullmatch(value):
        raise ValidationError("must be the code of a script such as Hans or Latn (ISO 15924)")


def email(value: str) -> None:
    """Validate an address as far as its form goes; whether it is read is seen when a message arrives."""
    if not _EMAIL.fullmatch(value):
        raise ValidationError("must be an e-mail address")


def phone(value: str) -> None:
    """Validate a telephone number in its international form (ITU-T E.164)."""
    if not _PHONE.fullmatch(value):
        raise ValidationError("must be a telephone number with its country code, such as +8613800138000")


def _cn_resident_id(value: str) -> str | None:
    """GB 11643-1999: 17 digits, the day of birth among them, and a check character (ISO 7064 MOD 11-2)."""
    if len(value) != 18:
        return "does not have 18 characters"
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", value):
        return "must be 17 digits and a digit or X"
    if _day_of_birth(value) is None:
        return "holds no date in its digits 7 to 14"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(value[:17]))
    return None if "10X98765432"[total % 11] == value[17].upper() else "its check digit does not fit"


def _day_of_birth(cn_resident_id: str) -> date | None:
    try:
        return date.fromisoformat(f"{cn_resident_id[6:10]}-{cn_resident_id[10:12]}-{cn_resident_id[12:14]}")
    except ValueError:
        return None


def _nl_bsn(value: str) -> str | None:
    """The Dutch citizen service number: nine digits that pass the eleven test."""
    if not re.fullmatch(r"[0-9]{9}", value):
        return "does not have nine digits"
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(int(digit) * weight for digit, weight in zip(value, weights, strict=True))
    return None if total % 11 == 0 and value != "000000000" else "does not pass the eleven test"


def _us_ssn(value: str) -> str | None:
    """The Social Security number as the agency issues it: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    if not re.fullmatch(r"[0-9]{3}-?[0-9]{2}-?[0-9]{4}", value):
        return "does not have nine digits, as 123-45-6789"
    sound = re.fullmatch(r"(?!000|666|9)[0-9]{3}-?(?!00)[0-9]{2}-?(?!0000)[0-9]{4}", value)
    return None if sound else "has an area, group or serial number that is not issued"


def _gb_nino(value: str) -> str | None:
    """The National Insurance number (HMRC manual NIM39110)."""
    bare = value.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{6}[A-D]", bare):
        return "must be two letters, six digits and a letter from A to D"
    sound = re.match(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]", bare)
    return None if sound else "begins with letters that are not issued"


def _short(value: str) -> str | None:
    return None if len(value) <= 40 else "must be at most 40 characters long"


def holds_another_day(kind: str, value: str, born: date) -> bool:
    """Whether an identifier of this type (and of its form) says another day of birth than `born`."""
    return kind == "cn-resident-id" and _day_of_birth(value) != born


ID_TYPES: dict[str, Callable[[str], str | None]] = {
    "cn-resident-id": _cn_resident_id,
    "gb-nino": _gb_nino,
    "nl-bsn": _nl_bsn,
    "us-ssn": _us_ssn,
    "national-id": _short,
    "passport": _short,
    "residence-permit": _short,
    "driving-licence": _short,
}
"""The kinds of identifier that a check may carry, each with the test of its form as far as it is public.

A test says what is wrong, None when nothing is, and never repeats the value.
"""
