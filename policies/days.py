"""Days and lengths of time as statutes count them: calendar arithmetic, and days known only within bounds.

Lengths are ISO 8601 durations in whole years, months, weeks and days. Adding months clamps to the end of the
month (29 Feb + 1 year = 28 Feb; 31 Jan + 1 month = last of Feb).
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from policies.truth import Truth

NEVER = date.max
"""A day that does not come. Adding to it leaves it where it is."""

LONG_AGO = date.min
"""Before every day that a record can name: the lower bound of a day of which nothing is known."""

_FORM = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in calendar months and days, as sentences and periods are written."""

    months: int
    days: int

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read an ISO 8601 duration of whole years, months, weeks or days. Raises ValueError."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError("not a duration such as P22M, P1Y6M or P10D")
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        return cls(years * 12 + months, weeks * 7 + days)

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        parts = [f"{n}{unit}" for n, unit in ((years, "Y"), (months, "M"), (self.days, "D")) if n]
        return "P" + ("".join(parts) or "0D")

    def __add__(self, other: "Duration") -> "Duration":
        return Duration(self.months + other.months, self.days + other.days)

    def __mul__(self, times: int) -> "Duration":
        return Duration(self.months * times, self.days * times)

    def after(self, day: date) -> date:
        """The day this long after `day`; `NEVER` stays, and so does what lies past the calendar's end."""
        if day == NEVER:
            return NEVER
        try:
            return _plus_months(day, self.months) + timedelta(days=self.days)
        except (OverflowError, ValueError):
            return NEVER

    def before(self, day: date) -> date:
        """The earliest day from which this length reaches `day`, or `LONG_AGO` where the calendar ends."""
        if day in (NEVER, LONG_AGO):
            return day
        try:
            return _plus_months(day - timedelta(days=self.days), -self.months)
        except (OverflowError, ValueError):
            return LONG_AGO

    def bounds(self) -> tuple[int, int]:
        """The fewest and the most days that this length can be, over all days it could start on."""
        low, high = _month_bounds(self.months)
        return low + self.days, high + self.days


ZERO = Duration(0, 0)

ENDLESS = Duration(12 * 5000, 0)
"""Longer than every length that a law or a sentence names: the length of a term without an end."""


def _plus_months(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last))


@lru_cache(maxsize=4096)
def _month_bounds(months: int) -> tuple[int, int]:
    if months == 0:
        return 0, 0
    # Month ends clamp, so the extremes lie at starts near the ends of months; eight years round a common
    # and an uncommon century hold every pattern of leap days.
    starts = [date(y, 1, 1) + timedelta(days=d) for y in (*range(1896, 1905), *range(1996, 2005)) for d in range(366)]
    spans = [(_plus_months(start, months) - start).days for start in starts]
    return min(spans), max(spans)


def longer(first: Duration, second: Duration, start: date | None) -> Truth:
    """Is `first` longer than `second`, both counted from `start`? Unknown where only a start would settle it."""
    if start is not None:
        return first.after(start) > second.after(start)
    if first.months == second.months:
        return first.days > second.days
    (first_low, first_high), (second_low, second_high) = first.bounds(), second.bounds()
    if first_low > second_high:
        return True
    return False if first_high <= second_low else None


@dataclass(frozen=True, slots=True)
class Span:
    """A day of which only bounds are known: it is `earliest`, `latest`, or any day between."""

    earliest: date
    latest: date

    @classmethod
    def on(cls, day: date) -> "Span":
        """A day that is known."""
        return cls(day, day)

    @property
    def day(self) -> date | None:
        """The day, where the bounds leave one and it comes at all; else `None`."""
        return self.earliest if self.earliest == self.latest and self.earliest not in (NEVER, LONG_AGO) else None

    @property
    def never(self) -> bool:
        """Does the day surely not come?"""
        return self.earliest == NEVER

    def plus(self, length: Duration) -> "Span":
        """The day that lies `length` after."""
        return Span(length.after(self.earliest) if self.earliest != LONG_AGO else LONG_AGO, length.after(self.latest))

    def reached(self, day: date) -> Truth:
        """Has this day come by `day`?"""
        if self.latest <= day:
            return True
        return None if self.earliest <= day else False

    def or_later(self, other: "Span") -> "Span":
        """The later of two days."""
        return Span(max(self.earliest, other.earliest), max(self.latest, other.latest))

    def or_earlier(self, other: "Span") -> "Span":
        """The earlier of two days."""
        return Span(min(self.earliest, other.earliest), min(self.latest, other.latest))

    def either(self, other: "Span") -> "Span":
        """One of two days, it is not known which."""
        return Span(min(self.earliest, other.earliest), max(self.latest, other.latest))

    def before(self, other: "Span") -> Truth:
        """Does this day come before the other?"""
        if self.latest < other.earliest:
            return True
        return None if self.earliest < other.latest else False

    def moved_to(self, other: "Span", surely: bool) -> "Span":
        """The later of two days, where something moves this one; unless that is sure, it may also stay."""
        later = self.or_later(other)
        return later if surely else Span(self.earliest, later.latest)


ANY_DAY = Span(LONG_AGO, NEVER)
NO_DAY = Span(NEVER, NEVER)
LONG_SINCE = Span(LONG_AGO, LONG_AGO)
"""A day so long past that it delays nothing."""
