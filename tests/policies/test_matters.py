"""One matter, one entry: what several registries say of it is put together, and contradiction is unknown."""

from dataclasses import replace
from datetime import date

from policies.matters import merge
from policies.model import Entry, Report, Sentence

THEFT = Entry("cn", "criminal", "theft", "convicted", ref="a", decided_on=date(2020, 1, 1), age_at_act=30)


def report(body: str | None = "court 1", case: str | None = "c1", sure: bool = True, **change: object) -> Report:
    """A registry's report of the theft, changed."""
    return Report(replace(THEFT, **change), sure=sure, case=case, body=body)  # type: ignore[arg-type]


def test_the_same_case_is_one_matter_and_keeps_its_refs() -> None:
    """Two registries with one case number report one matter."""
    merged = merge([report(), report(ref="b", sentences=(Sentence("fine"),))])
    assert len(merged) == 1
    assert merged[0].entry.ref == "a + b"
    assert merged[0].entry.sentences == (Sentence("fine"),)


def test_the_same_day_body_and_offence_is_one_matter() -> None:
    """Without a case number, day, body and offence tell."""
    assert len(merge([report(case=None), report(case=None, ref="b")])) == 1
    assert len(merge([report(case=None), report(case=None, body="court 2")])) == 2
    assert len(merge([report(case=None, body=None), report(case=None, body=None)])) == 2
    assert len(merge([report(case="c1"), report(case="c2")])) == 2


def test_contradiction_is_unknown() -> None:
    """Where two registries contradict each other nobody's word is taken."""
    (one,) = merge([report(age_at_act=17), report(age_at_act=18)])
    assert one.entry.age_at_act is None
    (one,) = merge([report(offence="theft"), report(offence="fraud")])
    assert one.entry.offence == "unknown"
    (one,) = merge([report(sentences=(Sentence("fine"),)), report(sentences=())])
    assert one.entry.sentences is None


def test_contradiction_on_what_it_is_makes_candidates() -> None:
    """Convicted here, acquitted there: both are kept, neither is sure."""
    merged = merge([report(), report(disposition="acquitted")])
    assert [one.sure for one in merged] == [False, False]


def test_a_matter_that_one_registry_is_sure_of_is_sure() -> None:
    """One sure identification is enough for a merged matter."""
    assert [one.sure for one in merge([report(sure=False), report()])] == [True]


def test_traits_are_put_together_unless_they_contradict() -> None:
    """A complete list that lacks what another has contradicts it; two incomplete ones add up."""
    (one,) = merge([report(traits=frozenset({"intentional"})), report(traits=frozenset({"with-injury"}))])
    assert one.entry.traits == {"intentional", "with-injury"}
    (one,) = merge([report(traits=frozenset({"intentional"})), report(traits=frozenset(), traits_complete=True)])
    assert one.entry.traits == frozenset()
    assert not one.entry.traits_complete
