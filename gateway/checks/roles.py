"""The roles that an institution may ask about, each in plain words."""

from collections.abc import Iterator
from typing import Any

from gateway.checks import deployment
from gateway.oauth import Caller
from policies.library import NothingInForce
from policies.plain import looked_at
from policies.policy import Policy

LANGUAGES = ("en", "zh")


def roles_of(caller: Caller) -> list[dict[str, Any]]:
    """The roles that the caller's institution is registered for, under the versions in force today."""
    return [_role(policy, role) for policy in _in_force() for role in policy.roles if caller.may_ask(policy.id, role)]


def _in_force() -> Iterator[Policy]:
    library = deployment.ours().library
    for policy_id in library.policies():
        try:
            yield library.policy(policy_id, deployment.today(policy_id))
        except NothingInForce:
            continue


def _role(policy: Policy, role: str) -> dict[str, Any]:
    return {
        "policy": {"id": policy.id, "version": policy.version},
        "role": role,
        "title": dict(policy.title),
        "label": dict(policy.role_labels[role]),
        "looked_at": {language: looked_at(policy, role, language) for language in LANGUAGES},
        "not_covered": [dict(label) for label in policy.not_covered],
        "lease": _lease(policy),
    }


def _lease(policy: Policy) -> dict[str, str] | None:
    return None if policy.lease is None else {"every": str(policy.lease.every), "term": str(policy.lease.term)}
