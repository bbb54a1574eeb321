"""The types of identifier that a person may be known by, each with the test of its form as far as it is public.

One list for both sides: a check that carries another type is refused, and so is a line of a registry's source. An
identifier under a type that no check can carry would never be asked for, and its person would look clean.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date


def _cn_resident_id(value: str) -> bool:
    """GB 11643-1999: 17 digits, the day of birth among them, and a check character (ISO 7064 MOD 11-2)."""
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", value):
        return False
    try:
        date.fromisoformat(f"{value[6:10]}-{value[10:12]}-{value[12:14]}")
    except ValueError:
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(value[:17]))
    return "10X98765432"[total % 11] == value[17].upper()


def _nl_bsn(value: str) -> bool:
    """The Dutch citizen service number: nine digits that pass the eleven test."""
    if not re.fullmatch(r"[0-9]{9}", value) or value == "000000000":
        return False
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(int(digit) * weight for digit, weight in zip(value, weights, strict=True)) % 11 == 0


def _us_ssn(value: str) -> bool:
    """The Social Security number as the agency issues it: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    return re.fullmatch(r"(?!000|666|9)[0-9]{3}-?(?!00)[0-9]{2}-?(?!0000)[0-9]{4}", value) is not None


def _gb_nino(value: str) -> bool:
    """The National Insurance number (HMRC manual NIM39110)."""
    pattern = r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]"
    return re.fullmatch(pattern, value.replace(" ", "").upper()) is not None


def _short(value: str) -> bool:
    return len(value) <= 40


ID_TYPES: Mapping[str, Callable[[str], bool]] = {
    "cn-resident-id": _cn_resident_id,
    "gb-nino": _gb_nino,
    "nl-bsn": _nl_bsn,
    "us-ssn": _us_ssn,
    "national-id": _short,
    "passport": _short,
    "residence-permit": _short,
    "driving-licence": _short,
}
"""Every type, with the test: could a value of this type look like this?"""
