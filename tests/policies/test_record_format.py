"""The record format: strict, and clear about what is wrong where."""

from typing import Any

import pytest

from policies.model import RecordError, read_record, write_entry

ENTRY: dict[str, Any] = {"jurisdiction": "cn", "kind": "criminal", "offence": "theft", "disposition": "convicted"}


def test_a_full_entry_goes_through_unchanged() -> None:
    """Reading an entry and writing it again gives the same JSON."""
    entry = {
        **ENTRY,
        "ref": "r-1",
        "grade": "felony-b",
        "traits": ["intentional", "with-injury"],
        "traits_complete": True,
        "proceeding": "p-1",
        "acted_on": "2015-05-01",
        "decided_on": "2015-05-20",
        "ended_on": "2020-01-01",
        "age_at_act": 31,
        "age_at_decision": 31,
        "sentences": [
            {
                "kind": "imprisonment",
                "length": "P1Y10M",
                "started_on": "2015-05-20",
                "released_on": "2016-01-01",
                "suspended": True,
                "supervised_until": "2017-05-20",
                "outstanding": False,
            }
        ],
        "drug": {"substance": "heroin", "addiction": "serious", "clean_since": "2018-01-01", "conduct": "completed"},
    }
    assert write_entry(read_record({"entries": [entry]}).entries[0]) == entry


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"offence": "arsn"}, "entries[0].offence", 'did you mean "arson"'),
        ({"kind": None}, "entries[0].kind", "null"),
        ({"colour": "red"}, "entries[0].colour", "not a field"),
        ({"decided_on": "2015-13-01"}, "entries[0].decided_on", "must be a day"),
        ({"decided_on": 2015}, "entries[0].decided_on", "must be a day"),
        ({"acted_on": "2016-01-01", "decided_on": "2015-01-01"}, "entries[0].decided_on", "before acted_on"),
        ({"age_at_act": "31"}, "entries[0].age_at_act", "whole number"),
        ({"age_at_act": True}, "entries[0].age_at_act", "whole number"),
        ({"traits": "intentional"}, "entries[0].traits", "list"),
        ({"traits": ["violent"]}, "entries[0].traits[0]", "not a known trait"),
        ({"sentences": {}}, "entries[0].sentences", "list"),
        ({"sentences": [{"kind": "fine", "length": "1 year"}]}, "entries[0].sentences[0].length", "duration"),
        ({"sentences": [{"length": "P1Y"}]}, "entries[0].sentences[0].kind", "missing"),
        ({"sentences": [{"kind": "fine", "suspended": "no"}]}, "entries[0].sentences[0].suspended", "true or false"),
        (
            {"sentences": [{"kind": "fine", "completed_on": "2020-01-01", "outstanding": True}]},
            "entries[0].sentences[0].outstanding",
            "completed_on",
        ),
        ({"drug": {"substance": "tea"}}, "entries[0].drug.substance", "not a known substance"),
        ({"jurisdiction": "fr"}, "entries[0].jurisdiction", "not a known jurisdiction"),
    ],
)
def test_bad_entries_name_the_field(change: dict[str, Any], field: str, problem: str) -> None:
    """A wrong entry is refused with the place and what is wrong there."""
    with pytest.raises(RecordError) as caught:
        read_record({"entries": [{**ENTRY, **change}]})
    assert caught.value.field == field
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    "document", [[], "x", 3, None, {}, {"entries": None}, {"entries": {}}, {"entries": [], "x": 1}]
)
def test_bad_documents_are_refused(document: object) -> None:
    """What is not a record is refused whatever it is."""
    with pytest.raises(RecordError):
        read_record(document)
