"""Contacts that people have proved at the provider and keep, so that a code can be sent there another time.

A contact that an institution names proves nothing: it could be the institution's own. One that the provider has
vouched for in the same breath as a name, a birth date and identifiers belongs to that person. It is kept if they
say so, under an owner of its own in the vault, together with what was vouched for: at a later request that is held
against the request as the claims of a sign-in are, and only what fits is asked about. It is found by an identifier
with the birth date, never by a name, and each sign-in renews it as long as the provider still vouches for it.

Whoever asks for a code gets the same pages for the same work whether or not there is a contact, and whether or not
codes may go to it at the moment.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from gateway import clock, notices, vault
from gateway.consent import attempts, deployment, oidc, people, proof, tokens
from gateway.consent.models import Consent, ContactPerson, KeptContact, Visit
from gateway.db import new_id
from policies import vocabulary

NAME = "consent.contacts"
"""What a write that may change contacts names (`db.write`): one belongs to a person and not to a check."""

UNDECIDED = timedelta(hours=1)
"""How long a contact is there that the person was asked about and has not answered: as long as a visit lasts."""

_KEPT = "contact"
_KIND = "contact-person"
_NOBODY = {"name": "-", "born": "-"}
_NO_SUBJECT: Mapping[str, Any] = {"names": [], "born": "-", "ids": []}
"""In the place of particulars that the person has had erased."""
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@(?:[^\s@,;:<>()\[\]\\\".]{1,63}\.){1,8}[^\s@,;:<>()\[\]\\\".]{2,63}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass
class Found:
    """What there is for the person of a request; of nobody, all is empty. `vouched` is what may be asked about."""

    id: str = ""
    contact: Mapping[str, str] | None = None
    vouched: dict[str, Any] | None = None
    strikes: int = 0
    pauses: int = 0
    paused_until: datetime | None = None


def allowed(consent: Consent) -> bool:
    """Whether a code to a kept contact proves enough for what is asked, so that it is offered to everybody alike."""
    config = deployment.config()
    if config.proof != "oidc" or not config.contact_term:
        return False
    levels = list(vocabulary.words("assurance"))
    wanted = deployment.library().version(consent.policy, consent.version).assurance
    given = min(levels.index(config.code_assurance), levels.index(str(config.oidc_assurance)))
    return given >= levels.index(wanted)


def term() -> timedelta:
    """How long a contact is kept after a sign-in."""
    return deployment.config().contact_term


def proved(claims: Mapping[str, Any]) -> dict[str, str]:
    """The contact that claims vouch for (OpenID Connect Core §5.1), as far as messages can be sent there."""
    email, phone, found = claims.get("email"), claims.get("phone_number"), {}
    if claims.get("email_verified") is True and isinstance(email, str) and _EMAIL.fullmatch(email):
        found["email"] = email
    by_phone = not deployment.config().outbox.startswith("smtp:")
    if by_phone and claims.get("phone_number_verified") is True and isinstance(phone, str) and _PHONE.fullmatch(phone):
        found["phone"] = phone
    return found


def signed_in(session: Session, visit: Visit, claims: Mapping[str, Any]) -> bool:
    """After a sign-in that fits: renew what is kept, or drop what is not vouched for any more; whether the person is to
    be asked about keeping a contact. In a write that names NAME."""
    mapping = deployment.config().oidc_claims
    stated = {place: proof.stated(claims.get(claim)) for place, claim in mapping.items()}
    ours = {place: value for place, value in stated.items() if value}
    forget_offer(session, visit)
    contact, named = proved(claims), _named(ours)
    renewed = False
    for contact_id in session.scalars(_kept_for(named)).all():
        kept = vault.get(session, contact_id, _KEPT)["contact"]
        if kept.items() <= contact.items():
            vault.put(session, contact_id, _KEPT, {"contact": kept, "claims": ours})
            _find_by(session, contact_id, ours)
            renewed = True
        else:
            forget(session, contact_id)
    if renewed or not (contact and named):
        return False
    row = KeptContact(id=new_id("ctc"), until=clock.now() + UNDECIDED, strikes=0, pauses=0)
    session.add(row)
    session.flush()
    vault.put(session, row.id, _KEPT, {"contact": contact, "claims": ours})
    visit.offered = row.id
    return True


def offer(session: Session, visit: Visit) -> dict[str, str] | None:
    """The contact that the person of a visit is asked about, if they are."""
    kept = vault.get_all(session, visit.offered, (_KEPT,)) if visit.offered else {}
    return dict(kept[_KEPT]["contact"]) if kept else None


def keep(session: Session, visit: Visit) -> None:
    """Keep the contact that the person was asked about, for the term. In a write that names NAME."""
    if visit.offered and offer(session, visit):
        _find_by(session, visit.offered, vault.get(session, visit.offered, _KEPT)["claims"])
        visit.offered = None


def forget_offer(session: Session, visit: Visit) -> None:
    """Shred the contact that the person was asked about and did not say to keep."""
    if visit.offered:
        forget(session, visit.offered)
        visit.offered = None


def of_person(session: Session, named: Collection[str]) -> dict[str, Any] | None:
    """What a person keeps, for their own page: `contact` and `until`. `named` are their identifiers (`people`)."""
    row = session.scalars(select(KeptContact).where(KeptContact.id.in_(_kept_for(named)))).first()
    return None if row is None else {"contact": vault.get(session, row.id, _KEPT)["contact"], "until": row.until}


def remove(session: Session, named: Collection[str]) -> bool:
    """Shred what a person keeps, since they say so; whether there was anything. In a write that names NAME."""
    known = list(session.scalars(_kept_for(named)))
    for contact_id in known:
        forget(session, contact_id)
    return bool(known)


def due(now: datetime) -> Select[str]:
    """The contacts whose term is over."""
    return select(KeptContact.id).where(KeptContact.until <= now)


def forget(session: Session, contact_id: str) -> None:
    """Shred a contact and delete that there was one."""
    vault.forget(session, contact_id)
    session.execute(update(Visit).where(Visit.offered == contact_id).values(offered=None))
    session.execute(delete(ContactPerson).where(ContactPerson.contact_id == contact_id))
    session.execute(delete(KeptContact).where(KeptContact.id == contact_id))


def send_code(session: Session, consent: Consent, visit: Visit, language: str) -> None:
    """Queue a code, which reaches somebody and is right only if the person of the request keeps a contact.

    In a write that names NAME. An earlier code of this visit is dead from now on. Codes to one contact are counted over
    all requests, since whoever may ask for many checks could guess at each; of its pauses nobody is told.
    """
    now, found = clock.now(), find(session, consent)
    may = found.vouched is not None and attempts.paused(found, now) is None
    _count(session, found, attempts.strike)
    digits, nothing = tokens.new_digits(), tokens.new_link()
    visit.code_hash = tokens.digits_hash(visit.id, digits if may else nothing)
    visit.code_expires_at = now + proof.CODE_TERM
    notices.send(
        session, (found.contact if may else None) or {}, "code", language, until=visit.code_expires_at,
        withheld=not may, code=digits, minutes=str(proof.CODE_TERM // timedelta(minutes=1)),
    )  # fmt: skip


def check_code(session: Session, consent: Consent, visit: Visit, digits: str) -> str | None:
    """Take a typed code, as `proof.check_code`. In a write that names NAME.

    What was vouched for at the earlier proof, as far as it fits this request, is what will be asked about.
    """
    found = find(session, consent)
    token = proof.check_code(session, consent, visit, digits if found.vouched is not None else "")
    _count(session, found, attempts.strike if token is None else lambda tried, _now: attempts.succeeded(tried))
    if token is None or found.vouched is None:
        return None
    visit.by_code = True
    if consent.state == "requested":  # once agreed to, it stands
        vault.put(session, consent.check_id, "vouched", found.vouched)
    return token


def find(session: Session, consent: Consent) -> Found:
    """The contact of the person of a request, by their identifiers, and what of the request it vouches for."""
    mapping = deployment.config().oidc_claims
    subject = vault.get_all(session, consent.check_id, ("subject",)).get("subject", _NO_SUBJECT)
    ids = {f"id.{each['type']}": each["value"] for each in subject.get("ids", ())}
    named = _named({place: value for place, value in ids.items() if place in mapping} | {"born": subject["born"]})
    row = session.scalars(select(KeptContact).where(KeptContact.id.in_(_kept_for(named))).limit(1)).first()
    # Where there is none something else is read, for the same work, and leads to nothing.
    owner, name = (row.id, _KEPT) if row is not None else (consent.check_id, "subject")
    kept = vault.get_all(session, owner, (name,)).get(name)
    claims = kept["claims"] if row is not None and kept is not None else _NOBODY
    vouched = oidc.vouched(claims, {place: place for place in mapping}, subject)
    if row is None or kept is None or not vouched:
        return Found()
    return Found(row.id, kept["contact"], vouched, row.strikes, row.pauses, row.paused_until)


def _count(session: Session, found: Found, how: Callable[[Found, datetime], object]) -> None:
    """Count an attempt, or that one was right. In one statement, also where there is no row."""
    now = clock.now()
    if attempts.paused(found, now) is None:
        how(found, now)
    counted = {"strikes": found.strikes, "pauses": found.pauses, "paused_until": found.paused_until}
    session.execute(update(KeptContact).where(KeptContact.id == found.id).values(counted))


def _named(particulars: Mapping[str, str]) -> list[str]:
    """What somebody is found by: each identifier among particulars, by their names in the configuration."""
    ids = {place.removeprefix("id."): value for place, value in particulars.items() if place.startswith("id.")}
    return [people.identifier(kind, value, particulars["born"]) for kind, value in ids.items() if proof.plain(value)]


def _kept_for(named: Collection[str]) -> Select[str]:
    indexes = [index for one in named for index in vault.indexes(_KIND, one)]
    found = select(ContactPerson.contact_id).where(ContactPerson.person.in_(indexes))
    return select(KeptContact.id).where(KeptContact.until > clock.now(), KeptContact.id.in_(found))


def _find_by(session: Session, contact_id: str, claims: Mapping[str, str]) -> None:
    """Let a contact be found by all that its claims say now, for the term from now; another of the person's goes."""
    for other in session.scalars(_kept_for(_named(claims)).where(KeptContact.id != contact_id)).all():
        forget(session, other)
    session.execute(delete(ContactPerson).where(ContactPerson.contact_id == contact_id))
    persons = [vault.index(_KIND, one) for one in _named(claims)]
    session.add_all(ContactPerson(id=new_id("ctp"), contact_id=contact_id, person=one) for one in persons)
    until = clock.now() + term()
    session.execute(update(KeptContact).where(KeptContact.id == contact_id).values(until=until))
