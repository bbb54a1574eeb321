"""The vault's tables: wrapped data keys, sealed values, and what is known of the keys that wrap."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, UtcDateTime


class VaultKey(Base):
    """The wrapped data key of one owner; without `wrapped`, everything of the owner is shredded."""

    __tablename__ = "vault_keys"

    owner_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    standing: Mapped[bool] = mapped_column(default=False)
    """Whether it has no end, as our own signing keys; such an owner is under a standing KEK."""
    kek_id: Mapped[str | None] = mapped_column(ForeignKey("vault_keks.open_id"), index=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    shredded_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class VaultItem(Base):
    """One sealed value."""

    __tablename__ = "vault_items"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("vault_keys.owner_id"))
    name: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class VaultKek(Base):
    """A key-encryption key that has been used here: its id and its life, never the key."""

    __tablename__ = "vault_keks"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    open_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    """Its id until it is closed. What it wraps refers to this: so the database lets no key be closed over something,
    and nothing be wrapped by a key that was closed, on whichever machine."""
    sample: Mapped[bytes] = mapped_column(LargeBinary)
    """Something that only this key opens, so that another key under the same id is noticed at the start."""
    used_from: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a rotation had moved everything to its successor."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When nothing was under it any more; from then on it wraps nothing and is about to be destroyed."""
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def close(self, now: datetime) -> None:
        """Let it wrap nothing any more."""
        self.open_id, self.closed_at = None, now
