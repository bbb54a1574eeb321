"""The one interface to a record registry.

A registry that has nothing on a person answers with an empty reply; a registry that cannot answer raises.
A report of a matter that may be another person's is marked (`Report.sure` is False) and never merged silently.

The exceptions, all of them without personal data in their text:

    ConnectorError              asking did not work; nothing is known of the person
    ├── Unavailable             no answer now: down, unreachable, being replaced; ask again later
    ├── Misconfigured           our own set-up is wrong (key, file, credentials): asking again alone will not help
    │   └── ConfigurationError  the same, found while the settings were read: names file, table and key
    └── BadAnswer               an answer came and cannot be used: damaged, contradictory, not the record format
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol

from policies.model import Report


class ConnectorError(Exception):
    """Asking a registry did not work. `registry` is the registry's name in `registries.toml`."""

    def __init__(self, registry: str, problem: str) -> None:
        super().__init__(f"{registry}: {problem}")
        self.registry = registry
        self.problem = problem


class Unavailable(ConnectorError):
    """The registry gives no answer now; ask again later."""


class Misconfigured(ConnectorError):
    """Our own set-up is wrong; somebody has to put it right."""


class ConfigurationError(Misconfigured):
    """The settings of a registry are wrong. `key` is the setting to look at, empty for the whole table."""

    def __init__(self, file: str, registry: str, key: str, problem: str) -> None:
        place = ", ".join(part for part in (file, registry and f"[{registry}]", key) if part)
        super().__init__(registry, problem)
        self.args = (f"{place}: {problem}",)
        self.file = file
        self.key = key


class BadAnswer(ConnectorError):
    """The registry answered, and the answer cannot be used."""


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name in full, in one script (ISO 15924, such as `Hans` or `Latn`) where it is known."""

    full: str = field(repr=False)
    script: str | None = None


@dataclass(frozen=True, slots=True)
class Id:
    """An identifier of a person: its type (`cn-resident-id`) and its value."""

    type: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A question about one person, with what a registry is owed: the purpose, the consent and the policy.

    A query that lacks any of them, or says too little of the person, cannot be made (ValueError).

    `key` is the same whenever the same look is repeated, because no answer came or because whoever asked died before
    it was used: a registry that charges or counts looks takes them for one (an Idempotency-Key). It tells nothing.
    """

    names: tuple[Name, ...] = field(repr=False)
    born: date = field(repr=False)
    ids: tuple[Id, ...] = field(repr=False)
    purpose: str
    consent: str
    policy: str
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for fact in ("purpose", "consent", "policy"):
            if not getattr(self, fact):
                raise ValueError(f"a query must carry its {fact}")
        if not self.names and not self.ids:
            raise ValueError("a query must carry a name or an identifier")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a registry answered: every matter that is the person's or may be. Empty: it has none."""

    reports: tuple[Report, ...] = field(repr=False)
    answered_at: datetime

    @classmethod
    def of(cls, reports: Sequence[Report]) -> "Reply":
        """A reply given now, sure reports first."""
        ordered = sorted(reports, key=lambda report: not report.sure)
        return cls(tuple(ordered), datetime.now(UTC))


class Connector(Protocol):
    """A client of one registry. Used by many threads at once."""

    @property
    def name(self) -> str:
        """The registry's name in `registries.toml`, by which policies call it."""

    def ask(self, query: Query) -> Reply:
        """All that the registry holds on the person. Raises ConnectorError when there is no usable answer."""

    def ready(self) -> bool:
        """Could a question be asked now? Never raises."""
