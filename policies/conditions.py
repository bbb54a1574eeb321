"""What each word of a condition asks of an entry or of one of its sentences: read from a document, compiled once."""

from collections.abc import Callable
from datetime import date

from policies import limits, sentences, vocabulary
from policies.cases import Case, Slot
from policies.days import LONG_AGO, NEVER, Span
from policies.documents import Table
from policies.model import Entry, Sentence
from policies.truth import Truth, all_of, negation

EntryTest = Callable[[Case], Truth]
SlotTest = Callable[[Slot, Case], Truth]


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
    return lambda case: all_of(_has_trait(case.entry, trait) for trait in wanted)


def _has_trait(entry: Entry, trait: str) -> Truth:
    grades = vocabulary.graded(trait)
    graded = None if grades is None or entry.grade is None else entry.grade in grades
    if trait in entry.traits:
        return None if graded is False else True  # the entry contradicts itself
    if graded is not None:
        return graded
    return False if entry.traits_complete or entry.traits & vocabulary.opposites(trait) else None


def _with_sentence(table: Table, key: str) -> EntryTest:
    wanted = frozenset(table.take_words(key, vocabulary.words("sentence")))

    def test(case: Case) -> Truth:
        if case.entry.sentences is None:
            return None
        there = (one for one in case.entry.sentences if one.kind in wanted)
        return any((one.decided_on or case.day) <= case.day < (one.revoked_on or NEVER) for one in there)

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
            return _age_within(case.birth(), when, bounds)

        return test

    return read


def _age_within(born: Span, when: Span, bounds: dict[str, int]) -> Truth:
    """An age that the entry does not give, from the day of birth: settled where the bounds of both days settle it."""
    if born.earliest > born.latest or born.earliest == LONG_AGO:
        return None
    youngest = _age_on(born.latest, max(when.earliest, born.latest))
    oldest = _age_on(born.earliest, max(when.latest, born.earliest))
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


ENTRY_KEYS: dict[str, Callable[[Table, str], EntryTest]] = {
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
    "with_sentence": _with_sentence,
}

SLOT_KEYS: dict[str, Callable[[Table, str], SlotTest]] = {
    "sentence": _sentence,
    "length": _length,
    "combined": _length,
    "day_units": _day_units,
    "suspended": _flag(lambda sentence, _: sentence.suspended),
    "endorsed": _flag(lambda sentence, _: sentence.endorsed),
    "revoked": _flag(lambda sentence, case: sentence.revoked_on is not None and sentence.revoked_on <= case.day),
    "outstanding": _flag(lambda sentence, case: sentences.outstanding(sentence, case.day)),
    "shown_outstanding": _flag(lambda sentence, case: sentences.shown_outstanding(sentence, case.day)),
    "term": _term,
}
