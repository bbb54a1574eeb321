"""The hourly turns: what they do by themselves, and that a clock which has jumped destroys nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gateway import belief, retention, vault
from gateway.db import db
from gateway.retention import keys
from gateway.vault import VaultKey
from gateway.vault.keyfile import KeyFileError
from tests.stage import Stage

KEPT = timedelta(days=99)


def tick() -> None:
    """Both turns of an hour."""
    retention.due.tick()
    keys.tick()


def hours(stage: Stage, count: int) -> None:
    """Let hours pass in which the gateway runs."""
    for _ in range(count):
        stage.forward(hours=1)
        tick()


def shredded(stage: Stage) -> int:
    """How many checks were."""
    return len(stage.entries("data.shredded"))


def test_a_key_file_that_cannot_be_used_stops_no_shredding(stage: Stage, key_file: Path) -> None:
    """Shredding goes on; the turn says what is wrong, and the tick logs it."""
    hr = stage.caller()
    stage.decline(hr.asked())
    stage.until(datetime(2027, 3, 1, tzinfo=UTC))
    key_file.write_text("damaged", "utf-8")
    with pytest.raises(KeyFileError, match="SEALGATE_KEY_FILE line 1"):
        retention.turn()
    keys.tick()
    retention.due.tick()
    assert len(stage.entries("data.shredded")) == 1


def test_a_clock_that_jumps_years_ahead_destroys_nothing(stage: Stage, lines: Callable[[], Any]) -> None:
    """Nothing is shredded, no key goes; the log says so every hour. Put right within a day, all is as it was."""
    hr = stage.caller()
    stage.decline(hr.asked())
    tick()
    right = stage.time.at
    stage.time.at = right + timedelta(days=3650)
    tick()
    assert (shredded(stage), stage.entries("key.destroyed")) == (0, [])
    assert belief.doubted_since() == stage.time.at
    hours(stage, 23)
    assert shredded(stage) == 0
    assert "clock_has_jumped" in {line["event"] for line in lines()}
    stage.time.at = right + timedelta(days=1)
    hours(stage, 24)
    assert belief.doubted_since() == right + timedelta(days=1, hours=1)
    hours(stage, 1)
    assert belief.doubted_since() is None
    assert shredded(stage) == 0


def test_after_standing_still_for_long_it_goes_on_a_day_later(stage: Stage) -> None:
    """Nobody can tell a machine that was switched off from a clock that has jumped: what is due waits for a day."""
    hr = stage.caller()
    stage.decline(hr.asked())
    tick()
    stage.time.forward(KEPT + timedelta(days=30))
    tick()
    hours(stage, 23)
    assert shredded(stage) == 0
    hours(stage, 1)
    assert shredded(stage) == 1


def test_a_pause_of_a_day_is_no_jump(stage: Stage) -> None:
    """An update, or `keys turn` once a day."""
    stage.decline(stage.caller().asked())
    for _ in range(101):
        tick()
        stage.time.forward(timedelta(hours=25))
    assert shredded(stage) == 1


def test_a_damaged_note_of_the_time_keeps_nobodys_data(stage: Stage) -> None:
    """Else whoever can write one row could keep everything readable."""
    stage.decline(stage.caller().asked())
    tick()
    with db.write() as session:
        session.execute(update(VaultKey).where(VaultKey.owner_id == "retention").values(wrapped=b"\0" * 60))
    stage.time.forward(KEPT)
    tick()
    assert shredded(stage) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_clock_of_the_server_is_asked_as_well(stage: Stage) -> None:
    """Two days apart: nothing is shredded, and nothing is noted, since our clock may be the wrong one."""
    stage.decline(stage.caller().asked())
    stage.time.at = datetime.now(UTC) + timedelta(days=2)
    assert not belief.believed()
    stage.time.at = datetime.now(UTC) + timedelta(hours=23)
    assert belief.believed()


def test_somebody_may_say_that_the_clock_is_right(stage: Stage) -> None:
    """Then nothing waits."""
    tick()
    stage.time.forward(KEPT)
    assert not belief.believed()
    belief.believe()
    assert belief.believed()


def test_what_was_shredded_is_not_left_in_the_files(stage: Stage) -> None:
    """Neither in the database file nor in its write-ahead log, within the hour: sealed values and wrapped keys."""
    check_id = stage.caller().asked()
    stage.decline(check_id)
    tick()
    with db.read() as session:
        items = session.query(vault.VaultItem).where(vault.VaultItem.owner_id == check_id).all()
        bits = [session.get_one(VaultKey, check_id).wrapped, *(item.sealed for item in items)]
    assert all(bit in on_disk(stage) for bit in bits if bit)
    stage.time.forward(KEPT)
    belief.believe()
    tick()
    assert shredded(stage) == 1
    assert not [bit for bit in bits if bit in on_disk(stage)]


def on_disk(stage: Stage) -> bytes:
    """Every byte of the database's files."""
    return b"".join(path.read_bytes() for path in stage.config.data.iterdir() if path.is_file())
