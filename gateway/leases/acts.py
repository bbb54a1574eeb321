"""What may become of a lease, each act in one guarded statement with its audit entry, in the caller's transaction."""

from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from gateway import audit, clock, notices, vault
from gateway.consent import Consent, deployment, lease, withdraw
from gateway.consent.decide import guarded as change
from gateway.consent.wording import Wording
from policies.policy import jurisdiction_of

Why = Literal["subject", "institution", "lapsed", "rules-changed"]

_STANDS = and_(Consent.state == "given", Consent.leased_until.is_not(None), Consent.lease_ended_at.is_(None))


def end(session: Session, consent: Consent, why: Why) -> bool:
    """End a lease for good; whether it was this call that did it.

    What was sealed of it goes, so that no row brings it back. With the subject's end goes what is under way on it.
    """
    if not guarded(session, consent, lease_ended_at=clock.now()):
        return False
    vault.remove(session, consent.check_id, lease.KEPT)
    audit.record(session, "lease.ended", consent.check_id, consent=consent.id, why=why)
    if why == "subject":
        for repeated in repeats(session, consent):
            withdraw(session, repeated)
    return True


def renew(session: Session, consent: Consent) -> bool:
    """The subject renews for the same term, in its last days and under the same rules only. Raises vault.Tampered."""
    if not lease.renewable(consent):
        return False
    given = lease.given(session, consent)
    if not lease.same_rules(consent, given):
        return False
    until = given.renewed_until
    if not guarded(
        session, consent, Consent.leased_until == consent.leased_until, leased_until=until, renewal_asked_at=None
    ):
        return False
    renewed = lease.Given(given.begun, given.every, given.months, until, given.digest)
    lease.seal(session, consent, renewed)
    lease.record(session, "lease.renewed", consent)
    return True


def ask_for_renewal(session: Session, consent: Consent) -> bool:
    """Tell the subject, once a term, that the lease is about to end. The words are the same whatever came out."""
    if consent.leased_until is None:
        return False
    if not guarded(session, consent, Consent.renewal_asked_at.is_(None), renewal_asked_at=clock.now()):
        return False
    if consent.reachable:
        words = Wording(consent.language, jurisdiction_of(consent.policy))
        notices.send(
            session, vault.get(session, consent.check_id, "contact"), "renewal", consent.language,
            institution=consent.institution, page=deployment.url("/c"), day=words.day(consent.leased_until),
        )  # fmt: skip
    return True


def repeats(session: Session, consent: Consent) -> list[Consent]:
    """The checks that were made on a lease, newest first."""
    made = select(Consent).where(Consent.lease_of == consent.id).order_by(Consent.requested_at.desc())
    return list(session.scalars(made))


def guarded(session: Session, consent: Consent, *more: ColumnElement[bool], **values: Any) -> bool:
    """Change the row of a lease that stands, where every condition holds in the database now; read it again."""
    return change(session, consent, and_(_STANDS, *more), **values)
