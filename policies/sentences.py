"""The days of a sentence, within the bounds that the record gives: its start, its release, its end.

act ≤ decision ≤ start ≤ release ≤ start + length, unless it was revoked.
"""

from datetime import date

from policies.days import LONG_AGO, NEVER, NO_DAY, Duration, Span
from policies.model import Sentence
from policies.truth import Truth
from policies.vocabulary import meaning


def start_of(sentence: Sentence, decision: Span) -> Span:
    """The first day of a sentence: on or after the decision, on or before the release."""
    if sentence.started_on:
        return Span.on(sentence.started_on)
    released, earliest = sentence.released_on, max(decision.earliest, sentence.decided_on or LONG_AGO)
    if released is None:
        return Span(earliest, NEVER)
    if sentence.length and not sentence.revoked_on:
        earliest = max(earliest, sentence.length.before(released))
    return Span(min(earliest, released), released)


def term_end(sentence: Sentence, decision: Span) -> Span:
    """Start + length as imposed; never when indefinite; anything from the start on when the length is not known."""
    if sentence.indefinite or sentence.kind in meaning("endless"):
        return NO_DAY
    start = start_of(sentence, decision)
    return start.plus(sentence.length) if sentence.length else Span(start.earliest, NEVER)


def release_of(sentence: Sentence, decision: Span) -> Span:
    """The release from it: between its first day and its term's end, or its completion where that is known."""
    if sentence.released_on:
        return Span.on(sentence.released_on)
    latest = NEVER if sentence.revoked_on else term_end(sentence, decision).latest
    latest = min(latest, sentence.completed_on or NEVER)
    return Span(min(start_of(sentence, decision).earliest, latest), latest)


def in_custody(sentence: Sentence) -> bool:
    """Is it served in custody? Not where it is suspended and that was not revoked."""
    return sentence.kind in meaning("custody") and (not sentence.suspended or sentence.revoked_on is not None)


def lengthened_by_custody(day: Span, sentence: Sentence) -> Span:
    """The day moved by the time spent in custody, from the first day to the release."""
    if not in_custody(sentence):
        return day
    start, release, length = sentence.started_on, sentence.released_on, sentence.length
    if start and release:
        served_whole = length is not None and length.after(start) == release
        return day.plus(length if served_whole and length else Duration(0, (release - start).days))
    if length is None or sentence.revoked_on or sentence.indefinite or sentence.kind in meaning("endless"):
        return Span(day.earliest, NEVER)
    return Span(day.earliest, length.after(day.latest))


def completion_of(sentence: Sentence, decision: Span, day: date) -> Span:
    """The day on which it was completed or paid; on or before `day` where the record says only that it was."""
    if sentence.completed_on:
        return Span.on(sentence.completed_on)
    if sentence.outstanding is False:  # known to be done by the day asked about, and not since when
        return Span(decision.earliest, day)
    return NO_DAY if sentence.outstanding else Span(decision.earliest, NEVER)


def end_of(sentence: Sentence, decision: Span, day: date) -> Span:
    """Its end: completion, else the last day of supervision, else the end of the term."""
    if sentence.completed_on or sentence.outstanding is not None:
        return completion_of(sentence, decision, day)
    if sentence.supervised_until:
        return Span.on(sentence.supervised_until)
    if sentence.released_on and sentence.kind in meaning("ends_with_release"):
        return Span.on(sentence.released_on)
    end = term_end(sentence, decision)
    # A suspended sentence ends with its probation, and that is longer than the term that was imposed.
    return Span(end.earliest, NEVER) if sentence.suspended else end


def shown_end_of(sentence: Sentence) -> Span:
    """The end that the register shows: none that delays anything, where it shows none."""
    if sentence.completed_on is None and sentence.outstanding:
        return NO_DAY
    return Span.on(sentence.completed_on or sentence.supervised_until or LONG_AGO)


def outstanding(sentence: Sentence, day: date) -> Truth:
    """Is the sentence known not to be completed or paid on `day`? `completed_on` settles it."""
    if sentence.completed_on:
        return sentence.completed_on > day
    return sentence.outstanding


def shown_outstanding(sentence: Sentence, day: date) -> bool:
    """Does the register show that the sentence is still open on `day`: not completed, or supervision still running?"""
    if sentence.completed_on:
        return sentence.completed_on > day
    return bool(sentence.outstanding) or (sentence.supervised_until is not None and sentence.supervised_until > day)
