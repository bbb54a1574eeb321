"""What is kept of those who call, and of the tokens they are given. Nothing here is about a subject.

No token is stored: an access token carries its own facts, and only what takes one back is a row. Secrets are
kept as argon2id hashes, the private halves of our keys in the vault.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, UtcDateTime, new_id


class Institution(Base):
    """An organisation that asks. `policies` lists what it may ask about: `cn/kindergarten` for all the roles
    of a policy, `cn/kindergarten:teacher` for one."""

    __tablename__ = "institutions"
    __table_args__ = (UniqueConstraint("jurisdiction", "registration"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ins"))
    name: Mapped[str] = mapped_column(String(200))
    registration: Mapped[str] = mapped_column(String(80))
    """Its number in its jurisdiction's own register of organisations."""
    jurisdiction: Mapped[str] = mapped_column(String(16))
    policies: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Client(Base):
    """A piece of software of an institution. It has a key set or a secret, never both."""

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("cli"))
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    institution: Mapped[Institution] = relationship()
    name: Mapped[str] = mapped_column(String(200))
    auth: Mapped[str] = mapped_column(String(32))
    """How it authenticates: `private_key_jwt` or `client_secret_basic`."""
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    secret_hash: Mapped[str | None] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    desk: Mapped[bool]
    """Whether adjudicators sit behind it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UsedAssertion(Base):
    """A client assertion that was accepted once and never will be again (RFC 7523 §3, `jti`)."""

    __tablename__ = "used_assertions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 over the client's id and the `jti`."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RevokedToken(Base):
    """An access token that its client has taken back before its time (RFC 7009)."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(String(40), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SigningKey(Base):
    """A key that signs access tokens. Its private half is in the vault under its `kid`.

    `state` is `next` (published, signs nothing yet), `current` (signs) or `retiring` (published until
    `retires_at`, so that tokens which it signed still verify).
    """

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index(
            "uq_signing_keys_one_current",
            "state",
            unique=True,
            sqlite_where=text("state = 'current'"),
            postgresql_where=text("state = 'current'"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("key"))
    state: Mapped[str] = mapped_column(String(16))
    public: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The public half as a JWK, with `kid`, `use` and `alg`."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReceiptKey(Base):
    """A key that signs receipts. Its private half is in the vault under its `kid`.

    In a table of its own, so that what verifies access tokens cannot find it. `state` is `next` (published, signs
    nothing yet), `current` (signs) or `past` (signs no more, and is published for as long as there is a deployment).
    """

    __tablename__ = "receipt_keys"
    __table_args__ = (
        Index(
            "uq_receipt_keys_one_current",
            "state",
            unique=True,
            sqlite_where=text("state = 'current'"),
            postgresql_where=text("state = 'current'"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("key"))
    state: Mapped[str] = mapped_column(String(16))
    public: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The public half as a JWK, with `kid`, `use` and `alg`."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
