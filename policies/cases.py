"""An entry as it is seen on a day: its dates within bounds, its sentences, and the clocks that laws count from.

An unknown day still has bounds: act ≤ decision ≤ start ≤ release ≤ start + length (unless revoked). An entry that
counts at all was decided by the day asked about.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from policies import sentences
from policies.days import ANY_DAY, ENDLESS, LONG_AGO, LONG_SINCE, NEVER, NO_DAY, ZERO, Duration, Span
from policies.model import Entry, Sentence
from policies.vocabulary import meaning

ENTRY_CLOCKS = ("act", "decision", "ended", "set-aside", "clean")
"""Clocks of the entry: the act, the decision, the day it stopped having effect; that day or, unknown, the decision;
the day since which a person has been clean of drugs."""

SENTENCE_CLOCKS = (
    *("start", "release", "release-or-decision", "term-end", "end", "shown-end", "completion", "cease", "revocation"),
)
"""Clocks of a sentence. `release-or-decision` is the release from custody, and the decision for what is no custody;
`term-end` is start + length as imposed (consecutive terms of a proceeding together); `end` is completion, else the
last day of supervision, else the term's end; `shown-end` is the end that the register shows, and nothing delays
where it shows none; `cease` is when an order without a fixed end stopped, as things stand."""

PLUS = ("length", "custody")
"""What a period may be lengthened by: the sentence as imposed, or the time spent in custody for it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One sentence of an entry; or none where the entry has none (`known`) or where that is not known.

    `total` is the length for the bands of a law that adds up consecutive terms, `total_start` its first day.
    """

    sentence: Sentence | None
    known: bool = True
    total: Duration | None = None
    total_start: date | None = None
    total_end: Span = NO_DAY


class Case:
    """One entry on one day."""

    __slots__ = ("act", "born", "day", "decision", "entry", "slots")

    def __init__(self, entry: Entry, day: date, born: date | None, slots: tuple[Slot, ...] | None = None) -> None:
        self.entry = entry
        self.day = day
        self.born = born
        self.decision = _decision(entry, day)
        self.act = Span.on(entry.acted_on) if entry.acted_on else Span(LONG_AGO, self.decision.latest)
        self.slots = _slots(entry, self.decision) if slots is None else slots

    def clock(self, name: str, slot: Slot) -> Span:
        """The day that the clock `name` counts from, as things stand."""
        if name == "act":
            return self.act
        if name == "decision":
            return self.decision
        if name == "ended":
            return Span.on(self.entry.ended_on or NEVER)
        if name == "set-aside":
            return Span.on(self.entry.ended_on) if self.entry.ended_on else self.decision
        if name == "clean":
            since = self.entry.drug.clean_since if self.entry.drug else None
            return Span.on(since) if since else ANY_DAY
        if slot.sentence is None:
            if slot.known:
                return {"release-or-decision": self.decision, "shown-end": LONG_SINCE}.get(name, NO_DAY)
            return Span(self.decision.earliest, NEVER)
        return self._sentence_clock(name, slot, slot.sentence)

    def birth(self) -> Span:
        """The day of birth within the bounds that the record gives: the day itself, or the ages on known days."""
        if self.born:
            return Span.on(self.born)
        earliest, latest = LONG_AGO, NEVER
        entry = self.entry
        for age, day in ((entry.age_at_act, entry.acted_on), (entry.age_at_decision, entry.decided_on)):
            if age is not None and day is not None:
                earliest = max(earliest, Duration(12 * (age + 1), 0).before(day) + timedelta(days=1))
                latest = min(latest, Duration(12 * age, 0).before(day))
        return Span(earliest, latest)

    def latest(self, name: str) -> Span:
        """The latest day that the clock `name` has over the sentences."""
        days = [self.clock(name, slot) for slot in self.slots]
        return Span(max(day.earliest for day in days), max(day.latest for day in days))

    def _sentence_clock(self, name: str, slot: Slot, sentence: Sentence) -> Span:
        match name:
            case "start":
                return sentences.start_of(sentence, self.decision)
            case "release":
                return sentences.release_of(sentence, self.decision)
            case "release-or-decision":
                return (
                    sentences.release_of(sentence, self.decision) if sentences.in_custody(sentence) else self.decision
                )
            case "term-end":
                return slot.total_end
            case "end":
                return sentences.end_of(sentence, self.decision, self.day)
            case "shown-end":
                return sentences.shown_end_of(sentence)
            case "completion":
                return sentences.completion_of(sentence, self.decision, self.day)
            case "cease":
                ended = (sentence.completed_on, sentence.revoked_on, self.entry.ended_on)
                return Span.on(min((day for day in ended if day), default=NEVER))
        return Span.on(sentence.revoked_on or NEVER)


def decided_by(entry: Entry, day: date) -> bool:
    """Is the entry there on `day`? One decided or acted later is not; one with no date is."""
    return (entry.decided_on or day) <= day and (entry.acted_on or day) <= day


def _decision(entry: Entry, day: date) -> Span:
    if entry.decided_on:
        return Span.on(entry.decided_on)
    later = [day]
    for sentence in entry.sentences or ():
        known = (sentence.started_on, sentence.released_on, sentence.completed_on)
        later.extend(found for found in known if found)
    latest = min(later)
    return Span(min(entry.acted_on or LONG_AGO, latest), latest)


def _slots(entry: Entry, decision: Span) -> tuple[Slot, ...]:
    if entry.sentences is None:
        return (Slot(None, known=False),)
    alone = tuple(
        Slot(one, True, one.length, one.started_on, sentences.term_end(one, decision)) for one in entry.sentences
    )
    return alone or (Slot(None),)


def lengthened(day: Span, plus: str | None, slot: Slot) -> Span:
    """The day moved by what a period is lengthened by: one of `PLUS`, or nothing."""
    sentence = slot.sentence
    if plus is None or (sentence is None and slot.known):
        return day
    if sentence is None:
        return Span(day.earliest, NEVER)
    if plus == "custody":
        return sentences.lengthened_by_custody(day, sentence)
    if sentence.indefinite or sentence.kind in meaning("endless"):
        return NO_DAY
    if slot.total == ENDLESS:
        return NO_DAY
    if slot.total is None:
        return Span(day.earliest, NEVER) if sentence.kind in meaning("custody") else day
    return day.plus(slot.total)


def cases_of(entries: Sequence[Entry], day: date, born: date | None, combined: Iterable[str]) -> list[Case]:
    """The entries as cases. Terms of the sentence kinds in `combined` that belong to one proceeding count as one.

    A term marked `consecutive` is added to the others of its proceeding; the others run beside each other.
    """
    kinds = frozenset(combined)
    cases = [Case(entry, day, born) for entry in entries]
    groups: dict[tuple[str, str], list[Case]] = {}
    for number, case in enumerate(cases):
        name = case.entry.proceeding
        groups.setdefault((case.entry.jurisdiction, name if name is not None else f"\0{number}"), []).append(case)
    for group in groups.values():
        terms = [
            (case, slot)
            for case in group
            for slot in case.slots
            if slot.sentence and slot.sentence.kind in kinds and _stands(case.entry)
        ]
        if len(terms) > 1:
            _combine(group, terms, kinds)
    return cases


def _stands(entry: Entry) -> bool:
    return entry.disposition not in meaning("never_counted")


def _combine(group: list[Case], terms: list[tuple[Case, Slot]], kinds: frozenset[str]) -> None:
    sentences = [slot.sentence for _, slot in terms if slot.sentence]
    total = _total(sentences)
    beside = [sentence.started_on for sentence in sentences if not sentence.consecutive]
    first = min((start for start in beside if start), default=None) if all(beside) else None
    end = _combined_end(terms)
    for case in group:
        case.slots = tuple(
            Slot(slot.sentence, True, total, first, end) if (case, slot) in terms else slot for slot in case.slots
        )


def _combined_end(terms: list[tuple[Case, Slot]]) -> Span:
    """The end of terms that count as one: the consecutive ones run after the last of the others."""
    end = Span(LONG_AGO, LONG_AGO)
    beside: Span | None = None
    start = NO_DAY
    lengths = ZERO
    for case, slot in terms:
        sentence = slot.sentence
        assert sentence is not None  # noqa: S101 - only slots with a sentence are terms
        if sentence.started_on or not sentence.consecutive:  # without a start it begins where the others end
            end = end.or_later(slot.total_end)
        start = start.or_earlier(sentences.start_of(sentence, case.decision))
        if sentence.consecutive:
            lengths = lengths + (sentence.length or ZERO)
        else:
            beside = slot.total_end if beside is None else beside.or_later(slot.total_end)
    return end.or_later((beside or start).plus(lengths))


def _total(terms: list[Sentence]) -> Duration | None:
    if any(one.kind in meaning("endless") for one in terms):
        return ENDLESS
    if any(one.length is None for one in terms):
        return None
    beside = [one.length for one in terms if one.length and not one.consecutive]
    total = max(beside, key=lambda length: length.bounds(), default=ZERO)
    for one in terms:
        if one.consecutive and one.length:
            total = total + one.length
    return total
