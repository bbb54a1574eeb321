"""Explain a policy: what leads to a no, by which law, who may read what of it, and what a yes does not say."""

from collections.abc import Mapping
from typing import Any

from policies import vocabulary
from policies.analysis.asks import READINGS
from policies.plain import repeated, says
from policies.policy import Bar, Lease, Policy
from policies.regime import Regime
from policies.source import Source

LANGUAGES = ("en", "zh")


def explain(policy: Policy, roles: tuple[str, ...], law: Mapping[str, Regime]) -> dict[str, Any]:
    """One version of a policy for some of its roles, under the law of a day, in JSON form. Texts are in `en` and `zh`.

    Raises KeyError for a role that the policy does not have.
    """
    bars = {bar.id: bar for role in roles for bar in policy.bars_for(role)}
    in_order = [bar for bar in policy.bars if bar.id in bars]
    return {
        "policy": policy.id,
        "version": policy.version,
        "title": dict(policy.title),
        "cite": _cited(policy.source),
        "checked": policy.checked.isoformat(),
        "roles": {role: dict(policy.role_labels[role]) for role in roles},
        "laws": [
            {
                "cite": _cited(source),
                "bars": [_bar(bar, policy, roles, law) for bar in in_order if bar.source.cite == source.cite],
            }
            for source in {bar.source.cite: bar.source for bar in in_order}.values()
        ],
        "not_covered": [dict(one) for one in policy.not_covered],
        "registries": list(policy.registries),
        "lease": None if policy.lease is None else _lease(policy.lease),
    }


def _lease(lease: Lease) -> dict[str, Any]:
    return {
        "every": str(lease.every),
        "term": str(lease.term),
        "says": {language: repeated(lease, language) for language in LANGUAGES},
        "confidence": lease.source.confidence,
        "contested": lease.source.contested,
        "note": lease.source.note,
    }


def _cited(source: Source) -> dict[str, str]:
    return {language: source.cited(language) for language in LANGUAGES}


def _bar(bar: Bar, policy: Policy, roles: tuple[str, ...], law: Mapping[str, Regime]) -> dict[str, Any]:
    return {
        "id": bar.id,
        "says": {language: says(bar, language) for language in LANGUAGES},
        "roles": [role for role in roles if role in bar.roles],
        "for_all_roles": set(bar.roles) == set(policy.roles),
        "rank": bar.rank,
        "confidence": bar.source.confidence,
        "contested": bar.source.contested,
        "note": bar.source.note,
        "reads": {reading: _reads(bar, reading, law) for reading in READINGS},
    }


def _reads(bar: Bar, reading: str, law: Mapping[str, Regime]) -> dict[str, list[dict[str, Any]]]:
    """Of which laws the bar may read lightly sealed entries under a reading, and of which it names a reader in vain.

    What is open is always read, what is sealed deeply or erased never.
    """
    found: dict[str, list[dict[str, Any]]] = {"sealed": [], "refused": []}
    for name, regime in law.items():
        for basis in bar.basis:
            reader = regime.readers.get(basis)
            if reader is None:
                continue
            row = {
                "jurisdiction": name,
                "reader": basis,
                "cite": _cited(reader.source),
                "confidence": reader.source.confidence,
                "contested": reader.source.contested,
                "part": bool(reader.opens),
            }
            if reader.admits(bar.rank, reading):
                found["sealed"].append(row)
            else:
                ranks = reader.ranks or {}
                admitted = [rank for rank in vocabulary.words("rank") if rank in ranks.get(reading, ())]
                found["refused"].append({**row, "admits": admitted})
    return found
