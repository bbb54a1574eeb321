"""What a check was asked under, sealed when it was asked: who asks, for which role, law and purpose, by which consent.

The rows say the same in clear, for queries. Whoever can write rows could have them say something else, so that
a person is looked up under a law or for an institution that they never agreed to; the sealed terms do not follow.
"""

from sqlalchemy.orm import Session

from gateway import logs, vault
from gateway.checks.models import Check
from gateway.consent import Consent, given

KEPT = "terms"
"""The name under which they are sealed."""

log = logs.get("checks")


def kept(check: Check, consent: Consent) -> dict[str, dict[str, str]]:
    """What is to be sealed under the id of a check that is being asked for, by its name."""
    return {KEPT: _terms(check, consent)}


def verify(session: Session, check: Check, consent: Consent) -> None:
    """See that the rows of a check and of its consent say what was asked, and that it was given and stands.

    Raises vault.Tampered, vault.Shredded.
    """
    found = vault.get_all(session, check.id, (KEPT, given.KEPT))
    compare(found.get(KEPT), check, consent)
    see_it_given(found.get(given.KEPT), check, consent)


def compare(sealed: object, check: Check, consent: Consent) -> None:
    """See that the rows say what is sealed of them. Raises vault.Tampered."""
    agreed = {name: getattr(consent, name) for name in ("policy", "version", "role", "purpose")}
    terms = _terms(check, consent)
    if sealed != terms or any(terms[name] != said for name, said in agreed.items()):
        log.error("terms_do_not_fit", check=check.id)
        raise vault.Tampered(logged=check.id)


def see_it_given(sealed: object, check: Check, consent: Consent) -> None:
    """See that the subject's consent stands, with the times that are sealed of it. Raises vault.Tampered."""
    if not given.fits(sealed, consent):
        log.error("consent_does_not_fit", check=check.id)
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
        "lease": str(consent.lease_months or ""),
    }
