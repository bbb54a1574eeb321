"""The guardian who joins where somebody is too young to consent alone: asked, found again, and who proves what.

From which age a person consents alone is in `policies/ages.toml`, and it is asked anew on every day: who comes of age
meanwhile decides alone, and the guardian has no say and sees nothing any more.

What this cannot know is whether somebody is the guardian. It takes the institution's word for it, the guardian's own
proof of who they are, and both acts. The subject is shown the guardian's name, and may decline.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from gateway import clock, notices, vault
from gateway.consent import deployment, tokens, wording
from gateway.consent.models import Consent, Guardian, Visit
from gateway.db import Base
from policies import ages, vocabulary
from policies.policy import jurisdiction_of

KEPT = "guardian"
"""The name under which the guardian's particulars are sealed with the check's."""


@dataclass(frozen=True)
class Joining:
    """A guardian who is asked beside the subject; all of it is empty where none is needed."""

    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the institution gets to hand over, beside the subject's link and code."""
    rows: Sequence[Base] = field(default_factory=list, repr=False)
    """To be inserted after the consent."""
    kept: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """To be sealed under the check's id, by name."""


def ask(consent: Consent, person: Mapping[str, Any] | None, language: str) -> Joining:
    """Ask the guardian as well, with a link and a code of their own; the request stands as long as the subject's."""
    if person is None:
        return Joining()
    link, code, contact = tokens.new_link(), tokens.new_code(), person.get("contact")
    row = Guardian(
        consent_id=consent.id, language=wording.known(language), reachable=bool(contact),
        link_hash=tokens.link_hash(link), code_hash=tokens.code_hash(code),
    )  # fmt: skip
    url = deployment.url(f"/c/{link}")
    kept = {**person, "born": person["born"].isoformat(), "record_id": str(uuid.uuid4())}
    letters = _invitation(consent, row, contact, url, code) if contact else []
    return Joining({"guardian": {"url": url, "code": code}}, [row, *letters], {KEPT: kept})


def _invitation(consent: Consent, row: Guardian, contact: Mapping[str, str], url: str, code: str) -> list[Base]:
    words = wording.Wording(row.language, jurisdiction_of(consent.policy))
    return notices.letter(
        contact, "guardian", row.language, until=consent.expires_at,
        institution=consent.institution, url=url, code=code,
        page=deployment.url("/c"), expires=words.moment(consent.expires_at),
    )  # fmt: skip


def by_link(session: Session, hashes: Sequence[str]) -> Consent | None:
    """The consent whose guardian has this link."""
    return session.scalar(_joined().where(Guardian.link_hash.in_(hashes)))


def by_code(session: Session, hashes: Sequence[str]) -> Consent | None:
    """The consent whose guardian has this short code.

    It may be some subject's short code too, once in a million million, and then leads there: to a proof that fails.
    """
    return session.scalar(_joined().where(Guardian.code_hash.in_(hashes)))


def _joined() -> Select[Consent]:
    return select(Consent).join(Guardian, Guardian.consent_id == Consent.id)


def side(session: Session, consent: Consent, visit: Visit) -> Consent | Guardian:
    """The row of the one whose visit it is, with their attempts at proof and their language."""
    return session.get_one(Guardian, consent.id) if visit.guardian else consent


def particulars(session: Session, consent: Consent, visit: Visit) -> dict[str, Any]:
    """What must be proved in a visit: the subject's particulars, or the guardian's. Raises vault.Absent."""
    found: dict[str, Any] = vault.get(session, consent.check_id, KEPT if visit.guardian else "subject")
    return found


def particulars_left(session: Session, consent: Consent, visit: Visit) -> dict[str, Any]:
    """The same; empty when the subject has had them erased."""
    return particulars_of(session, consent, KEPT if visit.guardian else "subject")


def particulars_of(session: Session, consent: Consent, kept: str) -> dict[str, Any]:
    """The same, of the subject or of the guardian (`kept`)."""
    found = vault.get_all(session, consent.check_id, (kept,)).get(kept, {})
    return dict(found) if "names" in found else {}


def erase(session: Session, consent: Consent) -> None:
    """Erase the guardian's particulars, if there is one. Their random number stays, for the receipt is what it was."""
    kept = vault.get_all(session, consent.check_id, (KEPT,)).get(KEPT)
    if kept is not None:
        vault.put(session, consent.check_id, KEPT, {"record_id": kept["record_id"]})
        session.execute(update(Guardian).where(Guardian.consent_id == consent.id).values(reachable=False))


def name(session: Session, consent: Consent, kept: str) -> str:
    """The name of the subject or of the guardian (`kept`) for the other's page: the first that the institution gave.

    Empty when the subject has had it erased.
    """
    found = particulars_of(session, consent, kept)
    return str(found["names"][0]["full"]) if found else ""


def contact(session: Session, consent: Consent, visit: Visit) -> dict[str, str]:
    """Where a one-time code for a visit goes. Raises vault.Absent, KeyError where none was named."""
    if visit.guardian:
        return dict(vault.get(session, consent.check_id, KEPT)["contact"])
    return dict(vault.get(session, consent.check_id, "contact"))


def needed(session: Session, consent: Consent, row: Guardian) -> bool:
    """Whether the subject is still too young to consent alone, today where the policy's law is in force.

    Of somebody who has had their particulars erased it is not known, and nobody is taken to be of age.
    """
    if row.of_age_at is not None:
        return False
    subject, jurisdiction = particulars_of(session, consent, "subject"), jurisdiction_of(consent.policy)
    today = clock.today(vocabulary.zone(jurisdiction))
    return not subject or ages.of(jurisdiction).minor(date.fromisoformat(subject["born"]), today)


def nothing_missing() -> ColumnElement[bool]:
    """Of a consent, in the database at this moment: that nobody else has to agree before it may be given."""
    missing = or_(Guardian.agreed_at.is_(None), Guardian.subject_agreed_at.is_(None))
    of_it = select(Guardian.consent_id).where(Guardian.consent_id == Consent.id)
    return ~of_it.where(Guardian.of_age_at.is_(None), missing).exists()
