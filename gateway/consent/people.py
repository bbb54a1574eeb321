"""Who a consent is of, as far as that is to be known again: blind indexes, equal for one person in every request."""

from sqlalchemy.orm import Session

from gateway import vault
from gateway.consent.models import Consent


def of(session: Session, consent: Consent) -> tuple[str, ...]:
    """The blind indexes, as written now, of the person of a consent: the strongest first; none if nobody is known.

    Raises vault.Shredded.
    """
    kept = vault.get_all(session, consent.check_id, ("vouched", "subject"))
    subject = kept.get("vouched") or kept.get("subject") or {"ids": []}
    return tuple(vault.index("person", f"{each['type']} {each['value']} {subject['born']}") for each in subject["ids"])
