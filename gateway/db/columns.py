"""What our tables have in common: the base class, times in UTC, ids with a prefix, rows whose time is over."""

import base64
import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Dialect, MetaData, delete, select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.types import TypeDecorator

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every table of ours; constraints get predictable names, which migrations rely on."""

    metadata = MetaData(naming_convention=_NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Refuses times without a zone, gives times with one back; microseconds are kept."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database: UTC, written without its zone. Raises ValueError for a time without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Out of the database: the zone is put back."""
        return None if value is None else value.replace(tzinfo=UTC)


def forget(session: Session, key: InstrumentedAttribute[str], over: ColumnElement[bool]) -> None:
    """Delete the rows whose time is over, except those that another transaction is just deleting."""
    rows = select(key).where(over).with_for_update(skip_locked=True)
    session.execute(delete(key.class_).where(key.in_(rows)).execution_options(synchronize_session=False))


def new_id(prefix: str) -> str:
    """A new unguessable id such as `chk_…`: the prefix and 128 random bits in 26 letters and digits."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(16)).decode().rstrip('=').lower()}"
