"""The log's tables: entries, the complete nodes of the tree over them, signed checkpoints."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, UtcDateTime

_COUNTER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself only in INTEGER


class AuditEntry(Base):
    """One act. `position` is its place in the tree, set when the sequencer has laid it there."""

    __tablename__ = "audit_entries"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's way of saying it

    recorded: Mapped[int] = mapped_column(_COUNTER, primary_key=True, autoincrement=True)
    """Counts up; of an entry whose `about` is sealed a random number below zero, so that its order is not kept."""
    id: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    about: Mapped[str | None] = mapped_column(String(80), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[str] = mapped_column(Text)
    leaf: Mapped[str] = mapped_column(String(64))
    """Its hash in the tree, in hex, made when it was written: what is laid, whatever has become of the row."""
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)


class AuditNode(Base):
    """The hash over the 2^level leaves that begin at index * 2^level."""

    __tablename__ = "audit_nodes"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column("idx", BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditCheckpoint(Base):
    """A signed statement of the log's size and root."""

    __tablename__ = "audit_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
