"""A lease: consent to one check and to its repetition for a term, on days of the calendar (DESIGN §11).

The days are anniversaries of the day on which the subject agreed, in the time of the policy's country; what a registry
or anybody else does brings none nearer. What the subject gave is sealed with the check, and the rows must say the
same: whoever can write rows can make none, lengthen none, and bring none back.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from gateway import audit, clock, logs, vault
from gateway.consent import deployment, grid
from gateway.consent.models import Consent
from policies import vocabulary
from policies.days import Duration
from policies.library import NothingInForce
from policies.policy import Policy, jurisdiction_of

KEPT = "lease"
"""The name under which it is sealed, while it is not ended."""

RENEWABLE = timedelta(days=30)
"""How long before its last day it may be renewed."""

log = logs.get("leases")


@dataclass(frozen=True)
class Given:
    """What the subject gave: since when, how often, for how long at a time, until when, and under which text."""

    begun: date
    every: Duration
    months: int
    until: date
    digest: str

    def day_after(self, day: date) -> date:
        """The first anniversary after a day."""
        times = 1
        while (found := (self.every * times).after(self.begun)) <= day:
            times += 1
        return found

    @property
    def renewed_until(self) -> date:
        """The last day of the next term: counted from the beginning, so that the 29th of February is not lost."""
        times = 1
        while (found := Duration(self.months * times, 0).after(self.begun)) <= self.until:
            times += 1
        return found


def today(consent: Consent) -> date:
    """The day that it is under the consent's policy."""
    return clock.today(vocabulary.zone(jurisdiction_of(consent.policy)))


def offered(consent: Consent) -> Given | None:
    """What the subject would give by agreeing now; None where no lease is asked for."""
    if consent.lease_months is None:
        return None
    policy = deployment.library().version(consent.policy, consent.version)
    if policy.lease is None:
        return None
    begun, months = today(consent), consent.lease_months
    return Given(begun, policy.lease.every, months, Duration(months, 0).after(begun), policy.digest)


def columns(consent: Consent) -> dict[str, Any]:
    """What agreeing now writes into the row, with the rest of it."""
    given = offered(consent)
    return {} if given is None else {"leased_until": given.until, "next_check_on": given.day_after(given.begun)}


def keep(session: Session, consent: Consent) -> None:
    """Seal what was just given, and write it down. Nothing happens where no lease was asked for."""
    given = offered(consent)
    if given is not None:
        seal(session, consent, given)
        record(session, "lease.given", consent)


def seal(session: Session, consent: Consent, given: Given) -> None:
    """Seal what the subject gave, with the day of the next re-check as the row has it now: else whoever can write rows
    could have a day that is done come again."""
    dates = {"begun": given.begun.isoformat(), "until": given.until.isoformat()}
    kept = {**dates, "every": str(given.every), "months": given.months, "digest": given.digest}
    kept["next"] = str(consent.next_check_on)
    vault.put(session, consent.check_id, KEPT, kept)


def record(session: Session, kind: str, consent: Consent) -> None:
    """Write down that a lease was given or renewed."""
    audit.record(
        session, kind, consent.check_id,
        consent=consent.id, policy=consent.policy, version=consent.version, role=consent.role,
    )  # fmt: skip


def stands(consent: Consent) -> bool:
    """Whether the rows say that there is a lease: given, not ended, not over."""
    there = consent.state == "given" and consent.leased_until is not None and consent.lease_ended_at is None
    return there and consent.leased_until is not None and today(consent) <= consent.leased_until


def given(session: Session, consent: Consent) -> Given:
    """What the subject gave, of a lease that stands. Raises vault.Tampered when the rows say something else."""
    kept = vault.get_all(session, consent.check_id, (KEPT,)).get(KEPT)
    if kept is not None and kept["until"] == str(consent.leased_until) and kept["months"] == consent.lease_months:
        begun, until = date.fromisoformat(kept["begun"]), date.fromisoformat(kept["until"])
        found = Given(begun, Duration.parse(kept["every"]), kept["months"], until, kept["digest"])
        if consent.next_check_on is not None and kept["next"] == str(consent.next_check_on):
            return found
    log.error("lease_does_not_fit", check=consent.check_id)
    raise vault.Tampered(logged=consent.check_id)


def in_force(consent: Consent) -> Policy | None:
    """The version of the consent's policy in force today; None if there is none."""
    try:
        return deployment.library().policy(consent.policy, today(consent))
    except NothingInForce:
        return None


def same_rules(consent: Consent, given: Given) -> bool:
    """Whether the text in force today is, to the byte, the one that was agreed to."""
    policy = in_force(consent)
    return policy is not None and (policy.version, policy.digest) == (consent.version, given.digest)


def renewable(consent: Consent) -> bool:
    """Whether it is time to ask for a renewal."""
    return stands(consent) and consent.leased_until is not None and today(consent) >= consent.leased_until - RENEWABLE


def next_check(consent: Consent) -> date | None:
    """The day of the next re-check, if it comes within the term."""
    if consent.next_check_on is None or consent.leased_until is None or consent.next_check_on > consent.leased_until:
        return None
    return consent.next_check_on


def shown(consent: Consent, now: datetime) -> dict[str, str | None] | None:
    """A lease as the institution sees it once the answer has left: None where there is none, and from the first grid
    time after its end."""
    if consent.leased_until is None or today(consent) > consent.leased_until:
        return None
    if consent.lease_ended_at is not None and now >= grid.after(consent.lease_ended_at, consent.grid):
        return None
    next_day = next_check(consent)
    return {"until": consent.leased_until.isoformat(), "next": next_day.isoformat() if next_day else None}
