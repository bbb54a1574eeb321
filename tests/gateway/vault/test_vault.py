import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway import vault
from gateway.config import Config
from gateway.db import Database, db
from gateway.retention.rotate import rotate_keks
from gateway.vault import VaultItem, VaultKey

SUBJECT = {"names": [{"full": "张三"}], "born": "1990-01-01"}


def _put(owner: str, name: str, value: Any) -> None:
    with db.write() as session:
        vault.put(session, owner, name, value)


def _get(owner: str, name: str) -> Any:
    with db.read() as session:
        return vault.get(session, owner, name)


def _item(session: Session, owner: str, name: str) -> VaultItem:
    return session.scalars(select(VaultItem).where(VaultItem.owner_id == owner, VaultItem.name == name)).one()


@pytest.mark.both_databases
def test_what_is_put_is_got(database: Database) -> None:
    """JSON goes in and comes out; a second put replaces the first."""
    for value in (SUBJECT, "text", 7, True, None, [1, {"a": []}], "x" * 5000):
        _put("chk_a", "subject", value)
        assert _get("chk_a", "subject") == value


def test_nothing_readable_is_in_the_file(database: Database, config: Config) -> None:
    """The database file and its log hold neither the values nor the keys in clear."""
    _put("chk_a", "subject", SUBJECT)
    files = list(config.data.iterdir())
    raw = b"".join(path.read_bytes() for path in files)
    assert b"chk_a" in raw
    assert not [word for word in ("张三", "1990-01-01", "born") if word.encode() in raw]
    assert b"n" * 32 not in raw


def test_a_sealed_yes_is_as_long_as_a_sealed_no(database: Database) -> None:
    """The length of a sealed value does not give it away."""
    _put("chk_a", "result", {"eligible": True})
    _put("chk_b", "result", {"eligible": False})
    with db.read() as session:
        lengths = {len(sealed) for sealed in session.scalars(select(VaultItem.sealed))}
    assert len(lengths) == 1


def test_equal_values_do_not_look_equal(database: Database) -> None:
    """The same value under another owner, name, or put again, gives other bytes."""
    _put("chk_a", "one", SUBJECT)
    _put("chk_a", "two", SUBJECT)
    _put("chk_b", "one", SUBJECT)
    with db.read() as session:
        assert len(set(session.scalars(select(VaultItem.sealed)))) == 3


@pytest.mark.both_databases
def test_a_row_moved_to_another_owner_is_noticed(database: Database) -> None:
    """Sealed bytes and data key of one owner do not open as another's."""
    _put("chk_a", "result", {"eligible": False})
    _put("chk_b", "result", {"eligible": True})
    with db.write() as session:
        _item(session, "chk_a", "result").sealed = _item(session, "chk_b", "result").sealed
    with pytest.raises(vault.Tampered):
        _get("chk_a", "result")
    with db.write() as session:
        key = session.get_one(VaultKey, "chk_b").wrapped
        session.execute(update(VaultKey).where(VaultKey.owner_id == "chk_a").values(wrapped=key))
    with pytest.raises(vault.Tampered):
        _get("chk_a", "result")


def test_a_row_moved_to_another_name_is_noticed(database: Database) -> None:
    """Sealed bytes of one name do not open under another, within one owner."""
    _put("chk_a", "result", {"eligible": True})
    _put("chk_a", "other", {"eligible": False})
    with db.write() as session:
        _item(session, "chk_a", "result").sealed = _item(session, "chk_a", "other").sealed
    with pytest.raises(vault.Tampered):
        _get("chk_a", "result")


@pytest.mark.parametrize("sealed", [b"", b"short", b"\0" * 60])
def test_damaged_bytes_are_noticed(database: Database, sealed: bytes) -> None:
    """Cut or overwritten bytes raise Tampered, which tells nothing and logs the row's id."""
    _put("chk_a", "subject", SUBJECT)
    with db.write() as session:
        item = _item(session, "chk_a", "subject")
        item.sealed = sealed
        item_id = item.id
    with pytest.raises(vault.Tampered) as noticed:
        _get("chk_a", "subject")
    assert noticed.value.logged == item_id
    assert noticed.value.told is None
    assert "chk_a" not in str(noticed.value)


def test_every_changed_bit_is_noticed(database: Database) -> None:
    """A flip anywhere in the bytes raises Tampered."""
    _put("chk_a", "subject", 1)
    with db.read() as session:
        whole = _item(session, "chk_a", "subject").sealed
    for place in range(0, len(whole), 7):
        with db.write() as session:
            changed = bytearray(whole)
            changed[place] ^= 1
            _item(session, "chk_a", "subject").sealed = bytes(changed)
        with pytest.raises(vault.Tampered):
            _get("chk_a", "subject")


@pytest.mark.both_databases
def test_what_was_never_put_is_absent(database: Database) -> None:
    """Absent is not shredded and not tampered."""
    with pytest.raises(vault.Absent):
        _get("chk_a", "subject")
    _put("chk_a", "subject", SUBJECT)
    with pytest.raises(vault.Absent):
        _get("chk_a", "other")
    with db.read() as session:
        assert vault.has(session, "chk_a", "subject")
        assert not vault.has(session, "chk_a", "other")
        assert vault.names(session, "chk_a") == ["subject"]


