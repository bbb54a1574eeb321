"""What a check was asked under, sealed when it was asked: who asks, for which role, law and purpose, by which consent.

The rows say the same in clear, for queries. Whoever can write rows could have them say something else, so that
a person is looked up under a law or for an institution that they never agreed to; the sealed terms do not follow.
"""

from sqlalchemy.orm import Session

from gateway import logs, vault
from gateway.checks.models import Check
from gateway.consent import Consent

_KEPT = "terms"

log = logs.get("checks")


def keep(session: Session, check: Check, consent: Consent) -> None:
    """Seal the terms of a check that is being asked for."""
    vault.put(session, check.id, _KEPT, _terms(check, consent))


def verify(session: Session, check: Check, consent: Consent) -> None:
    """See that the rows of a check and of its consent say what was asked. Raises vault.Tampered, vault.Shredded."""
    try:
        kept = vault.get(session, check.id, _KEPT)
    except vault.Absent:
        kept = None
    agreed = {name: getattr(consent, name) for name in ("policy", "version", "role", "purpose")}
    terms = _terms(check, consent)
    if kept != terms or any(terms[name] != said for name, said in agreed.items()):
        log.error("terms_do_not_fit", check=check.id)
        raise vault.Tampered(logged=check.id)


def _terms(check: Check, consent: Consent) -> dict[str, str]:
    return {
        "institution": check.institution_id,
        "named": consent.institution,
        "policy": check.policy,
        "version": check.version,
        "role": check.role,
        "purpose": check.purpose,
        "consent": consent.id,
        "asked": consent.check_id,
    }
