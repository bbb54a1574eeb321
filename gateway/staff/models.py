"""What is kept of the people who work here. Login names and the secrets of second factors are in the vault; links
and cookies are kept as keyed hashes only."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, UtcDateTime, new_id
from gateway.vault import BlindIndex


class Staff(Base):
    """Somebody who works here. The vault has `login` and, once they have enrolled, `totp`, both standing."""

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("stf"))
    login_index: Mapped[str | None] = mapped_column(BlindIndex, unique=True)
    """What the login name is found by; None once they are revoked, so that the name is free again."""
    roles: Mapped[list[str]] = mapped_column(JSON)
    jurisdictions: Mapped[list[str]] = mapped_column(JSON)
    """What they may act for; an empty list is every jurisdiction."""
    password_hash: Mapped[str | None] = mapped_column(String(200))
    used_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The time step of the one-time code that was accepted last: this one and all before it are used up."""
    link_hash: Mapped[str | None] = mapped_column(BlindIndex, unique=True)
    """Of the link with which they enrol; None once it was used."""
    link_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffSession(Base):
    """A browser in which somebody has signed in, or is enrolling."""

    __tablename__ = "staff_sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("sts"))
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    staff: Mapped[Staff] = relationship(lazy="joined", innerjoin=True)
    token_hash: Mapped[str] = mapped_column(BlindIndex, unique=True)
    enrolling: Mapped[bool]
    """Whether it is good for nothing but to confirm the second factor."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it was used last, to the minute."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class StaffFailures(Base):
    """How often somebody has failed to sign in with one login name, or from one place."""

    __tablename__ = "staff_failures"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Blind index of a login name, whether or not it is anybody's, or of a network address. A rotation of its key
    leaves it: it lives for a day."""
    count: Mapped[int]
    """Since the last pause."""
    pauses: Mapped[int]
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
