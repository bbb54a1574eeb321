"""Counters of limits, shared by every process on the database."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, UtcDateTime


class LimitCount(Base):
    """How much of one limit was used in one window of time."""

    __tablename__ = "limit_counts"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    """The limit's name, a client's id, the limit itself, perhaps the number of the window."""
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
