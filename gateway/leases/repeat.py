"""The tick that keeps leases: on its day a check is repeated, exactly once; in the last days a renewal is asked for;
what is over is ended.

Nothing but the calendar begins a re-check. It is an ordinary check of its own, with consent that was given before,
its own hold and its own deferral by lot. Each lease is looked at in a transaction of its own, which moves the day on
and makes the check or does neither: after a crash, and with two workers, the day is still there or it is not.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from gateway import audit, clock, logs, vault, work
from gateway.belief import believed
from gateway.checks import deployment, terms
from gateway.checks.models import Check
from gateway.consent import Asked, Consent, agree, ask, invite, lease, people
from gateway.consent.lease_said import FOLLOWED
from gateway.db import db, new_id
from gateway.leases import acts
from gateway.oauth.models import Institution
from policies.policy import Policy

PERIOD_SECONDS = 3600
BATCH = 100

COPIED = ("subject", "vouched", "reference", "contact")
"""What a re-check gets of what is sealed with the first; each check has it under a key of its own."""

log = logs.get("leases")


@work.every("leases.keep", seconds=PERIOD_SECONDS)
def tick() -> None:
    """Do what is due of every lease, if the clock is to be believed."""
    if believed():
        keep_all()


def keep_all() -> None:
    """Do what is due of every lease. One whose stored data is damaged is left to the operator, and stops no other."""
    after = ""
    while True:
        with db.read() as session:
            found = session.execute(_near().where(Consent.id > after).order_by(Consent.id).limit(BATCH)).all()
        for consent_id, check_id in found:
            try:
                with db.write(check_id) as session:
                    keep(session, session.get_one(Consent, consent_id))
            except (vault.Tampered, vault.Shredded, vault.Absent, vault.UnknownKek) as error:
                log.error("lease_damaged", check=check_id, error=type(error).__name__)
        if len(found) < BATCH:
            return
        after = found[-1][0]


def _near() -> Select[str, str]:
    """Leases of which something may be due today, wherever it is today."""
    day = clock.now().date() + timedelta(days=1)
    return select(Consent.id, Consent.check_id).where(
        and_(Consent.leased_until.is_not(None), Consent.lease_ended_at.is_(None), Consent.state == "given"),
        or_(Consent.next_check_on <= day, Consent.leased_until <= day + lease.RENEWABLE),
    )


def keep(session: Session, consent: Consent) -> None:
    """Do what is due of one lease. Raises vault.Tampered and its siblings."""
    if consent.leased_until is None or consent.lease_ended_at is not None or consent.state != "given":
        return
    if not lease.stands(consent):
        acts.end(session, consent, "lapsed")
        return
    check = session.scalars(select(Check).where(Check.id == consent.check_id)).one()
    if consent.released_at is None or not _may_ask(session, check):
        return
    if lease.renewable(consent):
        acts.ask_for_renewal(session, consent)
    if consent.next_check_on is not None and consent.next_check_on <= lease.today(consent):
        repeat(session, check, consent)


def _may_ask(session: Session, check: Check) -> bool:
    """Whether the institution is not suspended and is registered for the role still."""
    institution = session.get_one(Institution, check.institution_id)
    registered = {check.policy, f"{check.policy}:{check.role}"} & set(institution.policies)
    return institution.suspended_at is None and bool(registered)


def repeat(session: Session, check: Check, consent: Consent) -> None:
    """Make the re-check of today, however many were missed; or, under other rules, ask the subject anew and end."""
    terms.verify(session, check, consent)
    given, policy = lease.given(session, consent), lease.in_force(consent)
    if policy is None:  # nothing could answer, and nothing can be agreed to
        log.error("no_law_in_force", check=check.id)
        return
    due = consent.next_check_on
    if not acts.guarded(
        session, consent, Consent.next_check_on == due, next_check_on=given.day_after(lease.today(consent))
    ):
        return
    lease.seal(session, consent, given)
    if lease.same_rules(consent, given):
        asked = _open(session, check, consent, policy, None)
        asked.consent.reachable, asked.consent.lease_of = consent.reachable, consent.id
        session.flush()
        if not agree(session, asked.consent):
            raise RuntimeError("a request that was just made could not be agreed to")
        return
    if check.role in policy.roles and deployment.ours().proves_enough_for(policy):
        _ask_anew(session, check, consent, policy)
    acts.end(session, consent, "rules-changed")


def _ask_anew(session: Session, check: Check, consent: Consent, policy: Policy) -> None:
    """Other rules are in force: whether the subject agrees to them is for them to say, as at first."""
    most = 0 if policy.lease is None else policy.lease.term.months
    asked = _open(session, check, consent, policy, min(consent.lease_months or 0, most) or None)
    vault.put(session, check.id, FOLLOWED, {"consent": asked.consent.id})
    if consent.reachable:
        asked.consent.reachable = True
        invite(session, asked, vault.get(session, check.id, "contact"))


def _open(session: Session, first: Check, consent: Consent, policy: Policy, months: int | None) -> Asked:
    """A check like the first, with a request for consent of its own, in this transaction."""
    kept = vault.get_all(session, first.id, COPIED)
    if "subject" not in kept:
        raise vault.Absent("subject")
    check = Check(
        id=new_id("chk"), institution_id=first.institution_id, client_id=first.client_id,
        reference_index=first.reference_index, policy=policy.id, version=policy.version,
        role=first.role, purpose=first.purpose, created_at=clock.now(),
    )  # fmt: skip
    hold, grid = deployment.ours().release_terms(policy)
    asked = ask(
        check.id, consent.institution, policy, first.role, first.purpose, None, consent.language, hold, grid, months,
        subject=kept["subject"],
    )  # fmt: skip
    session.add_all([check, *asked.rows])
    session.flush()
    people.inherit(session, consent, asked.consent)
    _seal(session, check, asked, kept)
    audit.record(
        session, "check.requested", check.id, institution=check.institution_id, client=check.client_id,
        policy=check.policy, version=check.version, role=check.role, purpose=check.purpose,
    )  # fmt: skip
    return asked


def _seal(session: Session, check: Check, asked: Asked, kept: Mapping[str, Any]) -> None:
    sealed = {"reference": None, **asked.kept, **kept, **terms.kept(check, asked.consent)}
    for name, value in sealed.items():
        vault.put(session, check.id, name, value)
