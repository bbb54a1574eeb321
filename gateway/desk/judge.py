"""What follows when a person has said whose each entry is, and whether each bar holds.

Entries of others are left out, those of the same person are sure, and the evaluator decides again, in memory. Bars
that are unknown even so are the person's to decide. Then the outcome follows by itself: somebody is eligible if
every bar surely does not hold, and not eligible if one does.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from gateway import problems
from gateway.checks.look import adjudicated
from gateway.checks.settle import CONTEST
from gateway.desk.shown import BY_ANSWERS, Shown, in_question, marked
from policies.evaluator import Reason


class QuestionChanged(problems.Conflict):
    """409: the registries answer otherwise than what was shown."""

    type = "review-changed"
    title = "The registries answer otherwise now"
    meaning = (
        "A decision is about the entries that its adjudicator saw, and they are others now. Nothing was decided. Look "
        "at the question again."
    )


@dataclass(frozen=True)
class Judged:
    """What follows so far: `eligible` is None as long as bars of `left` need their answer."""

    eligible: bool | None
    left: tuple[Reason, ...]
    others: tuple[str, ...]
    """What the registries call the matters that are another person's."""


def judge(shown: Shown, seen: str, persons: Mapping[str, str], bars: Mapping[str, str]) -> Judged:
    """Follow the answers. `persons` are by handle `same` or `other`, `bars` by id `yes` or `no`.

    `seen` is the token of what they are about. Raises QuestionChanged unless the registries still say so, InvalidFields
    for a person that was left out and for what is not in question.
    """
    see_that_it_stands(shown, seen)
    if shown.why not in BY_ANSWERS or not shown.reasons:
        told = "nothing is open but the decision itself: say it in a word"
        raise problems.InvalidFields(errors=[{"field": "decision", "problem": told}])
    if odd := set(persons) ^ set(shown.persons):
        raise problems.InvalidFields(errors=[_odd(each, shown) for each in sorted(odd)])
    again = adjudicated(shown.asked, marked(shown.matters, persons))
    others = tuple(name for matter in shown.matters if persons.get(matter.handle) == "other" for name in matter.numbers)
    settled = shown.why != CONTEST and again.outcome == "ineligible"
    left = () if settled else tuple(in_question(shown.why, again))
    _see_that_they_fit({reason.bar: reason for reason in again.reasons}, left, bars)
    open_yet = tuple(reason for reason in left if reason.bar not in bars)
    if settled:
        return Judged(False, (), others)
    if "yes" in bars.values():
        return Judged(False, (), others)
    return Judged(None if open_yet else True, open_yet, others)


def see_that_it_stands(shown: Shown, seen: str) -> None:
    """Raises QuestionChanged unless what was shown under this token is what the registries say now."""
    if not hmac.compare_digest(seen.encode(), shown.seen.encode()):
        raise QuestionChanged


def unanswered(judged: Judged) -> problems.InvalidFields:
    """The refusal of answers that leave bars open."""
    told = "needs yes or no: the entries leave it open"
    return problems.InvalidFields(errors=[{"field": f"bars.{reason.bar}", "problem": told} for reason in judged.left])


def _odd(handle: str, shown: Shown) -> problems.FieldError:
    told = "needs same or other" if handle in shown.persons else "is not in question"
    return {"field": f"persons.{handle}", "problem": told}


def _see_that_they_fit(known: Mapping[str, Reason], left: tuple[Reason, ...], bars: Mapping[str, str]) -> None:
    """Of bars that the entries settle no other answer is taken: it would be overruled without a word."""
    asked = {reason.bar for reason in left}
    errors: list[problems.FieldError] = []
    for bar, said in bars.items():
        if bar not in known:
            errors.append({"field": f"bars.{bar}", "problem": "is not a bar of this review"})
        elif bar not in asked and known[bar].holds not in ("unknown", said):
            errors.append({"field": f"bars.{bar}", "problem": f"is settled by the entries: {known[bar].holds}"})
    if errors:
        raise problems.InvalidFields(errors=errors)
