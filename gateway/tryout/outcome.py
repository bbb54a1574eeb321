"""What the law says of a made-up record: the outcome, why, what each entry's seal is, and when a *no* would end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.tryout.form import Typed
from gateway.tryout.shelf import Shelf
from policies.evaluator import ELIGIBLE, INELIGIBLE, Adjudication, Reason, adjudicate, may_read
from policies.model import Record, Report
from policies.policy import Bar, Policy
from policies.regime import Regime
from policies.sealing import Phase, Sealed, seal
from policies.truth import Truth, any_of

YEARS_AHEAD = 60
"""How far into the future the end of a *no* is looked for."""


@dataclass(frozen=True)
class Why:
    """A bar that holds, or of which it is not settled, with the numbers of the entries that it rests on."""

    bar: Bar
    doubtful: bool
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """One entry: its seal, None where it is not there yet on that day, and whether any bar may read it."""

    sealed: Sealed | None
    readable: Truth


@dataclass(frozen=True)
class Outcome:
    """The answer to what was typed. `free_from`: the first day found on which it would be yes, if any."""

    policy: Policy
    day: date
    word: str
    confirmed: bool
    """Whether a person would look at this *no* before it leaves."""
    why: tuple[Why, ...]
    seals: Mapping[int, Standing]
    """By the numbers of the entries."""
    free_from: date | None


def decide(shelf: Shelf, policy: Policy, role: str, typed: Typed) -> Outcome:
    """Decide what was typed, by the evaluator of real checks and of `sealgate decide`.

    Raises ValueError where something in it is wrong.
    """
    record, day = typed.record, typed.day
    if record is None or day is None:
        raise ValueError("what was typed is no record")
    numbered = [replace(entry, ref=str(n)) for n, entry in zip(typed.numbers, record.entries, strict=True)]
    record = replace(record, entries=tuple(numbered))
    regimes = shelf.library.regimes(day)
    answer = _adjudicate(record, regimes, policy, role, day, shelf.reading)
    sealed = {one.entry.ref: one for one in seal(record.entries, regimes, day, record.born)}
    confirmed = policy.release.refusal == "reviewed" or answer.needs_person
    return Outcome(
        policy=policy,
        day=day,
        word=answer.outcome,
        confirmed=answer.outcome == INELIGIBLE and confirmed,
        why=tuple(_why(answer, policy.bars_for(role))),
        seals={n: _standing(sealed.get(str(n)), policy.bars_for(role), shelf.reading) for n in typed.numbers},
        free_from=None if answer.outcome == ELIGIBLE else _free_from(record, regimes, policy, role, day, shelf.reading),
    )


def _standing(sealed: Sealed | None, bars: Sequence[Bar], reading: str) -> Standing:
    return Standing(sealed, any_of(may_read(bar, sealed, reading) for bar in bars) if sealed else None)


def later(sealed: Sealed) -> list[Phase]:
    """What becomes of an entry's seal after the day, as things stand; a day that is not settled may be past as well."""
    return [phase for phase in sealed.timeline if phase.start is None or phase.start > sealed.case.day]


def _adjudicate(
    record: Record, regimes: Mapping[str, Regime], policy: Policy, role: str, day: date, reading: str
) -> Adjudication:
    return adjudicate([Report(entry) for entry in record.entries], regimes, policy, role, day, reading, record.born)


def _why(answer: Adjudication, bars: Sequence[Bar]) -> list[Why]:
    wanted = {"yes"} if answer.outcome == INELIGIBLE else {"unknown"}
    by_id = {bar.id: bar for bar in bars}
    return [
        Why(by_id[reason.bar], reason.doubtful, tuple(_numbers(reason))) for reason in answer.reasons
        if reason.holds in wanted
    ]  # fmt: skip


def _numbers(reason: Reason) -> list[int]:
    return [int(matter.sealed.entry.ref or 0) for matter in reason.matters]


def _free_from(
    record: Record, regimes: Mapping[str, Regime], policy: Policy, role: str, day: date, reading: str
) -> date | None:
    """The day on which the answer turns to yes as the documents stand now: the year first, then by halves the day."""

    def free(on: date) -> bool:
        return _adjudicate(record, regimes, policy, role, on, reading).outcome == ELIGIBLE

    before = day
    for years in range(1, YEARS_AHEAD + 1):
        after = day.replace(year=day.year + years, day=min(day.day, 28))
        if free(after):
            break
        before = after
    else:
        return None
    while (after - before).days > 1:
        middle = before + (after - before) / 2
        before, after = (before, middle) if free(middle) else (middle, after)
    return after
