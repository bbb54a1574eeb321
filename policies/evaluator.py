"""Adjudicate: a person's entries, the laws of sealing, an industry policy and a day → outcome and reasons.

Pure, deterministic, three-valued. *Ineligible* if some bar surely holds; *eligible* if every bar surely does not;
else *undetermined*. Adding a matter never moves the outcome down the order ineligible > undetermined > eligible,
and forgetting a fact never turns a sure answer into the other one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from policies.matters import merge
from policies.model import Report
from policies.policy import Bar, Policy
from policies.regime import Regime
from policies.sealing import Sealed, seal
from policies.source import Source
from policies.truth import Truth, all_of

ELIGIBLE, INELIGIBLE, UNDETERMINED = "eligible", "ineligible", "undetermined"

_SAID = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Matter:
    """One entry as one bar sees it: may it be read (`readable`), and does it count (`counts`)?"""

    report: Report
    sealed: Sealed
    readable: Truth
    counts: Truth

    @property
    def level(self) -> str | None:
        """The entry's seal level, None where it is not settled."""
        return self.sealed.level

    @property
    def doubtful(self) -> bool:
        """Does reading it rest on a rule of sealing that is contested or of low confidence?"""
        return any(source.doubtful for source in self.sealed.sources)


@dataclass(frozen=True, slots=True)
class Reason:
    """What one bar says: it holds, it does not, or that is unknown; with the matters that it rests on."""

    bar: str
    source: Source
    holds: str
    matters: tuple[Matter, ...]

    @property
    def cite(self) -> str:
        """The norm behind the bar."""
        return self.source.cite

    @property
    def confidence(self) -> str:
        """How sure we are of that norm: high, medium or low."""
        return self.source.confidence

    @property
    def contested(self) -> bool:
        """Is that norm contested?"""
        return self.source.contested

    @property
    def doubtful(self) -> bool:
        """Must a person confirm a live refusal that rests on this bar?"""
        sure = [matter for matter in self.matters if matter.counts]
        return self.source.doubtful or bool(sure and all(matter.doubtful for matter in sure))


@dataclass(frozen=True, slots=True)
class Adjudication:
    """Our whole reasoned answer. Internal: only the outcome's one bit may leave."""

    outcome: str
    reasons: tuple[Reason, ...]

    @property
    def needs_person(self) -> bool:
        """Does the refusal rest only on bars that are contested or of low confidence?"""
        deciding = [reason for reason in self.reasons if reason.holds == "yes"]
        return self.outcome == INELIGIBLE and all(reason.doubtful for reason in deciding)


def adjudicate(
    reports: Sequence[Report],
    regimes: Mapping[str, Regime],
    policy: Policy,
    role: str,
    day: date,
    reading: str,
    born: date | None = None,
) -> Adjudication:
    """Decide a role under a policy on a day. `regimes` by jurisdiction; `reading` is `strict` or `broad`.

    Reports of one matter are merged first. Those that are not sure are candidates: the outcome is the one that is
    reached both without and with all of them, else undetermined. Raises KeyError for a role the policy lacks.
    """
    bars = policy.bars_for(role)
    reports = merge(reports)
    without = _decide([report for report in reports if report.sure], regimes, bars, day, reading, born)
    if all(report.sure for report in reports):
        return without
    with_all = _decide(reports, regimes, bars, day, reading, born)
    if without.outcome == with_all.outcome:
        return without if without.outcome == INELIGIBLE else with_all
    reasons = tuple(
        one if one.holds == other.holds else Reason(one.bar, one.source, "unknown", one.matters)
        for one, other in zip(with_all.reasons, without.reasons, strict=True)
    )
    return Adjudication(UNDETERMINED, reasons)


def _decide(
    reports: Sequence[Report],
    regimes: Mapping[str, Regime],
    bars: Sequence[Bar],
    day: date,
    reading: str,
    born: date | None,
) -> Adjudication:
    entries = [report.entry for report in reports]
    of_entry = {id(report.entry): report for report in reports}
    record = [(of_entry[id(sealed.entry)], sealed) for sealed in seal(entries, regimes, day, born)]
    reasons = tuple(_ask(bar, record, reading) for bar in bars)
    answers = {reason.holds for reason in reasons}
    outcome = INELIGIBLE if "yes" in answers else UNDETERMINED if "unknown" in answers else ELIGIBLE
    return Adjudication(outcome, reasons)


def _ask(bar: Bar, record: Sequence[tuple[Report, Sealed]], reading: str) -> Reason:
    matters = []
    for report, sealed in record:
        readable = may_read(bar, sealed, reading)
        # An entry under no known law is not looked into: it may be one that counts.
        counts = None if sealed.regime is None else _counts(bar, sealed, readable)
        if counts is not False:
            matters.append(Matter(report, sealed, readable, counts))
    sure = sum(matter.counts is True for matter in matters)
    holds: Truth = None
    if sure >= bar.at_least:
        holds = True
    elif len(matters) < bar.at_least:
        holds = False
    return Reason(bar.id, bar.source, _SAID[holds], tuple(matters))


def _counts(bar: Bar, sealed: Sealed, readable: Truth) -> Truth:
    return False if readable is False else all_of((readable, bar.means(sealed.case)))


def may_read(bar: Bar, sealed: Sealed, reading: str) -> Truth:
    """May this bar read this entry? `open` always; `shallow` where its basis is a reader there; more never.

    Promise 8: no law, no look. Unknown where the level is not settled between one that it may read and one that
    it may not.
    """
    if sealed.regime is None:
        return None
    answers = {_may_read_at(level, bar, sealed, sealed.regime, reading) for level in sealed.levels}
    return answers.pop() if len(answers) == 1 else None


def _may_read_at(level: str, bar: Bar, sealed: Sealed, regime: Regime, reading: str) -> Truth:
    if level == "open":
        return True
    if level != "shallow":
        return False
    for name in bar.basis:
        reader = regime.readers.get(name)
        if reader is not None and reader.admits(bar.rank, reading):
            return reader.opens_case(sealed.case)
    return False
