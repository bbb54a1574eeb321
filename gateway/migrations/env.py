"""How Alembic runs here: on the connection that `gateway.db` gives it, in one transaction, on our tables only.

The durable engine keeps tables of its own in the same file; they are not ours to compare or to change.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from gateway.db import Base, UtcDateTime
from gateway.vault import BlindIndex


def _ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or name in Base.metadata.tables


def _rendered(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A migration says what the database has, not what our code makes of it, which may change."""
    if kind == "type" and isinstance(item, BlindIndex):
        return repr(item.impl_instance).replace("String", "sa.String")
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    include_name=_ours,
    render_item=_rendered,
)
context.run_migrations()
