"""Dimensions: what the conditions in play tell apart, and one value for each region that they tell apart.

A condition is a conjunction of memberships, thresholds, flags and look-backs, each about one fact. The facts that no
condition mentions are left at their usual value; of the others, two values that every condition answers alike are one
region, and one of them stands for it. For a threshold the values just inside, at and just outside it are tried, for a
look-back the days around its boundary.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from typing import Any

from policies import limits, vocabulary
from policies.analysis import usual
from policies.cases import ENTRY_CLOCKS, SENTENCE_CLOCKS
from policies.days import Duration

Facts = dict[str, Any]
"""What is set of a matter, by dimension; a dimension that is not there has its usual value."""

WORDS = ("grade", "substance", "addiction", "conduct")
NUMBERS = ("age_at_act", "age_at_decision", "age", "day_units")
FLAGS = ("suspended", "endorsed", "revoked", "outstanding")
CLOCKS = tuple(clock for clock in (*ENTRY_CLOCKS, *SENTENCE_CLOCKS) if clock != "set-aside")
OF_SENTENCE = ("sentence", "length", "term", "day_units", *FLAGS, *SENTENCE_CLOCKS)
"""Dimensions that say something only of a matter with a sentence."""

_MAY_NOT_COME = ("ended", "completion", "cease", "revocation")
_MAY_COME_LATER = ("release", "term-end", "end", "shown-end", "completion")
_AFTER_START = tuple(clock for clock in SENTENCE_CLOCKS if clock not in ("start", "release-or-decision"))
_OF_PLACES = ("kind", "offence", "except_offence", "disposition", "points")
_DIMENSION = {
    "clean_for": "clean",
    "running": "ended",
    "with_sentence": "sentence",
    "combined": "length",
    "shown_outstanding": "outstanding",
}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that a condition asks: of which dimension, by which key, and what."""

    dimension: str
    key: str
    value: Any

    def met(self, value: Any, day: date) -> tuple[bool, ...]:
        """Is it met by this value of the dimension? More than one answer where the document's `boundary` matters."""
        if self.key == "within":
            return self._within(value, day)
        if self.key == "clean_for":
            reached = {limit: _duration(text).after(value) for limit, text in self.value.items()}
            return (limits.between_days(day, reached),)
        if self.key == "running":
            return ((value is None or value > day) is self.value,)
        if self.key in ("sentence", "with_sentence"):
            return (any(kind in self.value for kind in value),)
        if self.key in ("length", "combined"):
            bounds = {limit: _duration(text) for limit, text in self.value.items()}
            return (limits.length_between(value, bounds, day) is True,)
        if self.key == "traits":
            return (set(self.value) <= value,)
        if self.dimension in NUMBERS:
            return (limits.between(value, self.value),)
        return (value is self.value if self.dimension in FLAGS else value in self.value,)

    def _within(self, value: date | None, day: date) -> tuple[bool, ...]:
        if value is None:
            return (True, True)
        ends = [period.after(value) for period in _periods(self.value)]
        return tuple(end + grace > day for end in ends for grace in (timedelta(0), _DAY))


@cache
def _duration(text: str) -> Duration:
    return Duration.parse(text)


def wants_of(says: Mapping[str, Any]) -> Iterator[Want]:
    """What a condition asks of the facts, beside the words that decide which places it lets in."""
    for key, value in says.items():
        if key == "within":
            clock = "ended" if value["clock"] == "set-aside" else value["clock"]
            yield Want(clock, key, value)
        elif key not in _OF_PLACES:
            yield Want(_DIMENSION.get(key, key), key, value)


def moment(clock: str, period: Duration) -> Want:
    """The look-back that ends when a rule of sealing takes effect, as a condition would say it."""
    return Want("ended" if clock == "set-aside" else clock, "within", {"clock": clock, "period": str(period)})


def around(want: Want, day: date) -> tuple[date, date]:
    """The last day of a clock whose look-back is over on `day`, and the first whose look-back still runs."""
    period = _periods(want.value)[-1]
    last = period.before(day)
    while period.after(last) > day:
        last -= _DAY
    while period.after(last + _DAY) <= day:
        last += _DAY
    return last, last + _DAY


