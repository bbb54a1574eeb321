"""What is sealed of a consent while it stands: whose rows say that it was given and when its answer leaves must fit it.

Whoever can write rows could have them say that somebody agreed who never did, that nobody withdrew, or that the answer
leaves at once and the subject has no margin; what is sealed does not follow. Taking a consent back only deletes it, so
that it can be done whatever has become of the keys.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from gateway import vault
from gateway.consent.models import Consent

KEPT = "given"
"""The name under which it is sealed."""


def seal(session: Session, consent: Consent) -> None:
    """Seal a consent that was just given."""
    vault.put(session, consent.check_id, KEPT, _said(consent))


def take_back(session: Session, consent: Consent) -> None:
    """Nothing stands any more."""
    vault.remove(session, consent.check_id, KEPT)


def fits(sealed: object, consent: Consent) -> bool:
    """Whether a consent stands, and its rows say of its times what was sealed."""
    return consent.state == "given" and sealed == _said(consent)


def _said(consent: Consent) -> Mapping[str, str | int]:
    times = (consent.given_at, consent.nominal_release_at, consent.release_at, consent.tell_at)
    held = {"hold": consent.hold_seconds, "grid": consent.grid_seconds}
    return {"times": " ".join("" if at is None else at.isoformat() for at in times), **held}
