"""Which key wraps what, what a key management service must do, and that a key which is lost is named at the start."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway import clock, vault
from gateway.db import Database
from gateway.vault import VaultKek, VaultKey, keks, keyfile, wrapping
from gateway.vault.keks import LocalKek, Refused

INDEX = b"i" * 32
NOVEMBER = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)


def keys(*ids: str) -> dict[str, Any]:
    """A key for each id."""
    return {each: (each * 32).encode()[:32] for each in ids}


def put(database: Database, owner: str, **options: Any) -> str | None:
    """Put something for an owner; the id of the KEK it is under."""
    with database.write() as session:
        vault.put(session, owner, "a", owner, **options)
        return session.get_one(VaultKey, owner).kek_id


def got(database: Database, owner: str) -> Any:
    """What was put."""
    with database.read() as session:
        return vault.get(session, owner, "a")


def wrong(database: Database) -> list[str]:
    """What a start says of the keys."""
    with database.write() as session:
        return vault.wrong_keys(session)


@pytest.mark.both_databases
def test_each_month_has_its_key(database: Database) -> None:
    """What begins in a month is under its key; what has no end is under the standing one."""
    vault.init(keys("main", "2026-11", "2026-12", "2026-11.2"), INDEX)
    with clock.stopped(NOVEMBER) as time:
        assert put(database, "chk_a") == "2026-11.2"
        assert put(database, "key_a", standing=True) == "main"
        time.at = datetime(2026, 12, 1, tzinfo=UTC)
        assert put(database, "chk_b") == "2026-12"
        assert put(database, "chk_a") == "2026-11.2"
        time.at = datetime(2027, 3, 1, tzinfo=UTC)
        assert put(database, "chk_c") == "2026-12"
    assert [got(database, owner) for owner in ("chk_a", "chk_b", "chk_c")] == ["chk_a", "chk_b", "chk_c"]


def test_without_keys_of_months_the_standing_one_wraps_everything(database: Database) -> None:
    """As deployments in the environment's form have it; a month to come is not begun before its time."""
    vault.init(keys("new", "old", "2030-01"), INDEX)
    assert put(database, "chk_a") == "new"


@pytest.mark.parametrize(
    ("given", "period"),
    [("2026-11", "2026-11"), ("2026-11.12", "2026-11"), ("2026-13", None), ("2026h2", None), ("2026-11.0", None)],
)
def test_ids_that_name_a_month(given: str, period: str | None) -> None:
    """The month, with a number from 2 on after a rotation; everything else is a standing key's."""
    assert keks.period_of(given) == period


def test_months_follow_each_other() -> None:
    """Over the year's end."""
    assert [keks.following(month) for month in ("2026-11", "2026-12", "2027-01")] == ["2026-12", "2027-01", "2027-02"]


class Service:
    """A key management service, as far as we need one: the key never comes out."""

    id = "kms-1"

    def __init__(self) -> None:
        self.wrapped: dict[bytes, tuple[bytes, bytes]] = {}

    def wrap(self, data_key: bytes, bound: bytes) -> bytes:
        """Keep it, and give a ticket for it."""
        ticket = f"ticket {len(self.wrapped)}".encode()
        self.wrapped[ticket] = (data_key, bound)
        return ticket

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """What was kept for the ticket, if it is asked for in its place."""
        data_key, place = self.wrapped.get(wrapped, (b"", b""))
        if not data_key or place != bound:
            raise Refused
        return data_key


def test_a_key_management_service_takes_the_place_of_a_key(database: Database) -> None:
    """Two methods are all that it takes; a ticket of another owner's does not open."""
    vault.init({"kms-1": Service()}, INDEX)
    put(database, "chk_a")
    put(database, "chk_b")
    assert wrong(database) == []
    assert got(database, "chk_a") == "chk_a"
    with database.write() as session:
        session.get_one(VaultKey, "chk_a").wrapped = session.get_one(VaultKey, "chk_b").wrapped
    with pytest.raises(vault.Tampered):
        got(database, "chk_a")


@pytest.mark.both_databases
def test_a_lost_key_is_refused_at_the_start_by_name(database: Database) -> None:
    """Each that something is under; what to do is said. A key that nothing is under may go."""
    with clock.stopped(NOVEMBER):
        vault.init(keys("main", "2026-11"), INDEX)
        put(database, "chk_a")
        assert wrong(database) == []
        vault.init(keys("main"), INDEX)
        (line,) = wrong(database)
        assert "SEALGATE_KEKS has no key 2026-11" in line
        assert "sealgate keys destroy 2026-11 --lost" in line
        vault.init(keys("2027-01", "other"), INDEX)
        assert [line.split(",")[0] for line in wrong(database)] == [
            "SEALGATE_KEKS has no key 2026-11",
            "SEALGATE_KEKS has no key main",
        ]
        with database.write() as session:
            vault.shred(session, "chk_a")
        vault.init(keys("main"), INDEX)
        assert wrong(database) == []


@pytest.mark.both_databases
def test_another_key_under_a_known_id_wraps_nothing(database: Database) -> None:
    """Two machines that made a key of the same month each: the second is stopped before it seals what is lost then."""
    with clock.stopped(NOVEMBER):
        vault.init(keys("main", "2026-11"), INDEX)
        put(database, "chk_a")
        vault.init({**keys("main"), "2026-11": b"another key, of 32 bytes as well"[:32]}, INDEX)
        with pytest.raises(vault.UnknownKek):
            put(database, "chk_b")
        assert wrong(database) == ["SEALGATE_KEKS has another key under an id by which data was sealed: 2026-11"]


@pytest.mark.both_databases
def test_a_key_is_known_only_if_its_transaction_was_kept(database: Database) -> None:
    """A rollback takes the note of a new key back; the next use writes it again."""
    vault.init(keys("main"), INDEX)
    with suppress(ZeroDivisionError), database.write() as session:
        vault.put(session, "chk_a", "a", 1)
        vault.put(session, "chk_b", "a", 1 // 0)
    put(database, "chk_c")
    with database.read() as session:
        assert session.scalars(select(VaultKek.id)).all() == ["main"]


def test_the_key_file_goes_before_the_environment(database: Database, tmp_path: Path) -> None:
    """A deployment that gets a key file keeps reading what is under the old key."""
    vault.init(keys("main"), INDEX)
    put(database, "chk_a")
    keyfile.create(tmp_path / "keys", [keyfile.new("kek", "standing-1"), keyfile.new("kek", "2026-11")])
    vault.init(keys("main"), INDEX, tmp_path / "keys")
    with clock.stopped(NOVEMBER):
        assert put(database, "chk_b") == "2026-11"
    assert put(database, "key_a", standing=True) == "standing-1"
    assert got(database, "chk_a") == "chk_a"
    assert LocalKek("a", b"secret").__repr__() == "LocalKek(id='a')"


@pytest.mark.both_databases
def test_moving_never_undoes_shredding(database: Database) -> None:
    """A row that was read before it was shredded stays shredded."""
    vault.init(keys("main"), INDEX)
    put(database, "chk_a")
    with database.read() as session:
        row = session.get_one(VaultKey, "chk_a")
    with database.write() as session:
        vault.shred(session, "chk_a")
    vault.init(keys("next", "main"), INDEX)
    with database.write() as session:
        wrapping.move(session, row)
    with database.read() as session:
        assert session.get_one(VaultKey, "chk_a").wrapped is None
