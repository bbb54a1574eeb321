"""Conditions: the closed vocabulary in which regimes and policies say which entries they mean.

A condition is a conjunction of membership, thresholds, flags and look-backs; each answers *yes*, *no* or *unknown*.
There are no expressions, no *not* and no nested *or*: two rules are the *or*. Documents are compiled once into
closures. Conditions about a sentence must hold of one and the same sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies import cases, limits
from policies.cases import Case, Slot
from policies.conditions import ENTRY_KEYS, SLOT_KEYS, EntryTest, SlotTest
from policies.days import ZERO, Duration
from policies.documents import Table
from policies.truth import Truth, all_of, any_of, negation

Points = Callable[[Case], tuple[int, int]]
"""The fewest and the most points that an entry can have on a document's scale."""

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


def compile_condition(table: Table, boundary: str, points: Points | None = None) -> Condition:
    """Compile the conditions that stand in `table`. Raises DocumentError for an unknown word or form.

    `points` counts on the document's scale, where it has one.
    """
    entry_tests: list[EntryTest] = []
    slot_tests: list[SlotTest] = []
    says: dict[str, Any] = {}
    table.may_have((*ENTRY_KEYS, *SLOT_KEYS, "points", "within"))
    for key, read_entry in ENTRY_KEYS.items():
        if table.has(key):
            says[key] = table.data[key]
            entry_tests.append(read_entry(table, key))
    for key, read_slot in SLOT_KEYS.items():
        if table.has(key):
            says[key] = table.data[key]
            slot_tests.append(read_slot(table, key))
    if table.has("points"):
        says["points"] = table.data["points"]
        entry_tests.append(_points(table, points))
    if table.has("within"):
        says["within"] = table.data["within"]
        _add_within(table, boundary, entry_tests, slot_tests)
    return Condition(says, tuple(entry_tests), tuple(slot_tests))


def grace(boundary: str) -> Duration:
    """How much later than on the anniversary a period is over."""
    return ZERO if boundary == "anniversary" else Duration(0, 1)


def _points(table: Table, points: Points | None) -> EntryTest:
    bounds = limits.numbers(table, "points")
    if points is None:
        raise table.error("points", "counts on a [[scale]], and this document has none")
    count = points

    def test(case: Case) -> Truth:
        fewest, most = count(case)
        answers = {limits.between(number, bounds) for number in range(fewest, most + 1)}
        return answers.pop() if len(answers) == 1 else None

    return test


def _add_within(table: Table, boundary: str, entry_tests: list[EntryTest], slot_tests: list[SlotTest]) -> None:
    inner = table.take_table("within")
    assert inner is not None  # noqa: S101 - the caller saw the key
    clock = inner.take_word("clock", (*cases.ENTRY_CLOCKS, *cases.SENTENCE_CLOCKS))
    period = inner.take_duration("period")
    plus = inner.take_word("plus", cases.PLUS) if inner.has("plus") else None
    inner.done()
    length = period + grace(boundary)

    def test(slot: Slot, case: Case) -> Truth:
        end = cases.lengthened(case.clock(clock, slot).plus(length), plus, slot)
        return negation(end.reached(case.day))

    if clock not in cases.ENTRY_CLOCKS:
        slot_tests.append(lambda slot, case: False if slot.sentence is None and slot.known else test(slot, case))
    elif plus:
        slot_tests.append(test)
    else:
        entry_tests.append(lambda case: test(case.slots[0], case))
