"""The turn of the months: keys are made in time, what is late moves on, what is over is destroyed, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway import retention, vault
from gateway.db import db
from gateway.retention import keys
from gateway.retention.keys import KeyKept
from gateway.retention.listed import listed
from gateway.vault import VaultKek, VaultKey, keyfile
from tests.stage import NOW, RELEASE, Stage

LATE_MOVES = datetime(2027, 2, 28, tzinfo=UTC)
GOES = datetime(2027, 3, 30, tzinfo=UTC)

pytestmark = pytest.mark.both_databases


def kek_of(check_id: str) -> str | None:
    """The key that a check is under."""
    with db.read() as session:
        return session.get_one(VaultKey, check_id).kek_id


def kek_ids(file: Path) -> list[str]:
    """The KEKs of a key file."""
    return [line.id for line in keyfile.read(file) if line.use == "kek"]


def states() -> dict[str, str]:
    """Every key and what it is."""
    return {one.key: one.state for one in listed()}


def test_keys_are_made_a_month_before_they_are_used(stage: Stage, key_file: Path) -> None:
    """So that they are in a copy of the key file before anything depends on them; twice makes no more."""
    assert kek_ids(key_file) == ["standing-1", "2026-11", "2026-12"]
    assert retention.turn().added == []
    stage.until(datetime(2026, 12, 1, tzinfo=UTC))
    assert retention.turn().added == ["2027-01"]
    assert retention.turn().added == []
    assert states() == {
        "standing-1": "current", "2026-11": "former", "2026-12": "current", "2027-01": "ready", "index-1": "current",
    }  # fmt: skip


def test_a_key_goes_when_all_that_it_wraps_is_due(stage: Stage, key_file: Path) -> None:
    """Not a moment before; the log says which, and the file has it no more."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.until(RELEASE)
    assert kek_of(check_id) == "2026-11"
    stage.until(GOES - timedelta(seconds=1))
    assert retention.turn().destroyed == []
    stage.until(GOES)
    assert retention.turn().destroyed == ["2026-11"]
    assert "2026-11" not in kek_ids(key_file)
    assert [(entry.about, entry.facts) for entry in stage.entries("key.destroyed")] == [("2026-11", '["period"]')]
    assert states()["2026-11"] == "destroyed"
    assert retention.turn().destroyed == []


def test_what_is_late_moves_on_before_its_key_goes(stage: Stage) -> None:
    """A check that still waits is brought under the present key, a backup term earlier, and can be answered after."""
    hr = stage.caller()
    late, in_time = hr.asked("UNCLEAR"), hr.asked("CLEAN")
    for check_id in (late, in_time):
        stage.agree(check_id)
    stage.until(RELEASE)
    stage.until(LATE_MOVES - timedelta(seconds=1))
    assert retention.turn().moved == 0
    stage.until(LATE_MOVES)
    retention.forget_due()
    assert retention.turn().moved > 0
    assert (kek_of(late), kek_of(in_time)) == ("2027-02", "2026-11")
    stage.until(GOES)
    assert retention.turn().destroyed == ["2026-11"]
    stage.settle_reviews(stage.desk())
    stage.forward(hours=7)
    assert hr.see(late)["eligible"] is True


def test_a_damaged_row_does_not_keep_a_key(stage: Stage) -> None:
    """Else whoever can write one row could keep a whole month readable; what does not open is lost anyway."""
    hr = stage.caller()
    check_id = hr.asked()
    with db.write() as session:
        session.execute(update(VaultKey).where(VaultKey.owner_id == check_id).values(wrapped=b"\0" * 60))
    stage.until(GOES)
    assert retention.turn().destroyed == ["2026-11"]
    assert [entry.about for entry in stage.entries("data.shredded")] == [check_id]


def test_without_a_key_of_its_own_a_month_uses_the_last_one(stage: Stage, key_file: Path) -> None:
    """The key that stands in is kept as long as it does, whatever its own time."""
    keyfile.change(key_file, lambda lines: keyfile.without(lines, "kek", "2026-12"))
    hr = stage.caller()
    stage.time.at = GOES + timedelta(days=1)
    check_id = hr.asked()
    assert kek_of(check_id) == "2026-11"
    assert keys.over(stage.time.at) == []
    with pytest.raises(KeyKept, match="is in use"):
        keys.destroy("2026-11")
    done = retention.turn()
    assert done.added == ["2027-03", "2027-04"]
    assert kek_of(check_id) == "2027-03"


