"""Conditions: the closed vocabulary in which regimes and policies say which entries they mean.

A condition is a conjunction of membership, thresholds, flags and look-backs; each answers *yes*, *no* or *unknown*.
There are no expressions, no *not* and no nested *or*: two rules are the *or*. Documents are compiled once into
closures. Conditions about a sentence must hold of one and the same sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies import cases, limits, vocabulary
from policies.cases import Case, Slot
from policies.days import ZERO, Duration, Span
from policies.documents import Table
from policies.model import Sentence
from policies.truth import Truth, all_of, any_of, negation

EntryTest = Callable[[Case], Truth]
SlotTest = Callable[[Slot, Case], Truth]

BOUNDARIES = ("anniversary", "day-after")
"""Is a period of n years from a day over on the anniversary, or only on the day after it?"""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `says` is what the document wrote, for those who explain or analyse it."""

    says: Mapping[str, Any]
    entry_tests: tuple[EntryTest, ...]
    slot_tests: tuple[SlotTest, ...]

    def of_entry(self, case: Case) -> Truth:
        """Do the conditions about the entry itself hold?"""
        return all_of(test(case) for test in self.entry_tests)

    def of_slot(self, slot: Slot, case: Case) -> Truth:
        """Do the conditions about a sentence hold of this one?"""
        return all_of(test(slot, case) for test in self.slot_tests)

    def holds(self, case: Case) -> Truth:
        """Does the entry satisfy the condition, with one sentence for all conditions about sentences?"""
        entry = self.of_entry(case)
        if entry is False or not self.slot_tests:
            return entry
        return all_of((entry, any_of(self.of_slot(slot, case) for slot in case.slots)))


def compile_condition(table: Table, boundary: str) -> Condition:
    """Compile the conditions that stand in `table`. Raises DocumentError for an unknown word or form."""
    entry_tests: list[EntryTest] = []
    slot_tests: list[SlotTest] = []
    says: dict[str, Any] = {}
    table.may_have((*_ENTRY_KEYS, *_SLOT_KEYS, "within"))
    for key, read_entry in _ENTRY_KEYS.items():
        if table.has(key):
            says[key] = table.data[key]
            entry_tests.append(read_entry(table, key))
    for key, read_slot in _SLOT_KEYS.items():
        if table.has(key):
            says[key] = table.data[key]
            slot_tests.append(read_slot(table, key))
    if table.has("within"):
        says["within"] = table.data["within"]
        _add_within(table, boundary, entry_tests, slot_tests)
    return Condition(says, tuple(entry_tests), tuple(slot_tests))


def grace(boundary: str) -> Duration:
    """How much later than on the anniversary a period is over."""
    return ZERO if boundary == "anniversary" else Duration(0, 1)


def _offence(table: Table, key: str) -> EntryTest:
    wanted = table.take_words(key, vocabulary.words("offence"))
    within = vocabulary.offence_within
    if key == "offence":
        return lambda case: within(case.entry.offence, wanted)
    return lambda case: negation(within(case.entry.offence, wanted))


def _member(kind: str, attribute: str) -> Callable[[Table, str], EntryTest]:
    def read(table: Table, key: str) -> EntryTest:
        wanted = frozenset(table.take_words(key, vocabulary.words(kind)))

        def test(case: Case) -> Truth:
            value = getattr(case.entry, attribute)
            return None if value is None else value in wanted

        return test

    return read


def _drug_member(kind: str) -> Callable[[Table, str], EntryTest]:
    def read(table: Table, key: str) -> EntryTest:
        wanted = frozenset(table.take_words(key, vocabulary.words(kind)))

        def test(case: Case) -> Truth:
            value = getattr(case.entry.drug, kind, None)
            return None if value is None else value in wanted

        return test

    return read


def _traits(table: Table, key: str) -> EntryTest:
    wanted = table.take_words(key, vocabulary.words("trait"))

    def test(case: Case) -> Truth:
        missing = False if case.entry.traits_complete else None
        return all_of(True if trait in case.entry.traits else missing for trait in wanted)

    return test


def _running(table: Table, key: str) -> EntryTest:
    wanted = table.take_flag(key)
    return lambda case: (case.entry.ended_on is None or case.entry.ended_on > case.day) is wanted


def _age(attribute: str) -> Callable[[Table, str], EntryTest]:
    def read(table: Table, key: str) -> EntryTest:
        bounds = limits.numbers(table, key)

        def test(case: Case) -> Truth:
            age = None if attribute == "age" else getattr(case.entry, attribute)
            if age is not None:
                return limits.between(age, bounds)
            when = {"age": Span.on(case.day), "age_at_act": case.act, "age_at_decision": case.decision}[attribute]
            return _age_within(case.born, when, bounds)

        return test

    return read


