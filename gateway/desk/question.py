"""What an adjudicator is shown: the question, and of each entry only the fields that decide it.

Never shown: who asks, who the subject is, the registry's own reference, an entry that the bar may not surely
read (where the seal is unsettled a person is shown an entry only as the more sealed of the levels it may have,
DESIGN §6; how many are kept back is said), and an entry under a law that we do not have.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.evaluator import Adjudication, Matter, Reason
from policies.model import Entry, write_entry
from policies.plain import describe
from policies.policy import Bar, Policy

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


def bars_in_question(policy: Policy, role: str, adjudication: Adjudication) -> list[dict[str, Any]]:
    """The bars that the answer turns on: those that hold if one does, else those that are unknown."""
    decisive = "yes" if adjudication.outcome == "ineligible" else "unknown"
    bars = {bar.id: bar for bar in policy.bars_for(role)}
    return [_bar(bars[reason.bar], reason) for reason in adjudication.reasons if reason.holds == decisive]


def _bar(bar: Bar, reason: Reason) -> dict[str, Any]:
    shown = [matter for matter in reason.matters if matter.readable is True]
    return {
        "question": {language: describe(bar, language) for language in ("en", "zh")},
        "cite": reason.cite,
        "holds": reason.holds,
        "confidence": reason.confidence,
        "contested": reason.contested,
        "at_least": bar.at_least,
        "entries": [_matter(bar, matter) for matter in shown],
        "withheld": len(reason.matters) - len(shown),
    }


def _matter(bar: Bar, matter: Matter) -> dict[str, Any]:
    return {
        "counts": {True: "yes", False: "no", None: "unknown"}[matter.counts],
        "sure": matter.report.sure,
        "level": matter.level,
        "entry": reduced(matter.report.entry, bar),
    }


def reduced(entry: Entry, bar: Bar) -> dict[str, Any]:
    """The fields of an entry that decide whether this bar holds; what is unknown of them is null."""
    says = bar.condition.says
    paths = {*_ALWAYS, *(path for key in says if key != "within" for path in LOOKS_AT[key])}
    if "within" in says:
        paths.update(COUNTS_FROM[says["within"]["clock"]])
        paths.update(LENGTHENED_BY.get(says["within"].get("plus"), ()))
    fields = _only(write_entry(entry), paths)
    if "traits" in fields:  # a trait that the bar does not name decides nothing
        fields["traits"] = [trait for trait in fields["traits"] or [] if trait in says["traits"]]
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
