"""What is kept of a consent. No name, birth date or contact is in a column; link, codes and cookies are kept as
keyed hashes only."""

from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, String
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


class Visit(Base):
    """One browser that came with a link or a code, and perhaps proved that the subject sits before it."""

    __tablename__ = "consent_visits"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("vis"))
    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"), index=True)
    token_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    """Of the cookie; a new one is given at every proof."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    proved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_hash: Mapped[str | None] = mapped_column(BlindIndex)
    """Of the six-digit code that was sent last; of nothing that can be typed if the particulars were wrong."""
    code_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state_hash: Mapped[str | None] = mapped_column(BlindIndex, unique=True)
    """Of the `state` of a sign-in that is under way at the provider; its secrets are in the vault."""


class Failures(Base):
    """How often wrong short codes were typed from one place, lately."""

    __tablename__ = "consent_failures"

    place: Mapped[str] = mapped_column(String(72), primary_key=True)
    """Blind index of a network address, or `all`. A rotation of its key leaves it: it lives for minutes."""
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    count: Mapped[int]


class Lateness(Base):
    """Which share of a policy's checks is not ready at its release time, as observed."""

    __tablename__ = "consent_lateness"

    policy: Mapped[str] = mapped_column(String(80), primary_key=True)
    rate: Mapped[float]
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime)
