"""What the tests of consent share: a stopped clock, the pages as an application, a request, a person."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from gateway import clock
from gateway.clock import Stopped
from gateway.config import Config
from gateway.db import Database
from tests import tether
from tests.gateway.consent.people import NOW, Control, Person, Request, ask, make_app


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


@pytest.fixture(scope="session")
def provider_port() -> Iterator[int]:
    """The port of the provider's process."""
    script = Path(__file__).with_name("provider.py")
    with tether.start([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.terminate()


@pytest.fixture
def provider(provider_port: int) -> Control:
    """The provider, honest, with Wang Xiaoming before it."""
    return Control(provider_port)
