"""The forms that an institution's words about a person must have, as marshmallow fields and validators.

Messages say what would be right and never repeat the value: error bodies carry no personal data.
"""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as ma

from gateway import clock
from policies.days import Duration

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


class Term(ma.String):
    """A length of whole months or years, such as P3Y; read as months."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            length = Duration.parse(value)
        except (ValueError, TypeError):
            length = Duration(0, 0)
        if length.days or not length.months:
            raise ValidationError("must be a length of whole months or years, such as P3Y")
        return length.months


def in_our_years(moment: datetime) -> None:
    """Validate a moment: one that in UTC would be before the year 1 or after 9999 is none."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValidationError("must be a moment such as 2026-11-20T00:00:00Z") from None


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
