"""What is kept of a consent. No name, birth date or contact is in a column; link, codes and cookies are kept as
keyed hashes only."""

from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.consent.states import State
from gateway.db import Base, UtcDateTime, new_id
from gateway.vault import BlindIndex


class Consent(Base):
    """The subject's act: bound to one institution, one role, one policy version and one purpose."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("con"))
    check_id: Mapped[str] = mapped_column(String(40), unique=True)
    institution: Mapped[str] = mapped_column(String(200))
    policy: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8))
    """Of the messages: the institution's guess at first, then that of the page on which the subject decided."""
    state: Mapped[State] = mapped_column(String(12), default="requested")
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was declined, withdrawn, cancelled or expired."""
    hold_seconds: Mapped[int]
    grid_seconds: Mapped[int]
    nominal_release_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """What the institution and the subject are told when consent is given."""
    release_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """When the answer may really leave: the same, or later by a deferral drawn by lot that nobody is told of."""
    tell_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """When the subject may be told of the answer: `margin` before `release_at`."""
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the subject was told that the answer is there; from then on their page shows it."""
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the answer left; from then on it cannot be withdrawn."""
    lease_months: Mapped[int | None]
    """For how long the check may be repeated, where the institution asks for a lease."""
    leased_until: Mapped[date | None] = mapped_column(index=True)
    """The last day of the lease that the subject gave."""
    next_check_on: Mapped[date | None]
    """The day on which the check is repeated next; whoever repeats it moves it on in the same transaction."""
    lease_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the subject or the institution ended the lease before its time, or it was not renewed."""
    renewal_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_of: Mapped[str | None] = mapped_column(ForeignKey("consents.id"), index=True)
    """Of a repeated check: the consent whose lease it stands on."""
    reachable: Mapped[bool] = mapped_column(default=False)
    """Whether the institution named a contact; it is in the vault, under the check's id."""
    erase_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the subject had erased what may be erased (`gateway.subject`): particulars and contact are gone, and a
    request that ended without an answer is shredded as soon as it can be (`gateway.retention`)."""
    link_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    code_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    strikes: Mapped[int] = mapped_column(default=0)
    """Attempts at proof since the last pause; see `attempts.py`."""
    pauses: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def hold(self) -> timedelta:
        """How long every answer is held, from consent."""
        return timedelta(seconds=self.hold_seconds)

    @property
    def margin(self) -> timedelta:
        """How long before the institution the subject is told: a quarter of the hold."""
        return self.hold / 4

    @property
    def grid(self) -> timedelta:
        """The raster of release times."""
        return timedelta(seconds=self.grid_seconds)


class Guardian(Base):
    """Beside the consent of somebody who is too young to give it alone: the two acts that it takes.

    Who the guardian is, and where an invitation was sent, is in the vault under the check's id.
    """

    __tablename__ = "consent_guardians"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"), primary_key=True)
    link_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    code_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    language: Mapped[str] = mapped_column(String(8))
    reachable: Mapped[bool] = mapped_column(default=False)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the guardian agreed."""
    subject_agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the subject agreed; `given_at` of the consent is the later of the two."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the guardian declined or withdrew; where it was the subject, this stays empty."""
    of_age_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the subject decided alone, having come of age meanwhile."""
    strikes: Mapped[int] = mapped_column(default=0)
    """The guardian's own attempts at proof, so that nobody is kept out by the other's; as for the consent."""
    pauses: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Visit(Base):
    """One browser that came with a link or a code, and perhaps proved that the subject sits before it."""

    __tablename__ = "consent_visits"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("vis"))
    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"), index=True)
    token_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    """Of the cookie; a new one is given at every proof."""
    guardian: Mapped[bool] = mapped_column(default=False)
    """Whether it is the visit of the subject's guardian: begun with the guardian's link or code."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    proved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_hash: Mapped[str | None] = mapped_column(BlindIndex)
    """Of the six-digit code that was sent last; of nothing that can be typed if the particulars were wrong."""
    code_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state_hash: Mapped[str | None] = mapped_column(BlindIndex, unique=True)
    """Of the `state` of a sign-in that is under way at the provider; its secrets are in the vault."""
    by_code: Mapped[bool] = mapped_column(default=False)
    """Whether the last proof was a code to a kept contact, which proves less than a sign-in."""
    offered: Mapped[str | None] = mapped_column(String(40))
    """The contact that the person is asked whether to keep, after a sign-in."""


class KeptContact(Base):
    """A contact that a person has proved, for later proofs by code; what it is and whose is in the vault."""

    __tablename__ = "consent_contacts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ctc"))
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    """When it is shredded: its term after the last sign-in, or soon if the person does not say that it be kept."""
    strikes: Mapped[int] = mapped_column(default=0)
    """Codes sent and codes mistyped since the last pause, over all requests; see `attempts.py`."""
    pauses: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ContactPerson(Base):
    """By what a kept contact is found: an identifier of its person with the birth date."""

    __tablename__ = "consent_contact_people"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ctp"))
    contact_id: Mapped[str] = mapped_column(ForeignKey("consent_contacts.id"), index=True)
    person: Mapped[str] = mapped_column(BlindIndex, index=True)


class ConsentPerson(Base):
    """That a consent is about a person; see `people.py`. It stays as long as it is kept that there was a check."""

    __tablename__ = "consent_people"
    __table_args__ = (UniqueConstraint("consent_id", "person"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("cop"))
    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"))
    person: Mapped[str] = mapped_column(BlindIndex, index=True)
    proved: Mapped[bool]
    """Whether the person has proved to be the subject by this; else the institution named them so."""


class PersonVisit(Base):
    """One browser on its way to the page with everything about one person; see `own_visits.py`.

    Who it is, and the secrets of a sign-in that is under way, are in the vault under the visit's id.
    """

    __tablename__ = "person_visits"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("own"))
    token_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    proved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state_hash: Mapped[str | None] = mapped_column(BlindIndex, unique=True)


class Failures(Base):
    """How often wrong short codes were typed from one place, lately."""

    __tablename__ = "consent_failures"

    place: Mapped[str] = mapped_column(String(72), primary_key=True)
    """Blind index of a network address, or `all`. A rotation of its key leaves it: it lives for minutes."""
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    count: Mapped[int]


class Lateness(Base):
    """Which share of a policy's answers that a person looks at is not ready at its release time, as observed."""

    __tablename__ = "consent_lateness"

    policy: Mapped[str] = mapped_column(String(80), primary_key=True)
    rate: Mapped[float]
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime)
