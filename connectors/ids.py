"""The types of identifier that a person may be known by, each with the test of its form as far as it is public.

One list for both sides: a check that carries another type is refused, and so is a line of a registry's source. An
identifier under a type that no check can carry would never be asked for, and its person would look clean.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date


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


ID_TYPES: Mapping[str, Callable[[str], str | None]] = {
    "cn-resident-id": _cn_resident_id,
    "gb-nino": _gb_nino,
    "nl-bsn": _nl_bsn,
    "us-ssn": _us_ssn,
    "national-id": _short,
    "passport": _short,
    "residence-permit": _short,
    "driving-licence": _short,
}
"""Every type, with the test of its form: what is wrong, in words and without the value, or None."""


def holds_another_day(kind: str, value: str, born: date) -> bool:
    """Whether an identifier of this type (and of its form) says another day of birth than `born`."""
    return kind == "cn-resident-id" and _day_of_birth(value) != born
