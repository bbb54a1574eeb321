"""A look at the registries: every registry that the policy names, always all of them, hit or no hit.

The route looks once to answer; the desk looks again to show a question, and the subject to see the reasons. Either way
the consent stands at that moment, and the look is in the audit log before the registry is asked, so that none goes
unrecorded. What comes back is in memory only.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain

from sqlalchemy.orm import Session

from connectors.base import Connector, ConnectorError, Id, Name, Query
from gateway import audit, logs, metrics, vault
from gateway.checks import deployment
from gateway.checks.distinct import without_others
from gateway.checks.models import Check
from gateway.consent import decided
from gateway.db import db
from policies.evaluator import Adjudication, adjudicate
from policies.model import Entry, Report
from policies.policy import Policy
from policies.regime import Regime

log = logs.get("checks")


class NoConsent(Exception):
    """The consent does not stand (any more): nobody may be asked."""


class Silent(Exception):
    """A registry gives no usable answer now, so that nothing can be said; `registry` is its name."""

    def __init__(self, registry: str) -> None:
        super().__init__(registry)
        self.registry = registry


@dataclass(frozen=True)
class Question:
    """What is asked about whom, with the law that answers: all pinned, so that it is the same on every look."""

    check_id: str
    policy: Policy
    role: str
    day: date
    regimes: Mapping[str, Regime] = field(repr=False)
    query: Query = field(repr=False)


def pin(session: Session, check: Check) -> None:
    """Fix the day whose law answers and the versions of the regimes; what is fixed already stays.

    Raises NothingInForce if the policy's version is not on the shelf.
    """
    if check.day is None:
        check.day = deployment.today(check.policy)
        library = deployment.ours().library
        check.regimes = {regime.id: regime.version for regime in library.regimes(check.day).values()}
        digest = library.version(check.policy, check.version).digest
        audit.record(
            session, "policy.pinned", check.id, policy=check.policy, version=check.version, digest=digest
        )  # fmt: skip


def question(session: Session, check: Check) -> Question:
    """The question of a check whose day is fixed. Raises NothingInForce if a pinned version is not on the shelf."""
    if check.day is None or check.regimes is None:
        raise ValueError("the day is not fixed")
    library = deployment.ours().library
    regimes = [library.regime(name, date.fromisoformat(version)) for name, version in check.regimes.items()]
    # Where people sign in, only what the provider vouches for is asked about, not all that an institution wrote.
    subject = vault.get(session, check.id, "vouched" if deployment.ours().assurance else "subject")
    query = Query(
        names=tuple(Name(name["full"], name.get("script")) for name in subject["names"]),
        born=date.fromisoformat(subject["born"]),
        ids=tuple(Id(each["type"], each["value"]) for each in subject["ids"]),
        purpose=check.purpose,
        consent=decided(session, check.id).id,
        policy=check.policy,
    )
    return Question(
        check_id=check.id,
        policy=library.version(check.policy, check.version),
        role=check.role,
        day=check.day,
        regimes={regime.jurisdiction: regime for regime in regimes},
        query=query,
    )


def ask_everyone(asked: Question, why: str) -> tuple[Report, ...]:
    """What every registry of the policy says of the subject, together. As `ask_each`."""
    return tuple(chain.from_iterable(ask_each(asked, why).values()))


def ask_each(asked: Question, why: str) -> Mapping[str, Sequence[Report]]:
    """What each registry of the policy says of the subject; `why` (`check`, `review`, `subject`) goes into the log.

    Raises Silent when one of them is missing, not ready or gives no usable answer: silence is never clean. No
    other is asked then, because each look is one too many if it cannot lead to an answer. Raises NoConsent.
    """
    registries = [_registry(name) for name in asked.policy.registries]
    reports: dict[str, list[Report]] = {}
    for registry in registries:
        _enter(asked, registry.name, why)
        began, result = time.monotonic(), "failed"
        try:
            query = replace(asked.query, key=_key(asked, registry.name, why))
            possible = _possible(asked, registry.name, registry.ask(query).reports)
            result = "answered"
        except ConnectorError as error:
            log.warning("registry_silent", check=asked.check_id, registry=registry.name, error=type(error).__name__)
            raise Silent(registry.name) from None
        finally:
            if why == "check":  # a look of the desk would say that there is a review, the subject's own that it is a no
                metrics.count(metrics.ASKED, registry=registry.name, result=result)
                metrics.took(metrics.ASK_SECONDS, time.monotonic() - began, registry=registry.name)
        reports[registry.name] = without_others(asked.check_id, registry.name, possible)
    return reports


def adjudicated(asked: Question, reports: Sequence[Report]) -> Adjudication:
    """The whole reasoned answer, for memory only."""
    ours = deployment.ours()
    return adjudicate(reports, asked.regimes, asked.policy, asked.role, asked.day, ours.reading, asked.query.born)


def _key(asked: Question, registry: str, why: str) -> str:
    """Names a look for the registry: the same when it is repeated on the same day, as after a crash.

    Another for every registry, so that they cannot compare, and on another day, since a record may have changed. A
    check's id cannot be guessed, and so the key does not lead back to it.
    """
    look = f"{asked.check_id} {registry} {why} {deployment.today(asked.policy.id).isoformat()}"
    return hashlib.sha256(look.encode()).hexdigest()


def _registry(name: str) -> Connector:
    registry = deployment.ours().registries.get(name)
    if registry is None or not registry.ready():
        log.error("registry_missing" if registry is None else "registry_not_ready", registry=name)
        raise Silent(name)
    return registry


def _possible(asked: Question, registry: str, reports: Sequence[Report]) -> list[Report]:
    """The reports of a live answer, without days that have not come yet.

    What is decided after the day that is adjudicated is left out there, and rightly so between that day and today.
    But nothing can have happened after today: such a day is a registry's mistake, a typo perhaps, and says nothing
    about when it was. Taken at its word it would make a matter vanish and the person eligible; so it is unknown.
    """
    today = deployment.today(asked.policy.id)
    possible = [replace(report, entry=_until(today, report.entry)) for report in reports]
    if possible != list(reports):
        log.warning("registry_told_days_to_come", registry=registry)  # of which check would say who has a record
    return possible


def _until(today: date, entry: Entry) -> Entry:
    acted, decided_on = entry.acted_on, entry.decided_on
    return replace(
        entry,
        acted_on=None if acted is not None and acted > today else acted,
        decided_on=None if decided_on is not None and decided_on > today else decided_on,
    )


def _enter(asked: Question, registry: str, why: str) -> None:
    """Write the look into the log, if the consent stands at this moment. Raises NoConsent."""
    with db.write(asked.check_id) as session:
        if decided(session, asked.check_id).state != "given":
            raise NoConsent
        audit.record(session, "registry.asked", asked.check_id, registry=registry, why=why)
