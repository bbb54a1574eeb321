"""What an adjudicator is shown: the question, and of each entry only the fields that decide it.

Never shown: who asks, who the subject is, the registry's own reference, an entry that the bar may not surely
read (where the seal is unsettled a person is shown an entry only as the more sealed of the levels it may have,
DESIGN §6; how many are kept back is said), and an entry under a law that we do not have.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from gateway.desk.shown import Shown
from policies.evaluator import Matter, Reason
from policies.model import Entry, write_entry
from policies.plain import describe
from policies.policy import Bar

# For each condition that a bar may set: the fields of the record format that it looks at.
LOOKS_AT: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind",),
    "offence": ("offence",),
    "except_offence": ("offence",),
    "disposition": (),
    "grade": ("grade",),
    "traits": ("traits", "traits_complete", "grade"),
    "substance": ("drug.substance",),
    "addiction": ("drug.addiction",),
    "conduct": ("drug.conduct",),
    "clean_for": ("drug.clean_since",),
    "age_at_act": ("age_at_act",),
    "age_at_decision": ("age_at_decision",),
    "age": (),
    "running": ("ended_on",),
    "sentence": ("sentences.kind",),
    "length": ("sentences.kind", "sentences.length", "sentences.indefinite"),
    "combined": ("sentences.kind", "sentences.length", "sentences.indefinite", "sentences.consecutive"),
    "day_units": ("sentences.kind", "sentences.day_units"),
    "suspended": ("sentences.kind", "sentences.suspended"),
    "endorsed": ("sentences.kind", "sentences.endorsed"),
    "revoked": ("sentences.kind", "sentences.revoked_on"),
    "outstanding": ("sentences.kind", "sentences.outstanding", "sentences.completed_on"),
    "shown_outstanding": (
        *("sentences.kind", "sentences.outstanding", "sentences.completed_on", "sentences.supervised_until"),
    ),
    "with_sentence": ("sentences.kind", "sentences.decided_on"),
    "points": ("drug.substance", "drug.addiction", "drug.conduct"),
    "term": ("sentences.kind", "sentences.length", "sentences.indefinite"),
}
# The end of a sentence may have to be worked out from its other days.
_TERM = ("sentences.kind", "sentences.length", "sentences.indefinite", "sentences.started_on", "decided_on")
# For each clock that a look-back counts from.
COUNTS_FROM: Mapping[str, tuple[str, ...]] = {
    "act": ("acted_on", "decided_on"),
    "decision": ("decided_on",),
    "ended": ("ended_on",),
    "clean": ("drug.clean_since",),
    "set-aside": ("ended_on", "decided_on"),
    "start": ("sentences.kind", "sentences.started_on", "decided_on"),
    "release": (*_TERM, "sentences.released_on"),
    "release-or-decision": (*_TERM, "sentences.released_on", "sentences.suspended", "sentences.completed_on"),
    "term-end": _TERM,
    "end": (*_TERM, "sentences.completed_on", "sentences.supervised_until"),
    "shown-end": (
        *("sentences.kind", "sentences.completed_on", "sentences.outstanding", "sentences.supervised_until"),
    ),
    "completion": ("sentences.kind", "sentences.completed_on", "sentences.outstanding"),
    "cease": (*_TERM, "sentences.completed_on", "ended_on"),
    "revocation": ("sentences.kind", "sentences.revoked_on"),
}
# For what a look-back is lengthened by.
LENGTHENED_BY: Mapping[str, tuple[str, ...]] = {
    "length": ("sentences.kind", "sentences.length", "sentences.indefinite"),
    "custody": (*_TERM, "sentences.released_on", "sentences.suspended"),
}
# Whether an entry counts at all, and under which law it may be read, turns on these for every bar.
_ALWAYS = ("jurisdiction", "disposition")


BY_NAME_ONLY = "found by name and birth date only; the registry knows no other identifier"


def bars(shown: Shown) -> list[dict[str, Any]]:
    """The bars in question, each with the entries that it rests on, as far as a person may see them."""
    return [_bar(shown, _rule(shown, reason.bar), reason) for reason in shown.reasons]


def persons(shown: Shown) -> list[dict[str, Any]]:
    """The candidates in question: of each is to be said whether it is the same person's."""
    found = {matter.handle: matter for matter in shown.matters}
    return [
        {
            "handle": handle,
            "found": BY_NAME_ONLY,
            "age_fits": age_fits(found[handle].report.entry, shown.asked.query.born),
            "bars": list(names),
            "entry": reduced(found[handle].report.entry, *(_rule(shown, name) for name in names)),
        }
        for handle, names in shown.persons.items()
    ]


def age_fits(entry: Entry, born: date) -> str:
    """Whether an age that the registry gives is that of somebody born then: `yes`, `no`, or `unknown` if none is given.

    It is all that an entry without another identifier has to tell two persons by, and says less than either day.
    """
    told = ((entry.acted_on, entry.age_at_act), (entry.decided_on, entry.age_at_decision))
    fits = {_age(born, day) == age for day, age in told if day is not None and age is not None}
    return "unknown" if not fits else "yes" if fits == {True} else "no"


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _rule(shown: Shown, name: str) -> Bar:
    return next(bar for bar in shown.asked.policy.bars_for(shown.asked.role) if bar.id == name)


def _bar(shown: Shown, bar: Bar, reason: Reason) -> dict[str, Any]:
    visible = [matter for matter in reason.matters if matter.readable is True]
    return {
        "id": bar.id,
        "question": {language: describe(bar, language) for language in ("en", "zh")},
        "cite": reason.cite,
        "holds": reason.holds,
        "confidence": reason.confidence,
        "contested": reason.contested,
        "at_least": bar.at_least,
        "entries": [_matter(shown, bar, matter) for matter in visible],
        "withheld": len(reason.matters) - len(visible),
    }


def _matter(shown: Shown, bar: Bar, matter: Matter) -> dict[str, Any]:
    handle = shown.handles[id(matter.report)]
    return {
        "counts": {True: "yes", False: "no", None: "unknown"}[matter.counts],
        "sure": matter.report.sure,
        "handle": handle if handle in shown.persons else None,
        "level": matter.level,
        "entry": reduced(matter.report.entry, bar),
    }


def reduced(entry: Entry, *of: Bar) -> dict[str, Any]:
    """The fields of an entry that decide whether these bars hold; what is unknown of them is null."""
    paths, traits = set(_ALWAYS), set[str]()
    for bar in of:
        says = bar.condition.says
        paths.update(path for key in says if key != "within" for path in LOOKS_AT[key])
        traits.update(says.get("traits", ()))
        if "within" in says:
            paths.update(COUNTS_FROM[says["within"]["clock"]])
            paths.update(LENGTHENED_BY.get(says["within"].get("plus"), ()))
    fields = _only(write_entry(entry), paths)
    if "traits" in fields:  # a trait that no bar names decides nothing
        fields["traits"] = [trait for trait in fields["traits"] or [] if trait in traits]
    return fields


def _only(whole: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The named fields; `sentences.kind` is the kind of every sentence."""
    inner: dict[str, set[str]] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        inner.setdefault(head, set()).update({rest} - {""})
    return {name: _within(whole.get(name), inner[name]) for name in sorted(inner)}


def _within(value: Any, names: set[str]) -> Any:
    if not names or value is None:
        return value
    if isinstance(value, list):
        return [_only(each, names) for each in value]
    return _only(value, names)
