"""A decision is carried out: by a word, or by answers from which it follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.checks import distinct
from gateway.db import db
from gateway.desk.decide import decide, word
from gateway.desk.judge import judge, see_that_it_stands, unanswered
from gateway.desk.queue import Seat, opened
from gateway.desk.shown import look


@dataclass(frozen=True)
class Answers:
    """What a person said about the entries and the bars that were shown under a token."""

    seen: str
    persons: Mapping[str, str] = field(repr=False)
    bars: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Said:
    """A decision that was taken."""

    decision: str
    at: datetime


def settle_by_word(seat: Seat, review_id: str, decision: str, reason: str, seen: str | None = None) -> Said:
    """Decide in a word; with the token of what was shown only if the registries still say so.

    Raises NotFound, DecidedAlready, InvalidFields, QuestionChanged, CannotLook.
    """
    if seen is not None:
        see_that_it_stands(look(seat, review_id), seen)
    return _settle(seat, review_id, decision, reason)


def settle_by_answers(seat: Seat, review_id: str, answers: Answers, reason: str) -> Said:
    """Ask the registries again, and decide what follows from the answers. Raises as `settle_by_word`."""
    shown = look(seat, review_id)
    judged = judge(shown, answers.seen, answers.persons, answers.bars)
    if judged.eligible is None:
        raise unanswered(judged)
    return _settle(seat, review_id, word(shown.why, judged.eligible), reason, judged.others)


def _settle(seat: Seat, review_id: str, decision: str, reason: str, others: Sequence[str] = ()) -> Said:
    with db.read() as session:
        check_id = opened(session, seat, review_id).check.id
    with db.write(check_id) as session:
        waiting = opened(session, seat, review_id)
        at = decide(session, waiting.review, waiting.check, decision, reason, seat.by)
        distinct.remember(session, check_id, others)
        return Said(decision, at)
