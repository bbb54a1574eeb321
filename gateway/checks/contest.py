"""The subject contests a no: another person than before looks at it again, with what the registries say then.

Before the institution can read the answer it is held back, and the institution sees what it sees of any check that
takes longer. Afterwards the answer stands until a person has decided otherwise (`correct`).
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, clock, vault
from gateway.checks.models import Check, Correction, Review
from gateway.checks.settle import CONTEST, open_review
from gateway.consent import Consent, hold_back
from gateway.db import db

GROUNDS = ("person", "fact", "law")
"""Why a no is contested: it is about somebody else, what stands there is not so, the rule does not fit."""

AGAIN = timedelta(days=30)
"""How long after a contest the next one is possible, which yet another person decides."""


def contest(check_id: str, ground: str) -> bool:
    """Contest the answer of a check; False if there is nothing that can be contested now. Raises ValueError for an
    unknown ground, vault.Shredded when the check's time is up."""
    if ground not in GROUNDS:
        raise ValueError("not a ground")
    with db.write(check_id) as session:
        check = session.get_one(Check, check_id)
        consent = session.scalars(select(Consent).where(Consent.check_id == check_id)).one()
        if not contestable(session, check, consent):
            return False
        if consent.released_at is None:
            if not hold_back(session, consent):
                return False
            check.ready_at = None
            vault.remove(session, check.id, "result")  # so that no row lets it go: whoever decides puts another
        audit.record(session, "contest.opened", check.id, ground=ground)
        open_review(session, check, CONTEST, ground=ground)
        return True


def contestable(session: Session, check: Check, consent: Consent) -> bool:
    """Whether there is a no that the subject knows and that nobody is looking at. Raises vault.Shredded."""
    if consent.state != "given" or consent.told_at is None or contested(session, check):
        return False
    if vault.get(session, check.id, "result")["eligible"] or not vault.has(session, check.id, "subject"):
        return False
    earlier = [entry.at for entry in audit.about(session, check.id) if entry.kind == "contest.opened"]
    return all(at + AGAIN <= clock.now() for at in earlier)


def contested(session: Session, check: Check) -> bool:
    """Whether a person is looking at an answer again, or another answer is on its way."""
    coming = session.scalar(select(Correction.id).where(Correction.check_id == check.id)) is not None
    on_desk = session.scalar(select(Review.id).where(Review.check_id == check.id, Review.decided_at.is_(None)))
    return coming or on_desk is not None