@pytest.mark.both_databases
def test_shredding_takes_everything_of_one_owner_for_good(database: Database) -> None:
    """After shredding nothing of the owner opens or can be added; other owners keep theirs; it can be repeated."""
    _put("chk_a", "subject", SUBJECT)
    _put("chk_b", "subject", SUBJECT)
    for _ in range(2):
        with db.write() as session:
            vault.shred(session, "chk_a")
    with pytest.raises(vault.Shredded):
        _get("chk_a", "subject")
    with pytest.raises(vault.Shredded):
        _put("chk_a", "new", 1)
    assert _get("chk_b", "subject") == SUBJECT


def test_shredded_bytes_are_overwritten_in_the_file(database: Database, config: Config) -> None:
    """Once the write-ahead log is folded in, neither the sealed bytes nor the wrapped key are in the file."""
    _put("chk_a", "subject", SUBJECT)
    with db.write() as session:
        wrapped = session.get_one(VaultKey, "chk_a").wrapped
        sealed = _item(session, "chk_a", "subject").sealed
        vault.shred(session, "chk_a")
    assert wrapped is not None
    db.close()
    folded = sqlite3.connect(config.data / "sealgate.sqlite")
    folded.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folded.close()
    raw = (config.data / "sealgate.sqlite").read_bytes()
    assert wrapped not in raw
    assert sealed not in raw


@pytest.mark.both_databases
def test_one_value_can_be_removed(database: Database) -> None:
    """Removing one value leaves the others and may be repeated."""
    _put("chk_a", "one", 1)
    _put("chk_a", "two", 2)
    for _ in range(2):
        with db.write() as session:
            vault.remove(session, "chk_a", "one")
    with pytest.raises(vault.Absent):
        _get("chk_a", "one")
    assert _get("chk_a", "two") == 2


@pytest.mark.both_databases
def test_after_rewrapping_the_old_key_may_go(database: Database, config: Config) -> None:
    """Values put under an old key open after rewrapping with the new key alone."""
    vault.init({"old": config.keks["old"]}, config.index_key)
    _put("chk_a", "subject", SUBJECT)
    _put("chk_s", "subject", SUBJECT)
    with db.write() as session:
        vault.shred(session, "chk_s")
    vault.init(config.keks, config.index_key)
    _put("chk_b", "subject", SUBJECT)
    assert _get("chk_a", "subject") == SUBJECT
    assert rotate_keks().moved == 1
    assert rotate_keks().moved == 0
    vault.init({"new": config.keks["new"]}, config.index_key)
    assert _get("chk_a", "subject") == _get("chk_b", "subject") == SUBJECT


def test_a_key_that_is_not_configured_is_named(database: Database, config: Config) -> None:
    """A row under a key that was taken out too early says which one."""
    _put("chk_a", "subject", SUBJECT)
    vault.init({"old": config.keks["old"]}, config.index_key)
    with pytest.raises(vault.UnknownKek) as caught:
        _get("chk_a", "subject")
    assert caught.value.logged == "new"


def test_a_wrong_key_of_the_right_name_is_noticed(database: Database, config: Config) -> None:
    """A mistyped key does not open anything."""
    _put("chk_a", "subject", SUBJECT)
    vault.init({"new": b"x" * 32}, config.index_key)
    with pytest.raises(vault.Tampered):
        _get("chk_a", "subject")


def test_the_index_finds_equal_values_of_one_kind_only(keys: None, config: Config) -> None:
    """Equal values of one kind share an index; another kind, value, split or key gives another."""
    index = vault.index("cn-resident-id", "110101199001011237")
    assert index == vault.index("cn-resident-id", "110101199001011237")
    assert len(index) == 66
    others = {
        vault.index("passport", "110101199001011237"),
        vault.index("cn-resident-id", "110101199001011238"),
        vault.index("cn-resident-id1", "10101199001011237"),
    }
    vault.init(config.keks, b"j" * 32)
    others.add(vault.index("cn-resident-id", "110101199001011237"))
    assert len(others) == 4
    assert index not in others


def test_the_file_is_nobody_elses(database: Database, config: Config) -> None:
    """The data folder and what is in it are readable by the owner alone."""
    paths: list[Path] = [config.data, *config.data.iterdir()]
    assert not [path for path in paths if path.stat().st_mode & 0o077]


@pytest.mark.both_databases
def test_other_keys_than_before_are_noticed_at_the_start(database: Database) -> None:
    """A removed key, another key under the same id, another index key: each is named."""
    first, second, third = (bytes([number]) * 32 for number in (1, 2, 3))

    def wrong(keks: dict[str, bytes], index_key: bytes) -> list[str]:
        vault.init(keks, index_key)
        with database.write() as session:
            return vault.wrong_keys(session)

    assert wrong({"old": first}, third) == []
    assert wrong({"old": first}, third) == []
    assert wrong({"new": second, "old": first}, third) == []
    assert wrong({"old": first}, second) == ["SEALGATE_INDEX_KEY is another one than that of the data"]
    assert "another key under an id" in wrong({"old": second}, third)[0]
    assert "no key old" in wrong({"new": second}, third)[0]
