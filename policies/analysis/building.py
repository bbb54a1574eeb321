"""Building: a place and some facts → one entry in which every fact is given and none contradicts another.

What the facts leave open gets its usual value. Facts that cannot stand together (a release before the decision) give
no entry.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from policies.analysis import usual
from policies.analysis.dimensions import OF_SENTENCE, Facts
from policies.analysis.places import Place
from policies.cases import SENTENCE_CLOCKS
from policies.days import Duration
from policies.model import Drug, Entry, Sentence
from policies.vocabulary import graded, meaning, opposites

_BIRTHDAY = timedelta(days=180)
_DRUG = ("substance", "addiction", "conduct", "clean")


class _Impossible(Exception):
    """Facts that cannot stand together; never leaves this file."""


@dataclass(frozen=True, slots=True)
class Built:
    """An entry, and the day of birth that agrees with its ages."""

    entry: Entry
    born: date


def build(place: Place, facts: Facts, day: date) -> Built | None:
    """The entry, or None where the facts cannot stand together."""
    kinds = facts["sentence"] if "sentence" in facts else _usual_sentence(place, facts)
    try:
        plan = _Plan(kinds[0] if kinds else None, facts, day)
        acted, decided, ages, born = _ages(facts, plan.decided, day)
        sentences = tuple(plan.sentence(kind) for kind in kinds)
        entry = Entry(
            place.jurisdiction,
            place.kind,
            place.offence,
            place.disposition,
            grade=facts.get("grade"),
            traits=_traits(facts),
            traits_complete=True,
            acted_on=acted,
            decided_on=decided,
            ended_on=_ended(place, facts, decided, day),
            age_at_act=ages[0],
            age_at_decision=ages[1],
            sentences=sentences,
            drug=_drug(facts),
        )
    except _Impossible:
        return None
    return Built(entry, born)


def _usual_sentence(place: Place, facts: Facts) -> tuple[str, ...]:
    """One that the facts speak of, or that such a matter has; what did not end in a decision has none."""
    of_it = any(name in OF_SENTENCE for name in facts)
    return usual.sentence(place.kind) if of_it or place.disposition in meaning("counted") else ()


def _traits(facts: Facts) -> frozenset[str]:
    traits: frozenset[str] = facts.get("traits", frozenset())
    grade = facts.get("grade")
    against = any(grades is not None and grade and grade not in grades for grades in map(graded, traits))
    if against or any(traits & opposites(trait) for trait in traits):
        raise _Impossible
    return traits


def _drug(facts: Facts) -> Drug | None:
    if not any(name in facts for name in _DRUG):
        return None
    return Drug(facts.get("substance"), facts.get("addiction"), facts.get("clean"), facts.get("conduct"))


def _ended(place: Place, facts: Facts, decided: date, day: date) -> date | None:
    ended: date | None = facts.get("ended")
    if ended is None and place.disposition in meaning("set_aside"):
        ended = min(usual.gap_after(decided), day)
    if ended is not None and ended < decided:
        raise _Impossible
    return ended


def _ages(facts: Facts, decided: date, day: date) -> tuple[date, date, tuple[int, int], date]:
    """The act, the decision, the ages at both, and the day of birth."""
    acted: date = facts.get("act") or usual.gap_before(decided)
    at_act, at_decision, today = (facts.get(name) for name in ("age_at_act", "age_at_decision", "age"))
    if today is not None:
        born = _years_before(day, today) - _BIRTHDAY
        # Where the age today is set, the act lies as far back as the age at it says, if it can; else that age follows.
        then = Duration(12 * (at_act or 0), 0).after(born) + timedelta(days=1)
        acted = then if at_act is not None and "act" not in facts and then <= decided else acted
        at_act = at_decision = None
    elif at_act is None and at_decision is not None:
        born = _years_before(decided, at_decision) - _BIRTHDAY
    else:
        if at_decision is not None and at_act is not None and at_decision > at_act and "act" not in facts:
            acted = _years_before(decided, at_decision - at_act)
        born = _years_before(acted, usual.fact("age") if at_act is None else at_act) - _BIRTHDAY
    ages = tuple(_age(born, when) if age is None else age for age, when in ((at_act, acted), (at_decision, decided)))
    if not born <= acted <= decided <= day or ages[0] > ages[1]:
        raise _Impossible
    return acted, decided, (ages[0], ages[1]), born


def _years_before(day: date, years: int) -> date:
    return Duration(years * 12, 0).before(day)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class _Plan:
    """When a matter was decided and its sentence began, went on and ended: from the facts, else as usual."""

    def __init__(self, kind: str | None, facts: Facts, day: date) -> None:
        self.facts = dict(facts)
        self.day = day
        self.in_custody = kind in meaning("custody") and not facts.get("suspended")
        if "release-or-decision" in facts:
            self.facts.setdefault("release" if self.in_custody else "decision", facts["release-or-decision"])
        if "shown-end" in facts:
            self.facts.setdefault("end", facts["shown-end"])
        if kind is None:
            self.facts = {name: value for name, value in self.facts.items() if name not in SENTENCE_CLOCKS}
        self.length = self._length(kind)
        self.decided: date = self.facts["decision"] if "decision" in self.facts else self._decision()
        self.started = self._start()
        if self.started < self.decided or self.decided > day:
            raise _Impossible
        if self.length is not None and kind is not None:
            self._fit_length()

    def _length(self, kind: str | None) -> Duration | None:
        if kind is None or kind in meaning("endless") or self.facts.get("term") in ("indefinite", "none"):
            if kind in meaning("custody") and self.facts.get("term") == "none":
                raise _Impossible  # a term of custody that is not stated is not known, and here all is known
            return None
        needed = any(name in self.facts for name in ("length", "term", "term-end", "end", "release"))
        found: Duration | None = self.facts.get("length")
        return found or (usual.length(kind) if needed or kind in meaning("custody") else None)

    def _clock(self, *names: str) -> list[date]:
        return [self.facts[name] for name in names if self.facts.get(name) is not None]

    def _before(self, *names: str) -> list[date]:
        return [self.length.before(one) if self.length else one for one in self._clock(*names)]

    def _decision(self) -> date:
        known = self._clock("start", "completion", "cease", "revocation", "ended")
        known += self._before("release", "term-end", "end")
        act: date | None = self.facts.get("act")
        if act is not None:
            return max(act, min([*known, usual.gap_after(act), self.day]))
        return min(known) if known and min(known) <= self.day else usual.days_before(self.day)[0]

    def _start(self) -> date:
        if self.facts.get("start") is not None:
            found: date = self.facts["start"]
            return found
        exact = self._before("term-end")
        if exact and (self.decided <= exact[0] <= self.day or "length" in self.facts):
            return exact[0]
        return max([self.decided, *self._before("release", "end")])

    def _fit_length(self) -> None:
        """Let the term end on the day that the facts name, where its length is not one of them."""
        assert self.length is not None  # noqa: S101 - the caller has a length
        wanted = self._clock("term-end") or [one for one in self._clock("release", "end") if one > self.day]
        latest = max(self._clock("release", *(["term-end"] if "term-end" in self.facts else [])), default=None)
        if wanted and self.length.after(self.started) != wanted[0]:
            self._set_length(wanted[0])
        elif latest and self.length.after(self.started) < latest:
            self._set_length(latest)

    def _set_length(self, end: date) -> None:
        if "length" in self.facts or end <= self.started:
            raise _Impossible
        self.length = Duration(0, (end - self.started).days)

    def sentence(self, kind: str) -> Sentence:
        """The sentence of this kind; two of one matter run side by side."""
        endless = kind in meaning("endless")
        length = None if endless else self.length
        if kind in meaning("custody") and length is None and not endless and self.facts.get("term") != "indefinite":
            length = usual.length(kind)
        end = length.after(self.started) if length else None
        done = self._done(end)
        if done is not None and done < self.started:
            raise _Impossible
        return Sentence(
            kind=kind,
            length=length,
            started_on=self.started,
            released_on=self._released(kind, end),
            suspended=bool(self.facts.get("suspended")),
            supervised_until=self._supervised(done, end),
            indefinite=self.facts.get("term") == "indefinite" and not endless,
            endorsed=bool(self.facts.get("endorsed")),
            day_units=self.facts.get("day_units"),
            completed_on=done,
            outstanding=done is None,
            revoked_on=self._revoked(),
        )

    def _done(self, end: date | None) -> date | None:
        """The day of completion; None while it is outstanding."""
        if "completion" in self.facts or "end" in self.facts or "cease" in self.facts:
            named = next((self.facts[name] for name in ("completion", "end", "cease") if self.facts.get(name)), None)
            return named if named is not None and named <= self.day else None
        if self.facts.get("outstanding"):
            return None
        usually = end or min(usual.gap_after(self.started), self.day)
        if "outstanding" in self.facts:
            return min(usually, self.day)
        return usually if usually <= self.day and self.facts.get("term") != "indefinite" else None

    def _released(self, kind: str, end: date | None) -> date | None:
        revoked = self._revoked()
        if kind not in meaning("custody") or (self.facts.get("suspended") and revoked is None):
            return None
        release: date = self.facts.get("release") or max(end or revoked or usual.gap_after(self.started), self.started)
        if release < self.started:
            raise _Impossible
        return release if release <= self.day else None

    def _supervised(self, done: date | None, end: date | None) -> date | None:
        future: date | None = self.facts.get("end")
        if future is not None and future > self.day and "length" in self.facts:
            return future
        return (end if end and end > self.day else None) if self.facts.get("suspended") and done is None else None

    def _revoked(self) -> date | None:
        named: Any = self.facts.get("revocation")
        if named is not None:
            found: date = named
            return found
        return min(usual.gap_after(self.started), self.day) if self.facts.get("revoked") else None
