"""What is outside dies in the midst of an answer: a registry, and a mail server. Nothing is answered wrongly for it."""

import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from tests import tether
from tests.crash.chaos import ROUNDS
from tests.crash.crowd import Crowd
from tests.crash.fleet import Fleet, Post, afloat
from tests.crash.order import everything_is_in_order
from tests.server import HOST, free_port

pytestmark = [pytest.mark.crash, pytest.mark.slow]

CHECKS = 18
HERE = Path(__file__).parent


def _outside(name: str, *arguments: object) -> Post:
    command = [sys.executable, "-S", str(HERE / f"{name}.py"), *map(str, arguments)]
    return Post(name, lambda: tether.start(command))


def test_a_registry_and_a_mail_server_that_die(tmp_path: Path) -> None:
    """A registry hangs up, answers half, hangs, and is killed while it is asked: the check waits, and goes on later.

    A mail server takes a message and dies before it says so: the message comes again, byte for byte the same.
    """
    journal, mails = tmp_path / "journal", tmp_path / "mails"
    journal.touch()
    mails.mkdir()
    registry_port, mail_port = free_port(), free_port()
    outside = [_outside("far_registry", registry_port, journal), _outside("far_mail", mail_port, mails)]
    fleet = Fleet(tmp_path / "data", SEALGATE_OUTBOX=f"smtp://{HOST}:{mail_port}?from=gate@gate.example")
    fleet.environ |= {"FAR_REGISTRY": f"{HOST}:{registry_port}", "PYTHONPATH": os.getcwd()}
    fleet.add_web("from tests.crash import far; far.run({host!r}, {port})")
    died: set[str] = set()

    def started_again() -> bool:
        for post in outside:
            if post.process.poll() is not None:
                died.add(post.name)
                post.start()
        return False

    try:
        with afloat(fleet):
            crowd = Crowd(fleet, pages=False)
            with crowd.at_work(CHECKS * ROUNDS) as busy:
                while busy() or len(died) < len(outside):
                    started_again()
                    time.sleep(0.1)
            crowd.come_to_an_end()
            everything_is_in_order(fleet, crowd)
            crowd.close()
    finally:
        for post in outside:
            post.kill()
    _every_look_had_its_key(journal, len(crowd.ledger.due()))
    _every_attempt_was_the_same(mails)


def _every_look_had_its_key(journal: Path, checks: int) -> None:
    """One key for a check and one for its review, however often they were asked about."""
    keys: dict[str, list[str]] = defaultdict(list)
    for line in map(json.loads, journal.read_text().splitlines()):
        keys[line["consent"]].append(line["key"])
    assert len(keys) >= checks
    assert all(len(asked) > len(set(asked)) for asked in keys.values()), "each was asked more than once"
    assert all(len(set(asked)) <= 2 for asked in keys.values())
    every = [key for asked in keys.values() for key in set(asked)]
    assert len(every) == len(set(every))


def _every_attempt_was_the_same(mails: Path) -> None:
    attempts: dict[str, set[bytes]] = defaultdict(set)
    for path in mails.iterdir():
        attempts[path.stem].add(path.read_bytes())
    assert len(list(mails.iterdir())) >= 2 * len(attempts) > 0
    assert all(len(different) == 1 for different in attempts.values())
