"""Answers in their JSON form, for the command line and for tests: what `seal` and `decide` print."""

from datetime import date
from typing import Any

from policies.evaluator import Adjudication, Matter, Reason
from policies.policy import Policy
from policies.sealing import Sealed
from policies.source import least_confident


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def seal_row(sealed: Sealed) -> dict[str, Any]:
    """One entry's seal: level, its days, its rule with the citation, and the timeline as things stand.

    A level that is not settled is None, with `between` its two bounds; a day that is not settled is None.
    """
    reach, levels = sealed.reach, sealed.levels
    rule = reach.rule if reach else None
    cites = [rule.source.cite] if rule else [sealed.regime.source.cite] if sealed.regime else []
    cites += [way.source.cite for way in reach.by] if reach else []
    row: dict[str, Any] = {
        "ref": sealed.entry.ref,
        "level": sealed.level,
        "since": _day(sealed.since),
        "until": _day(sealed.until),
        "rule": rule.id if rule else None,
        "cite": "; ".join(cites) or None,
        "timeline": [{"level": phase.level, "from": _day(phase.start)} for phase in sealed.timeline],
    }
    if sealed.level is None:
        row["between"] = [levels[0], levels[-1]]
    sources = sealed.sources
    if any(source.confidence != "high" or source.contested for source in sources):
        row["confidence"] = least_confident(sources)
        row["contested"] = any(source.contested for source in sources)
    return row


def decision(adjudication: Adjudication, policy: Policy) -> dict[str, Any]:
    """The whole reasoned answer. It names sealed matters: for the offline evaluator's user only."""
    return {
        "outcome": adjudication.outcome,
        "policy": policy.id,
        "version": policy.version,
        "reasons": [_reason(reason) for reason in adjudication.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "bar": reason.bar,
        "holds": reason.holds,
        "cite": reason.cite,
        "confidence": reason.confidence,
        "contested": reason.contested,
        "entries": [_matter(matter) for matter in reason.matters],
    }


def _matter(matter: Matter) -> dict[str, Any]:
    told = {True: "yes", False: "no", None: "unknown"}
    row = seal_row(matter.sealed)
    kept: dict[str, Any] = {name: row[name] for name in row if name in ("ref", "level", "between", "rule", "cite")}
    return {**kept, "readable": told[matter.readable], "counts": told[matter.counts]}
