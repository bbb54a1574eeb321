"""Waits for the database that end: 503 with Retry-After, never 500, whichever part of it gave up."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from gateway import problems
from gateway.config import Config
from gateway.db import Database

pytestmark = pytest.mark.both_databases


def answer(view: Callable[[], str]) -> Any:
    """What a view answers in an app of ours."""
    app = Flask(__name__)
    app.add_url_rule("/", "view", view)
    problems.install(app)
    return app.test_client().get("/")


def assert_come_back(found: Any) -> None:
    """Not now, but soon."""
    assert found.status_code == 503
    assert int(found.headers["Retry-After"]) >= 1
    assert found.mimetype == "application/problem+json"


def test_no_connection_is_free(database: Database, config: Config) -> None:
    """The pool's wait ends."""
    engine = create_engine(config.database_url, pool_size=1, max_overflow=0, pool_timeout=0.1)

    def view() -> str:
        with engine.connect():
            return "never"

    with engine.connect():
        assert_come_back(answer(view))
    engine.dispose()


def test_somebody_else_writes_for_too_long(database: Database) -> None:
    """The lock's wait ends."""
    entered, done = threading.Event(), threading.Event()
    other = create_engine(database.engine.url, **({"connect_args": {"timeout": 0.1}} if database.embedded else {}))

    def hold() -> None:
        with database.write():
            entered.set()
            done.wait(30)

    def view() -> str:
        if database.embedded:
            with other.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            with database.engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(1397769044, 0)"))
        return "never"

    thread = threading.Thread(target=hold)
    thread.start()
    assert entered.wait(30)
    try:
        assert_come_back(answer(view))
    finally:
        done.set()
        thread.join()
        other.dispose()
