import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from gateway import app, work
from gateway.config import Config
from gateway.db import Base, Database, alembic_config, db
from gateway.migrations import __main__ as drafting

KNOWN = app.create_app  # with the application every table is known


@pytest.fixture
def empty(config: Config) -> Iterator[Database]:
    """A database with no tables at all."""
    db.init(config.database_url)
    yield db
    db.close()


def _differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        ours = {"include_name": lambda name, kind, _: kind != "table" or name in Base.metadata.tables}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **ours})
        return list(compare_metadata(context, Base.metadata))


def test_migrations_make_the_tables_that_the_models_describe(empty: Database) -> None:
    """A deployment that was migrated has what the code expects; else `python -m gateway.migrations` is due."""
    assert empty.pending()
    empty.upgrade()
    assert not empty.pending()
    assert _differences(empty) == []


def test_upgrading_again_changes_nothing(empty: Database) -> None:
    """Every start upgrades; the second has nothing to do."""
    empty.upgrade()
    empty.upgrade()
    assert not empty.pending()


def test_migrations_leave_the_work_engine_alone(empty: Database) -> None:
    """The engine's tables in the same file are neither dropped nor taken for ours."""
    work.prepare()
    empty.upgrade()
    tables = set(inspect(empty.engine).get_table_names())
    assert {"workflow_status", "checks"} <= tables
    assert not set(Base.metadata.tables) & {"workflow_status", "notifications", "queues", "streams"}
    assert _differences(empty) == []
    work.prepare()


def test_migrations_can_be_taken_back(empty: Database) -> None:
    """Down to nothing and up again."""
    empty.upgrade()
    with empty.engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(empty.engine).get_table_names()) == {"alembic_version"}
    empty.upgrade()
    assert _differences(empty) == []


def test_a_failing_migration_leaves_nothing_behind(empty: Database) -> None:
    """All of an upgrade or nothing of it."""
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE reviews (id TEXT)")  # in the way of the real one
    with pytest.raises(Exception, match="reviews"):
        empty.upgrade()
    assert set(inspect(empty.engine).get_table_names()) == {"reviews"}


def test_the_command_that_writes_migrations_knows_every_table() -> None:
    """A room whose models are missing there would seem to have been deleted."""
    script = (
        "from gateway.migrations import __main__; from gateway.db import Base; print(*sorted(Base.metadata.tables))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == sorted(Base.metadata.tables)
    assert Path(str(drafting.__file__)).name == "__main__.py"
