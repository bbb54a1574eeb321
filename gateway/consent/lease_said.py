"""What the subject's pages say of a lease: what agreeing would give, how it stands, what was repeated on it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import vault
from gateway.consent import lease
from gateway.consent.models import Consent
from gateway.consent.wording import Wording
from gateway.db import db
from policies.days import Duration
from policies.plain import length_said

FOLLOWED = "followed"
"""The name under which the first check keeps which request came in its place when the rules had changed."""


def offer(consent: Consent, words: Wording) -> dict[str, Any] | None:
    """What the subject would give by agreeing today: until when, how often, on which days. None without a lease."""
    given = lease.offered(consent)
    if given is None:
        return None
    days = [given.day_after(given.begun)]
    while (following := given.day_after(days[-1])) <= given.until:
        days.append(following)
    return {
        "term": length_said(Duration(given.months, 0), words.language),
        "every": length_said(given.every, words.language),
        "until": words.day(given.until),
        "days": [words.day(day) for day in days],
    }


def standing(consent: Consent, words: Wording) -> dict[str, Any] | None:
    """How the lease of a consent stands, with its re-checks; of a re-check, what it rests on; None without a lease.

    Raises vault.Tampered when rows do not say what was given.
    """
    with db.read() as session:
        if consent.lease_of is not None:
            first = session.get_one(Consent, consent.lease_of)
            return {"begun": words.moment(first.given_at) if first.given_at else ""}
        if consent.leased_until is None:
            return None
        next_day = lease.next_check(consent)
        return {
            "begun": None,
            "stands": lease.stands(consent),
            "until": words.day(consent.leased_until),
            "next": words.day(next_day) if next_day else None,
            "ended": words.moment(consent.lease_ended_at) if consent.lease_ended_at else None,
            "checks": list(_checks(session, consent, words)),
            **_renewal(session, consent),
        }


def _renewal(session: Session, consent: Consent) -> dict[str, bool]:
    if not lease.renewable(consent):
        return {"renewable": False, "changed": False}
    same = lease.same_rules(consent, lease.given(session, consent))
    return {"renewable": same, "changed": not same}


def _checks(session: Session, consent: Consent, words: Wording) -> Iterator[dict[str, str]]:
    """The checks that were repeated, newest first, and before them the request that came in their place."""
    followed = vault.get_all(session, consent.check_id, (FOLLOWED,)).get(FOLLOWED)
    following = session.get(Consent, followed["consent"]) if followed else None
    made = select(Consent).where(Consent.lease_of == consent.id).order_by(Consent.requested_at.desc())
    for each in ([following] if following else []) + list(session.scalars(made)):
        told = each.state == "given" and each.told_at is not None
        yield {
            "id": each.id,
            "asked": words.moment(each.requested_at),
            "state": "told" if told else each.state,
        }