def _periods(within: Mapping[str, Any]) -> list[Duration]:
    """The look-back; where the sentence lengthens it, both without and with a usual one."""
    period = _duration(within["period"])
    return [period, period + usual.length()] if "plus" in within else [period]


def region(wants: Sequence[Want], value: Any, day: date) -> tuple[Any, ...]:
    """How the wants of a dimension are answered by one of its values: values answered alike are one region."""
    return tuple(want.met(value, day) for want in wants)


def regions(dimension: str, wants: Sequence[Want], day: date) -> list[Any]:
    """One value for each region of a dimension that the wants tell apart, the most usual first."""
    found: dict[tuple[Any, ...], Any] = {}
    for value in _candidates(dimension, wants, day):
        found.setdefault(region(wants, value, day), value)
    return list(found.values())


def sentences(wants: Sequence[Want], law: Sequence[Want], day: date) -> list[list[tuple[str, ...]]]:
    """The sentences that a matter may have: for each region that the wants tell apart, one of each class that the law
    tells apart besides; and of what the wants name, any two together."""
    found: dict[tuple[Any, ...], list[tuple[str, ...]]] = {}
    for value in _sentences([*wants, *law]):
        found.setdefault(region(wants, value, day), []).append(value)
    named = [value[0] for value in _sentences(wants) if value and any(value[0] in want.value for want in wants)]
    for pair in combinations(named, 2):
        found.setdefault(region(wants, pair, day), [pair])
    return list(found.values())


def meeting(want: Want, day: date) -> Any:
    """A value that meets a want; None where none was found."""
    return next((value for value in _candidates(want.dimension, [want], day) if all(want.met(value, day))), None)


def _candidates(dimension: str, wants: Sequence[Want], day: date) -> Iterable[Any]:
    if dimension in CLOCKS:
        return _dates(dimension, wants, day)
    if dimension in WORDS:
        return (usual.fact(dimension), *(word for want in wants for word in want.value))
    if dimension in NUMBERS:
        return _numbers(dimension, wants)
    return _OTHER[dimension](wants)


def _dates(clock: str, wants: Sequence[Want], day: date) -> Iterator[date | None]:
    if clock in _MAY_NOT_COME:
        yield None
    for when in usual.days_before(day):
        later = usual.length().after(when) if clock in _AFTER_START else when
        yield min(later, day)
    for want in wants:
        if want.key == "within":
            for one in around(want, day):
                for near in (one, one - _DAY, one + _DAY):
                    if near <= day or clock in _MAY_COME_LATER:
                        yield near
        if want.key == "clean_for":
            for text in want.value.values():
                last = _duration(text).before(day)
                yield from (last - _DAY, last, last + _DAY)


def _numbers(dimension: str, wants: Sequence[Want]) -> Iterator[int]:
    yield usual.fact("day_units" if dimension == "day_units" else "age")
    for want in wants:
        for limit in want.value.values():
            yield from (number for number in (limit, limit - 1, limit + 1) if number >= 0)


def _lengths(wants: Sequence[Want]) -> Iterator[Duration]:
    yield usual.length()
    for want in wants:
        for text in want.value.values():
            limit = _duration(text)
            yield limit
            yield limit + Duration(0, 1)
            if limit.days:
                yield Duration(limit.months, limit.days - 1)
            elif limit.months:
                yield Duration(limit.months - 1, 0)


def _traits(wants: Sequence[Want]) -> Iterator[frozenset[str]]:
    yield frozenset()
    sets = [frozenset(want.value) for want in wants]
    for number in range(1, min(len(sets), 3) + 1):
        for some in combinations(sets, number):
            yield frozenset[str]().union(*some)
    yield frozenset[str]().union(*sets)


def _sentences(wants: Sequence[Want]) -> Iterator[tuple[str, ...]]:
    """None, one word of each class that the wants tell apart, and one outside."""
    yield ()
    classes: dict[tuple[bool, ...], str] = {}
    for word in vocabulary.words("sentence"):
        classes.setdefault(tuple(word in want.value for want in wants), word)
    yield from ((word,) for word in classes.values())


_OTHER: dict[str, Callable[[Sequence[Want]], Iterable[Any]]] = {
    "length": _lengths,
    "traits": _traits,
    "sentence": _sentences,
    "term": lambda _: ("fixed", "indefinite", "none"),
    **dict.fromkeys(FLAGS, lambda _: (False, True)),
}
