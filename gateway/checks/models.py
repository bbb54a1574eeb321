"""What is kept of a check. Nothing that a registry said, and no word of what was decided, is in a column.

The answer, what was posted about the subject, the institution's own reference and why a check went to the
desk are in the vault under the check's id, each in the same size whatever it says.
"""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, UtcDateTime, new_id
from gateway.vault import BlindIndex


class Check(Base):
    """One institution, one subject, one role, one purpose."""

    __tablename__ = "checks"
    __table_args__ = (Index("ix_checks_of_institution", "institution_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("chk"))
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    reference_index: Mapped[str | None] = mapped_column(BlindIndex, index=True)
    policy: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date | None]
    """The day whose law answers: fixed before the first look, kept for every later one."""
    regimes: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    """The versions of all regimes in force on that day, by id: the same for every check of the day."""
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the answer was settled. Forgotten at release: it would tell afterwards who was reviewed."""
    result_entry: Mapped[str | None] = mapped_column(String(40))
    """The audit entry of the answer."""
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """The release time at which another answer took the place of the first, after a contest."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a check that was withdrawn may be seen to be closed: at a release time, like any answer."""


class IdempotencyKey(Base):
    """A request that a client may send again. The key and the body are kept as blind indexes only."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("client_id", "key_index"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("idk"))
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    key_index: Mapped[str] = mapped_column(BlindIndex)
    body_index: Mapped[str] = mapped_column(BlindIndex)
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    owner_id: Mapped[str] = mapped_column(String(40))
    """What the request made. Its first answer is in the vault under this id."""


class Review(Base):
    """A check that waits for a person. Why it does is in the vault: it would name those about to be refused.

    The row is deleted when the answer leaves: one that stayed would tell, by its times alone, who was reviewed.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Index(
            "uq_reviews_one_open",
            "check_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("rev"))
    check_id: Mapped[str] = mapped_column(ForeignKey("checks.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(40))


class Correction(Base):
    """An answer that is to take the place of one that has left. Which, is in the vault; deleted when it has left."""

    __tablename__ = "corrections"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("cor"))
    check_id: Mapped[str] = mapped_column(ForeignKey("checks.id"), unique=True)
    ready_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entry: Mapped[str | None] = mapped_column(String(40))
    """Its audit entry."""
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the subject was told of it."""


class Distinction(Base):
    """That somebody at the desk has said of a matter in a registry: it is not this person's.

    Whose it is not is in the vault under this id, so that no join leads from here to a consent: who was once taken for
    somebody else was looked at by a person.
    """

    __tablename__ = "distinctions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("dst"))
    matter: Mapped[str] = mapped_column(BlindIndex, index=True)
    """Of the registry and its own number of the matter."""
    used_in: Mapped[date] = mapped_column(index=True)
    """The first day of the month in which it was used last: no finer, for a day would lead to checks."""


class Punctuality(Base):
    """How many answers of a policy left that a person had looked at, and how many of them were not ready in time:
    counts, no checks."""

    __tablename__ = "punctuality"

    policy: Mapped[str] = mapped_column(String(80), primary_key=True)
    answers: Mapped[int] = mapped_column(default=0)
    late: Mapped[int] = mapped_column(default=0)
