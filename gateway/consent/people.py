"""Who a consent is about, as blind indexes: what a person finds their own checks by, and nothing can be read from.

Where people sign in at a provider, one for each identifier that the provider may vouch for, with the birth date, so
that a number alone finds nothing; after a sign-in one more, of the provider and its name for the person (OpenID Connect
Core §2: `iss` and `sub` together are the only claims that name somebody for good). In trials one of birth date, first
name and contact, all of the contact: an institution may name its own telephone beside another person's address.

What the institution wrote is `named`: it may have written another person's number beside a person's own. So a check is
about somebody only if everything that is named there is theirs, or if they have proved to be its subject before.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from gateway import vault
from gateway.consent import deployment, proof
from gateway.consent.models import Consent, ConsentPerson
from gateway.db import new_id
from gateway.vault.blind import brought_on

_KIND = "consent-person"


@dataclass(frozen=True)
class Person:
    """Somebody who has shown who they are: by what they proved it, and by what else an institution may have named them.

    To be kept in the vault only.
    """

    proof: str = field(repr=False)
    named: tuple[str, ...] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """For the vault."""
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Person":
        """From the vault."""
        return cls(kept["proof"], tuple(kept["named"]))


def rows(consent_id: str, subject: Mapping[str, Any], contact: Mapping[str, str] | None) -> list[ConsentPerson]:
    """The rows (for `db.insert`) of a new request about a subject; `born` is written as YYYY-MM-DD."""
    indexes = dict.fromkeys(vault.index(_KIND, value) for value in _named(subject, contact))
    return [ConsentPerson(id=new_id("cop"), consent_id=consent_id, person=one, proved=False) for one in indexes]


def by_particulars(subject: Mapping[str, Any], contact: Mapping[str, str]) -> Person:
    """In trials: who has typed these particulars and a code that went to this contact."""
    known = _particulars(subject, contact)
    return Person(known, (known,))


def by_claims(claims: Mapping[str, Any]) -> Person:
    """Who has signed in at the provider with these claims, verified already."""
    config = deployment.config()
    born, named = claims.get(config.oidc_claims["born"]), []
    for place, name in config.oidc_claims.items():
        value, known = proof.stated(claims.get(name)), place.removeprefix("id.")
        if place.startswith("id.") and isinstance(born, str) and proof.plain(value):
            named.append(identifier(known, value, born))
    return Person(_written("sign-in", str(claims["iss"]), str(claims["sub"])), tuple(named))


def proved(session: Session, consent: Consent, person: Person) -> None:
    """Note that this person has proved to be the subject of a consent."""
    same = and_(ConsentPerson.consent_id == consent.id, _is(person.proof))
    known = session.execute(update(ConsentPerson).where(same).values(proved=True).returning(ConsentPerson.id)).first()
    if known is None:
        index = vault.index(_KIND, person.proof)
        session.add(ConsentPerson(id=new_id("cop"), consent_id=consent.id, person=index, proved=True))
        session.flush()


def has_proved(session: Session, consent: Consent, person: Person) -> bool:
    """Whether this person has, by the same proof, ever proved to be the subject of this consent."""
    row = select(ConsentPerson.id).where(ConsentPerson.consent_id == consent.id, ConsentPerson.proved.is_(True))
    return session.scalar(row.where(_is(person.proof))) is not None


def about(person: Person) -> ColumnElement[bool]:
    """Of a consent: whether it is about this person."""
    proved = _those(_is(person.proof), ConsentPerson.proved.is_(True))
    if not person.named:
        return proved
    theirs = or_(*map(_is, person.named))
    others = exists().where(ConsentPerson.consent_id == Consent.id, ConsentPerson.proved.is_(False), ~theirs)
    return or_(proved, and_(_those(theirs, ConsentPerson.proved.is_(False)), ~others.correlate(Consent)))


def of(session: Session, consent: Consent) -> tuple[str, ...]:
    """The blind indexes of the person of a consent, as they are written now; what was proved before what was named."""
    found = session.scalars(
        select(ConsentPerson.person)
        .where(ConsentPerson.consent_id == consent.id)
        .order_by(ConsentPerson.proved.desc(), ConsentPerson.id)
    )
    return tuple(brought_on(one) for one in found)


def inherit(session: Session, first: Consent, again: Consent) -> None:
    """A repeated check is about whom the first one is, and who has proved it there has proved it."""
    there = set(session.scalars(select(ConsentPerson.person).where(ConsentPerson.consent_id == again.id)))
    for row in session.scalars(select(ConsentPerson).where(ConsentPerson.consent_id == first.id)).all():
        person = brought_on(row.person)
        if person in there:
            same = and_(ConsentPerson.consent_id == again.id, ConsentPerson.person == person)
            session.execute(update(ConsentPerson).where(same).values(proved=row.proved))
        else:
            session.add(ConsentPerson(id=new_id("cop"), consent_id=again.id, person=person, proved=row.proved))
    session.flush()


def _those(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return Consent.id.in_(select(ConsentPerson.consent_id).where(*conditions))


def _is(value: str) -> ColumnElement[bool]:
    return ConsentPerson.person.in_(vault.indexes(_KIND, value))


def _named(subject: Mapping[str, Any], contact: Mapping[str, str] | None) -> Iterable[str]:
    config = deployment.config()
    if config.proof != "oidc":
        return [_particulars(subject, contact)] if contact else []
    known = [each for each in subject.get("ids", ()) if f"id.{each['type']}" in config.oidc_claims]
    return [identifier(each["type"], each["value"], str(subject["born"])) for each in known]


def identifier(kind: str, value: str, born: str) -> str:
    """One of a person's identifiers as text, with the birth date (YYYY-MM-DD), so that a number alone finds nothing."""
    return _written("id", kind, proof.plain(value), born)


def _particulars(subject: Mapping[str, Any], contact: Mapping[str, str]) -> str:
    reached = sorted(f"{name} {unicodedata.normalize('NFKC', at).casefold()}" for name, at in contact.items())
    return _written("particulars", str(subject["born"]), proof.plain(subject["names"][0]["full"]), *reached)


def _written(*parts: str) -> str:
    """One text for several, so that no two lists of texts are written alike."""
    return json.dumps(parts, ensure_ascii=False)
