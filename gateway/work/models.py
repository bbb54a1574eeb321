"""Who does the work, where several processes do: which of them are alive, and whose turn a periodic task is."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, UtcDateTime


class Executor(Base):
    """A process that does work on a PostgreSQL server. Both times are the server's, since machines' clocks differ."""

    __tablename__ = "work_executors"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when it has said without a gap that it lives."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Turn(Base):
    """A periodic task, and the process that runs it at this moment. The turn of a dead one is anybody's."""

    __tablename__ = "work_turns"

    task: Mapped[str] = mapped_column(String(80), primary_key=True)
    executor_id: Mapped[str | None] = mapped_column(String(40))