def test_destroying_by_hand(stage: Stage, key_file: Path) -> None:
    """Refused while something is under it, with when it goes; done when nothing is."""
    hr = stage.caller()
    stage.decline(hr.asked())
    stage.until(datetime(2026, 12, 2, tzinfo=UTC))
    with pytest.raises(KeyKept, match=r"data keys are under 2026-11 and not due yet; .* 2027-02-28, .* 2027-03-30"):
        keys.destroy("2026-11")
    for kek_id, why in (("standing-1", "in use"), ("2026-12", "in use"), ("2020-01", "no key 2020-01 here")):
        with pytest.raises(KeyKept, match=why):
            keys.destroy(kek_id)
    stage.until(NOW + timedelta(days=99))
    retention.forget_due()
    with db.write() as session:
        for owner in session.scalars(select(VaultKey.owner_id).where(VaultKey.kek_id == "2026-11")).all():
            vault.shred(session, owner)
    retention.turn()
    keys.destroy("2026-11")
    assert "2026-11" not in kek_ids(key_file)


def test_a_crash_between_the_steps_is_made_good(stage: Stage, key_file: Path) -> None:
    """Closed but still in the file; out of the file but not noted: the next turn finishes either."""
    stage.until(datetime(2026, 12, 2, tzinfo=UTC))
    retention.turn()
    with db.write() as session:
        session.get_one(VaultKek, "2026-11").closed_at = stage.time.at
    assert states()["2026-11"] == "closed"
    keyfile.change(key_file, lambda lines: keyfile.without(lines, "kek", "2026-11"))
    assert retention.turn().destroyed == ["2026-11"]
    assert len(stage.entries("key.destroyed")) == 1


def test_keys_that_another_machine_made_are_not_made_again(stage: Stage, key_file: Path) -> None:
    """Two machines with a key file each: the second finds out, and keeps none of its own."""
    stage.until(datetime(2026, 12, 1, tzinfo=UTC))
    retention.turn()
    keyfile.change(key_file, lambda lines: keyfile.without(lines, "kek", "2027-01"))
    assert retention.turn().added == []
    assert "2027-01" not in kek_ids(key_file)
    assert states()["2027-01"] == "missing"


def test_a_key_that_another_machine_has_destroyed_is_taken_out_here_too(stage: Stage, key_file: Path) -> None:
    """It had a copy of the file without that key, and noted it as gone; until it is gone here, it is shown."""
    retention.turn()
    stage.until(GOES)
    with db.write() as session:
        row = session.get_one(VaultKek, "2026-11")
        row.closed_at = row.destroyed_at = stage.time.at
    assert states()["2026-11"] == "closed"
    assert retention.turn().destroyed == []
    assert "2026-11" not in kek_ids(key_file)
    assert states()["2026-11"] == "destroyed"


def test_a_key_that_is_lost_for_good_is_given_up_by_name(stage: Stage, key_file: Path) -> None:
    """What was under it is shredded and noted; without that the start is refused. Never for the standing key."""
    hr = stage.caller()
    check_id = hr.asked()
    with pytest.raises(KeyKept, match="is here"):
        keys.give_up("2026-11")
    keyfile.change(key_file, lambda lines: keyfile.without(lines, "kek", "2026-11"))
    with db.write() as session:
        assert "has no key 2026-11" in vault.wrong_keys(session)[0]
    assert keys.give_up("2026-11") > 0
    with db.write() as session:
        assert vault.wrong_keys(session) == []
    assert [entry.about for entry in stage.entries("data.shredded")] == [check_id]
    assert states()["2026-11"] == "destroyed"
    assert retention.turn().added == ["2026-11.2"]
    keyfile.change(
        key_file, lambda lines: [keyfile.new("kek", "standing-9"), *keyfile.without(lines, "kek", "standing-1")]
    )
    with pytest.raises(KeyKept, match="own signing keys"):
        keys.give_up("standing-1")


def test_keys_in_the_environment_are_turned_as_far_as_they_can_be(make_stage: Callable[..., Stage]) -> None:
    """The gateway cannot take a key out of its environment: it closes it, and notes when it is gone."""
    environ = {"SEALGATE_KEKS": f"main:{'m' * 42}A,2026-11:{'n' * 42}A,2027-03:{'o' * 42}A"}
    stage = make_stage(environ)
    hr = stage.caller()
    stage.decline(hr.asked())
    stage.until(GOES)
    retention.forget_due()
    assert retention.turn().destroyed == []
    assert states()["2026-11"] == "closed"
    vault.init(
        {kek_id: key for kek_id, key in stage.config.keks.items() if kek_id != "2026-11"}, stage.config.index_key
    )
    assert retention.turn().destroyed == ["2026-11"]
