"""One matter, one entry: reports of the same matter from several registries are merged before anything is decided.

The same matter: the same case number; or the same day, deciding body and offence. Where reports contradict each
other the fact is unknown, so that no registry's word is taken over another's.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from policies.model import Entry, Report

_ALWAYS_STATED = ("jurisdiction", "kind", "disposition")


def merge(reports: Sequence[Report]) -> list[Report]:
    """The matters behind the reports, in their order. Reports that contradict each other on what a matter is
    (its jurisdiction, kind or disposition: no word for *unknown* exists) are kept apart as candidates."""
    groups: list[list[Report]] = []
    for report in reports:
        same = next((group for group in groups if any(_one_matter(report, other) for other in group)), None)
        if same is None:
            groups.append([report])
        else:
            same.append(report)
    return [merged for group in groups for merged in _merge_group(group)]


def _one_matter(one: Report, other: Report) -> bool:
    if one.case is not None and other.case is not None:
        return one.case == other.case and one.body == other.body
    told = (one.entry.decided_on, one.body, one.entry.offence)
    return None not in told and told == (other.entry.decided_on, other.body, other.entry.offence)


def _merge_group(group: list[Report]) -> list[Report]:
    first = group[0]
    if len(group) == 1:
        return group
    if any(getattr(other.entry, name) != getattr(first.entry, name) for other in group for name in _ALWAYS_STATED):
        return [replace(report, sure=False) for report in group]
    entry = first.entry
    for other in group[1:]:
        entry = _merge_entries(entry, other.entry)
    return [replace(first, entry=entry, sure=any(report.sure for report in group))]


def _merge_entries(one: Entry, other: Entry) -> Entry:
    merged: dict[str, Any] = {}
    for field in fields(Entry):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if mine is None or theirs is None:
            merged[field.name] = theirs if mine is None else mine
        else:
            merged[field.name] = mine if mine == theirs else None
    refs = dict.fromkeys(ref for ref in (one.ref, other.ref) if ref)
    merged["ref"] = " + ".join(refs) or None
    merged["offence"] = one.offence if one.offence == other.offence else "unknown"
    merged["traits"], merged["traits_complete"] = _merge_traits(one, other)
    return Entry(**merged)


def _merge_traits(one: Entry, other: Entry) -> tuple[frozenset[str], bool]:
    if one.traits == other.traits:
        return one.traits, one.traits_complete or other.traits_complete
    fuller, barer = (one, other) if one.traits > other.traits else (other, one)
    if fuller.traits > barer.traits and not barer.traits_complete:
        return fuller.traits, fuller.traits_complete
    if not one.traits_complete and not other.traits_complete:
        return one.traits | other.traits, False
    return one.traits & other.traits, False
