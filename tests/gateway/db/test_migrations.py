import subprocess
import sys
import threading
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

pytestmark = pytest.mark.both_databases(empty=True)

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
    tables = inspect(empty.engine)
    assert "checks" in tables.get_table_names()
    assert "workflow_status" in tables.get_table_names(None if empty.embedded else "dbos")
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


def test_tables_of_a_later_version_are_left_alone(empty: Database) -> None:
    """While one machine is upgraded, the others go on: to them the tables are as new as they need."""
    empty.upgrade()
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'later'")
    assert not empty.pending()
    empty.upgrade()
    assert not empty.pending()


def test_two_processes_that_start_at_once_upgrade_once(empty: Database) -> None:
    """One does it, the other waits and finds it done."""
    failed: list[Exception] = []

    def upgrade() -> None:
        try:
            empty.upgrade()
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert not empty.pending()


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
