"""Asks: what an institution can ask about a person, and under which law the answer is found.

A policy offers one ask for all roles that have the same bars: who may ask for one of them learns what the others say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies.evaluator import ELIGIBLE, INELIGIBLE, UNDETERMINED, adjudicate, may_read
from policies.library import Library
from policies.model import Entry, Report
from policies.policy import Bar, Policy
from policies.regime import Regime
from policies.sealing import Sealed, seal
from policies.truth import Truth

READINGS = ("strict", "broad")


@dataclass(frozen=True, eq=False)
class Ask:
    """One question: a policy, the roles for which it is the same, a day, a reading of the law, and the law itself."""

    policy: Policy
    roles: tuple[str, ...]
    day: date
    reading: str
    law: Mapping[str, Regime]
    bars: tuple[Bar, ...]

    @property
    def role(self) -> str:
        """The first of the roles: it stands for all."""
        return self.roles[0]

    @property
    def name(self) -> str:
        """Such as `cn/kindergarten:teacher`."""
        return f"{self.policy.id}:{self.role}"

    def told(self) -> dict[str, Any]:
        """The JSON form. `law` is the law of sealing at the policy's home, None where there is none on the day."""
        home = self.law.get(self.policy.jurisdiction)
        return {
            "ask": self.name,
            "policy": self.policy.id,
            "version": self.policy.version,
            "roles": list(self.roles),
            "reading": self.reading,
            "law": home.id if home else None,
        }

    def adjudicated(self, entries: Sequence[Entry], born: date | None) -> str:
        """The outcome for a record, by the evaluator itself: what a witness is confirmed by."""
        reports = [Report(entry) for entry in entries]
        return adjudicate(reports, self.law, self.policy, self.role, self.day, self.reading, born).outcome


def asks_of(policy: Policy, day: date, reading: str, law: Mapping[str, Regime]) -> list[Ask]:
    """The asks that a policy offers, in the order of its roles."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for role in policy.roles:
        groups.setdefault(tuple(bar.id for bar in policy.bars_for(role)), []).append(role)
    return [Ask(policy, tuple(roles), day, reading, law, policy.bars_for(roles[0])) for roles in groups.values()]


def live_asks(library: Library, day: date, reading: str, only: Sequence[str] = ()) -> list[Ask]:
    """The asks of every policy in force on the day, or of those named. Raises NothingInForce for a name unknown."""
    law = library.regimes(day)
    there = [name for name in library.policies() if library.policy_versions[name][0].version <= day.isoformat()]
    return [ask for name in only or there for ask in asks_of(library.policy(name, day), day, reading, law)]


def jurisdictions(asks: Sequence[Ask]) -> tuple[str, ...]:
    """Whose entries matter to these asks: those of the policies' own law, and those of every law that names a reader
    on which a bar rests. Of other laws' entries they read only what is open; those are left out."""
    found: dict[str, None] = {}
    for ask in asks:
        found[ask.policy.jurisdiction] = None
        bases = {name for bar in ask.bars for name in bar.basis}
        for name, regime in ask.law.items():
            if bases & set(regime.readers):
                found[name] = None
    return tuple(name for name in found if all(name in ask.law for ask in asks))


def holds(bar: Bar, sealed: Sequence[Sealed], reading: str) -> Truth:
    """Does a bar hold of matters whose seals are known? The same as the evaluator says, without the reasons."""
    surely = maybe = 0
    for one in sealed:
        counts = _counts(bar, one, reading)
        surely += counts is True
        maybe += counts is not False
    if surely >= bar.at_least:
        return True
    return False if maybe < bar.at_least else None


def _counts(bar: Bar, sealed: Sealed, reading: str) -> Truth:
    if sealed.regime is None:
        return None
    means = bar.means(sealed.case)
    if means is False:
        return False
    readable = may_read(bar, sealed, reading)
    return readable if readable is not True else means


def outcome(bars: Sequence[Bar], sealed: Sequence[Sealed], reading: str) -> str:
    """The outcome that these bars give."""
    answers = [holds(bar, sealed, reading) for bar in bars]
    return INELIGIBLE if True in answers else UNDETERMINED if None in answers else ELIGIBLE


class Seals:
    """Seals of one day that were worked out before, by law and record: the same few matters come again and again."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, tuple[Entry, ...], date | None], list[Sealed]] = {}
        self._laws: dict[int, Mapping[str, Regime]] = {}  # held, so that no other law takes the id of one

    def of(self, ask: Ask, entries: tuple[Entry, ...], born: date | None) -> list[Sealed]:
        """The seals of a record's entries under the law of an ask."""
        key = (id(ask.law), entries, born)
        if key not in self._found:
            self._laws[id(ask.law)] = ask.law
            self._found[key] = seal(entries, ask.law, ask.day, born)
        return self._found[key]
