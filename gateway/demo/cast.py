"""The cast of the demonstration, from `cast.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Played:
    """An institution, with what it is registered for."""

    id: str
    name: str
    short: str
    registration: str
    policies: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One check: who asks about whom, what the person does, and what must come out (`until` a day, if any)."""

    by: str
    policy: str
    role: str
    name: str
    latin: str
    born: date
    number: str
    expect: str
    story: str
    declines: bool = False
    until: date | None = None

    @property
    def email(self) -> str:
        """Where messages to this person go: nowhere but into the outbox file."""
        return f"{self.latin.lower().replace(' ', '.')}@post.example"

    def message(self) -> dict[str, Any]:
        """What the institution's software posts."""
        return {
            "policy": self.policy,
            "role": self.role,
            "purpose": "hiring",
            "reference": f"{self.by}-{self.latin.split()[0].lower()}",
            "subject": {
                "names": [{"full": self.name, "script": "Hans"}, {"full": self.latin, "script": "Latn"}],
                "born": self.born.isoformat(),
                "ids": [{"type": "cn-resident-id", "value": self.number}],
                "contact": {"email": self.email},
            },
        }


@dataclass(frozen=True)
class Cast:
    """Everybody. `desk` is the name and the registration of the adjudicators' desk, `yours` the viewer's own check."""

    institutions: tuple[Played, ...]
    desk: tuple[str, str]
    checks: tuple[Asked, ...]
    yours: Asked

    def short(self, institution: str) -> str:
        """What the table calls an institution."""
        return next(each.short for each in self.institutions if each.id == institution)


def load() -> Cast:
    """Read the cast that is shipped with the package."""
    document = tomllib.loads(files("gateway.demo").joinpath("cast.toml").read_text("utf-8"))
    institutions = (each | {"policies": tuple(each["policies"])} for each in document["institution"])
    desk = document["desk"]
    return Cast(
        institutions=tuple(Played(**each) for each in institutions),
        desk=(desk["name"], desk["registration"]),
        checks=tuple(Asked(**each) for each in document["check"]),
        yours=Asked(**document["yours"]),
    )
