"""What the tests of consent share: a stopped clock, the pages as an application, a request, a person."""

from collections.abc import Iterator

import pytest
from flask import Flask

from gateway import clock
from gateway.clock import Stopped
from gateway.config import Config
from gateway.db import Database
from tests.gateway.consent.people import NOW, Person, Request, ask, make_app


@pytest.fixture
def time() -> Iterator[Stopped]:
    """A clock that the test moves."""
    with clock.stopped(NOW) as stopped:
        yield stopped


@pytest.fixture
def app(config: Config, database: Database, time: Stopped) -> Flask:
    """An application with the consent pages only."""
    return make_app(config)


@pytest.fixture
def request_(app: Flask) -> Request:
    """One request, open."""
    return ask()


@pytest.fixture
def person(app: Flask) -> Person:
    """Somebody with a browser."""
    return Person(app)
