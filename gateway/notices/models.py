"""What is kept of a message to a person: which one, in which language, and whether it has gone.

Who it is for and what stands in it (a link, a code) are in the vault under the message's id, and are shredded
as soon as it has been handed over or given up.
"""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, UtcDateTime, new_id

TO_GO = ("written", "queued")
"""The states of a message that is still to be handed over."""


class Message(Base):
    """One message to one person."""

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("msg"))
    template: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    """`written` (its task is still to be queued) or `queued`, then `sent` or `dropped` (too late, or nobody can be
    reached at such an address)."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    """After this moment it is of no use any more and is not sent."""
    attempts: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