def _age_within(born: date | None, when: Span, bounds: dict[str, int]) -> Truth:
    """An age that the entry does not give, from the day of birth: settled where the bounds of the day settle it."""
    if born is None:
        return None
    youngest, oldest = _age_on(born, max(when.earliest, born)), _age_on(born, max(when.latest, born))
    answers = [
        {limits.between(youngest, {limit: bound}), limits.between(oldest, {limit: bound})}
        for limit, bound in bounds.items()
    ]
    return all_of(answer.pop() if len(answer) == 1 else None for answer in answers)


def _age_on(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _clean_for(table: Table, key: str) -> EntryTest:
    bounds = limits.durations(table, key)

    def test(case: Case) -> Truth:
        since = case.entry.drug.clean_since if case.entry.drug else None
        if since is None:
            return None
        reached = {limit: length.after(since) for limit, length in bounds.items()}
        return limits.between_days(case.day, reached)

    return test


def _sentence(table: Table, key: str) -> SlotTest:
    wanted = frozenset(table.take_words(key, vocabulary.words("sentence")))
    return _of_sentence(lambda sentence, _: sentence.kind in wanted)


def _length(table: Table, key: str) -> SlotTest:
    bounds = limits.durations(table, key)
    single = key == "length"

    def test(slot: Slot, case: Case) -> Truth:
        sentence = slot.sentence
        if sentence is None:
            return False if slot.known else None
        if sentence.indefinite or sentence.kind in vocabulary.meaning("endless"):
            return not ("under" in bounds or "upto" in bounds)
        length = sentence.length if single else slot.total
        start = sentence.started_on if single else slot.total_start
        return None if length is None else limits.length_between(length, bounds, start)

    return test


def _day_units(table: Table, key: str) -> SlotTest:
    bounds = limits.numbers(table, key)
    return _of_sentence(
        lambda sentence, _: None if sentence.day_units is None else limits.between(sentence.day_units, bounds)
    )


def _flag(read: Callable[[Sentence, Case], Truth]) -> Callable[[Table, str], SlotTest]:
    def compiled(table: Table, key: str) -> SlotTest:
        if table.take_flag(key):
            return _of_sentence(read)
        return _of_sentence(lambda sentence, case: negation(read(sentence, case)))

    return compiled


def _term(table: Table, key: str) -> SlotTest:
    wanted = frozenset(table.take_words(key, ("fixed", "indefinite", "none")))

    def test(sentence: Sentence, _: Case) -> Truth:
        if sentence.indefinite or sentence.kind in vocabulary.meaning("endless"):
            return "indefinite" in wanted
        if sentence.length is not None:
            return "fixed" in wanted
        if sentence.kind in vocabulary.meaning("custody"):
            return None
        return "none" in wanted

    return _of_sentence(test)


def _of_sentence(test: Callable[[Sentence, Case], Truth]) -> SlotTest:
    def of_slot(slot: Slot, case: Case) -> Truth:
        if slot.sentence is None:
            return False if slot.known else None
        return test(slot.sentence, case)

    return of_slot


def _add_within(table: Table, boundary: str, entry_tests: list[EntryTest], slot_tests: list[SlotTest]) -> None:
    inner = table.take_table("within")
    assert inner is not None  # noqa: S101 - the caller saw the key
    clock = inner.take_word("clock", (*cases.ENTRY_CLOCKS, *cases.SENTENCE_CLOCKS))
    period = inner.take_duration("period")
    inner.done()
    length = period + grace(boundary)

    def test(slot: Slot, case: Case) -> Truth:
        return negation(case.clock(clock, slot).plus(length).reached(case.day))

    if clock in cases.ENTRY_CLOCKS:
        entry_tests.append(lambda case: test(case.slots[0], case))
    else:
        slot_tests.append(lambda slot, case: False if slot.sentence is None and slot.known else test(slot, case))


_ENTRY_KEYS: dict[str, Callable[[Table, str], EntryTest]] = {
    "kind": _member("kind", "kind"),
    "offence": _offence,
    "except_offence": _offence,
    "disposition": _member("disposition", "disposition"),
    "grade": _member("grade", "grade"),
    "traits": _traits,
    "substance": _drug_member("substance"),
    "addiction": _drug_member("addiction"),
    "conduct": _drug_member("conduct"),
    "age_at_act": _age("age_at_act"),
    "age_at_decision": _age("age_at_decision"),
    "age": _age("age"),
    "clean_for": _clean_for,
    "running": _running,
}

_SLOT_KEYS: dict[str, Callable[[Table, str], SlotTest]] = {
    "sentence": _sentence,
    "length": _length,
    "combined": _length,
    "day_units": _day_units,
    "suspended": _flag(lambda sentence, _: sentence.suspended),
    "endorsed": _flag(lambda sentence, _: sentence.endorsed),
    "revoked": _flag(lambda sentence, case: sentence.revoked_on is not None and sentence.revoked_on <= case.day),
    "outstanding": _flag(lambda sentence, case: cases.outstanding(sentence, case.day)),
    "term": _term,
}
