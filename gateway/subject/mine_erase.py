"""What a person may have erased before its time, and erasing it.

Of a request that ended without an answer: everything personal. `gateway.retention` shreds it, as it would later, and
the log has both, the wish and the deed. Of one that was answered: particulars, contact and what the provider vouched
for; the answer stays until its term, for the institution was told it, and can be contested no more, since nobody can
be asked again about somebody who is not known. While a check is under way nothing: withdrawing ends it.

That a check was about the person stays with its metadata, as a keyed hash (`people`): else it would be gone from the
person's own page, and with it their way to the answer.
"""

from typing import Literal

from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway import audit, clock, vault, work
from gateway.checks import once
from gateway.checks.contest import contested
from gateway.checks.models import Check
from gateway.consent import Consent, guardian, lease

PARTICULARS = ("subject", "vouched", "contact")
"""What is kept of a person, by its names in the vault, beside a guardian's particulars. The institution's own reference
is not theirs to erase."""

_WITHOUT = ("declined", "expired", "cancelled", "withdrawn")

What = Literal["all", "part", "under-way", "leased", "done"]


def erasable(session: Session, consent: Consent) -> What:
    """What may be erased of a check: all of it, a part, or nothing, for it is under way, leased, or was erased."""
    if consent.erase_asked_at is not None or vault_is_empty(session, consent):
        return "done"
    if consent.state in _WITHOUT:
        return "all"
    if consent.released_at is None or contested(session, session.get_one(Check, consent.check_id)):
        return "under-way"
    return "leased" if lease.stands(consent) else "part"


def told(session: Session, consent: Consent, *, fresh: bool) -> What | Literal["stale"]:
    """The same as it is told: of an answered check to a fresh proof only. One that is contested is under way again, and
    only a *no* is contested."""
    return "stale" if consent.released_at is not None and not fresh else erasable(session, consent)


def vault_is_empty(session: Session, consent: Consent) -> bool:
    """Whether the data of a check is gone."""
    return not vault.names(session, consent.check_id)


def erase(session: Session, consent: Consent) -> bool:
    """Erase what may be erased now, once; whether it was this call that did it."""
    what = erasable(session, consent)
    if what not in ("all", "part") or not _ask(session, consent):
        return False
    audit.record(session, "data.erased", consent.check_id)
    consent.reachable = False
    for name in PARTICULARS if what == "part" else ("contact",):
        vault.remove(session, consent.check_id, name)
    if what == "all":
        work.enqueue(session, "retention.erase", consent.check_id)
        return True
    guardian.erase(session, consent)
    check = session.get_one(Check, consent.check_id)
    once.blur(session, check.id, check.created_at)  # whoever has the key could try particulars against it
    session.flush()
    return True


def forget_contact(session: Session, consent: Consent) -> bool:
    """Send no more messages about a check, whatever its state; whether there was a contact."""
    if not consent.reachable:
        return False
    consent.reachable = False
    vault.remove(session, consent.check_id, "contact")
    audit.record(session, "data.erased", consent.check_id)
    session.flush()
    return True


def _ask(session: Session, consent: Consent) -> bool:
    """Note the wish, unless it was noted or the consent has moved on meanwhile."""
    still = (Consent.id == consent.id) & (Consent.state == consent.state) & Consent.erase_asked_at.is_(None)
    asked = update(Consent).where(still).values(erase_asked_at=clock.now()).returning(Consent.id)
    done = session.execute(asked.execution_options(synchronize_session=False)).first()
    session.refresh(consent)
    return done is not None
