"""What may be tried: the published policies and laws of a deployment, as they are in force on a day."""

from dataclasses import dataclass
from datetime import date

from flask import Flask, current_app

from gateway import clock
from gateway.problems import NotFound
from policies import vocabulary
from policies.library import Library, NothingInForce
from policies.policy import Policy, jurisdiction_of

_KEY = "sealgate_tryout"


@dataclass(frozen=True)
class Shelf:
    """The published part of a library, and how this deployment reads a law whose wording is open."""

    library: Library
    reading: str

    def rules(self, policy_id: str, role: str) -> Policy:
        """The version of a policy in force today. Raises NotFound, the same for what is unknown and for a draft."""
        try:
            policy = self.library.policy(policy_id, today(policy_id))
        except NothingInForce:
            raise NotFound from None
        if role not in policy.roles:
            raise NotFound
        return policy

    def on(self, policy_id: str, role: str, day: date) -> Policy | None:
        """The version in force on a day, None where there is none with this role."""
        try:
            policy = self.library.policy(policy_id, day)
        except NothingInForce:
            return None
        return policy if role in policy.roles else None

    def by_jurisdiction(self) -> dict[str, list[Policy]]:
        """What is in force today, by the jurisdictions in the order of the vocabulary."""
        found: dict[str, list[Policy]] = {}
        for jurisdiction in vocabulary.words("jurisdiction"):
            for name in self.library.policies():
                policy = self.library.policy_versions[name][0]
                if jurisdiction_of(name) == jurisdiction and policy.version <= today(name).isoformat():
                    found.setdefault(jurisdiction, []).append(self.library.policy(name, today(name)))
        return found


def init(app: Flask, library: Library, reading: str) -> None:
    """Set what the pages of an application show. Drafts and proposals are taken off here, for every use."""
    app.extensions[_KEY] = Shelf(library.public(), reading)


def ours() -> Shelf:
    """The shelf of the application that is answering."""
    found: Shelf = current_app.extensions[_KEY]
    return found


def today(policy_id: str) -> date:
    """The day that it is under a policy: where its law is in force."""
    return clock.today(vocabulary.zone(jurisdiction_of(policy_id)))
