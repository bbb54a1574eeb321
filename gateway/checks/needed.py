"""The registries that this deployment cannot do without: those of each policy that some institution may ask under.

Institutions are registered while the gateway runs, so what is needed is read from the database each time. A check
under a policy whose registry has no table in `registries.toml` would wait for ever, and nobody would know why.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gateway import logs
from gateway.checks import deployment
from gateway.db import db
from gateway.oauth.models import Institution
from policies.library import NothingInForce

log = logs.get("checks")


@dataclass(frozen=True)
class Wanting:
    """A registry that a policy asks and that cannot be asked; `there` are the names that registries.toml gives."""

    registry: str
    policy: str
    there: tuple[str, ...]

    def __str__(self) -> str:
        """For the operator: `registries.toml names no police, which cn/kindergarten asks; there is polizei`."""
        if self.registry in self.there:
            return f"{self.registry}, which {self.policy} asks, is not ready"
        there = f"there is {', '.join(self.there)}" if self.there else "it names none at all"
        return f"registries.toml names no {self.registry}, which {self.policy} asks; {there}"


def wanting() -> list[Wanting]:
    """What is needed now and is not there or not ready, each once for every policy that asks it.

    Raises SQLAlchemyError, RuntimeError when the database cannot be read.
    """
    registries = deployment.ours().registries
    there = tuple(sorted(registries))
    needs = [(registry, policy) for policy in _asked_under() for registry in _registries_of(policy)]
    usable = {name: name in registries and registries[name].ready() for name, _ in needs}
    return [Wanting(registry, policy, there) for registry, policy in needs if not usable[registry]]


def all_there() -> bool:
    """Whether every needed registry can be asked; the log says which cannot. A probe for `/readyz`."""
    try:
        return bool(deployment.ours().registries) and not say_what_is_wanting()
    except (SQLAlchemyError, OSError, RuntimeError):
        return False


def say_what_is_wanting() -> bool:
    """One line in the log for each registry that is wanting; whether there is any. Raises as `wanting` does."""
    found = wanting()
    for one in found:
        log.error("registry_wanting", registry=one.registry, policy=one.policy, said=str(one))
    return bool(found)


def _asked_under() -> list[str]:
    """The policies that some institution is registered for, sorted; one that is suspended asks nothing."""
    with db.read() as session:
        lists = session.scalars(select(Institution.policies).where(Institution.suspended_at.is_(None)))
        return sorted({grant.partition(":")[0] for grants in lists for grant in grants})


def _registries_of(policy_id: str) -> Iterator[str]:
    """Those of the version in force today; none of a policy that is not on the shelf or not in force."""
    library = deployment.ours().library
    if policy_id in library.policies():
        try:
            yield from library.policy(policy_id, deployment.today(policy_id)).registries
        except NothingInForce:
            return
