"""The kinds of fields that the record format has, each strict about what it takes (marshmallow)."""

from datetime import date
from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as ma

from policies import vocabulary
from policies.days import Duration


class Word(ma.Field[str]):
    """A word of one closed set."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        known = vocabulary.words(self.kind)
        if not isinstance(value, str):
            raise ValidationError("must be a word in quotes")
        if value not in known:
            raise ValidationError(f'"{value[:60]}" is not a known {self.kind}{vocabulary.nearest(value, known)}')
        return value


class Day(ma.Field[date]):
    """A day between the years 1800 and 2999."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            if not isinstance(value, str) or len(value) != 10:
                raise ValueError
            day = date.fromisoformat(value)
        except ValueError:
            raise ValidationError("must be a day such as 2015-05-20") from None
        # The calendar's two ends stand for "long ago" and "never"; no record may name them.
        if not 1800 <= day.year <= 2999:
            raise ValidationError("must be a day between the years 1800 and 2999")
        return day


class Length(ma.Field[Duration]):
    """An ISO 8601 duration."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Duration:
        try:
            return Duration.parse(value)
        except (ValueError, TypeError):
            raise ValidationError("must be a duration such as P22M, P1Y6M or P10D") from None


class Flag(ma.Field[bool]):
    """True or false, and nothing that looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Name(ma.Field[str]):
    """A short text of a registry's own."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if (
            not isinstance(value, str)
            or not 1 <= len(value) <= 200
            or any("\ud800" <= one <= "\udfff" for one in value)
        ):
            raise ValidationError("must be a text of 1 to 200 characters")
        return value


class Number(ma.Field[int]):
    """A whole number from 0 to `most`."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= self.most:
            raise ValidationError(f"must be a whole number from 0 to {self.most}")
        return value
