"""What checks know of their deployment: its registries, its shelf of policies and its settings. Set once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from connectors.base import Connector
from connectors.shelf import Holder, holders
from gateway import clock
from gateway.config import Config
from policies import vocabulary
from policies.library import Library
from policies.policy import Policy, jurisdiction_of


@dataclass(frozen=True)
class Deployment:
    """The registries by the names that policies call them, and how this deployment reads and releases."""

    registries: Mapping[str, Connector]
    library: Library
    reading: str
    hold: timedelta | None
    grid: timedelta | None
    holders: Mapping[str, Holder]
    """Who keeps the registries, in words for the subjects, by the same names."""
    assurance: str | None
    """How sure a proof at the provider makes who somebody is; None where people prove it by their particulars."""

    @property
    def code_to_contact(self) -> bool:
        """Whether people prove who they are with a code that is sent to the contact in the request."""
        return self.assurance is None

    def release_terms(self, policy: Policy) -> tuple[timedelta, timedelta]:
        """How long an answer under this policy is held, and the raster of its release times."""
        return self.hold or policy.release.hold, self.grid or policy.release.grid

    def proves_enough_for(self, policy: Policy) -> bool:
        """Whether people can prove who they are here as surely as a policy wants it.

        Proof by particulars, which has no assurance at all, is for trials, where the people are made up.
        """
        levels = list(vocabulary.words("assurance"))
        return self.assurance is None or levels.index(self.assurance) >= levels.index(policy.assurance)


_deployment: Deployment | None = None


def init(config: Config, registries: Mapping[str, Connector], library: Library) -> None:
    """Set the deployment; the application factory does it. Raises connectors.base.ConfigurationError."""
    global _deployment
    assurance = config.oidc_assurance if config.proof == "oidc" else None
    _deployment = Deployment(
        registries,
        library,
        config.reading,
        config.release_hold,
        config.release_grid,
        holders(config.registries),
        assurance,
    )


def ours() -> Deployment:
    """The deployment. Raises RuntimeError before `init`."""
    if _deployment is None:
        raise RuntimeError("checks.deployment.init(…) has not been called")
    return _deployment


def today(policy_id: str) -> date:
    """The day that it is under a policy: where its law is in force, not where this machine stands."""
    return clock.today(vocabulary.zone(jurisdiction_of(policy_id)))
