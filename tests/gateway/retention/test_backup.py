"""Nothing decrypts: neither in the database after shredding, nor in a backup taken before, with every key that is left.

The attacker has all tables, DBOS's too, of both; the key file and the settings as they are afterwards; and knows how
values are sealed. The same attack with the keys as they were before finds everything, so it does look.
"""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import inspect, text

from gateway import retention
from gateway.db import db
from gateway.notices import deliver
from gateway.vault import cipher, keyfile
from tests.stage import RELEASE, Stage, request_for
from tests.walk import REFERENCE, SAID_OF_THE_PERSON, traces

PERSON = {
    "names": [{"full": "Zofia Wrzeszczyk", "script": "Latn"}, {"full": "佐菲亚·鹭鸶", "script": "Hans"}],
    "born": "1961-02-03",
    "ids": [{"type": "passport", "value": "PPKESTREL9917"}, {"type": "national-id", "value": "NID-dunlin-31"}],
    "contact": {"email": "zofia@bittern.example", "phone": "+8613977755531"},
}
CANARIES = (*SAID_OF_THE_PERSON, REFERENCE)
NOVEMBER_GOES = datetime(2027, 3, 30, tzinfo=UTC)
"""The end of the month, 20 days for a check's way, 99 of keeping."""


@dataclass
class Dump:
    """Every cell of every table of a database."""

    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    @classmethod
    def of_server(cls) -> "Dump":
        """Every table of every schema, the work engine's too."""
        with db.engine.connect() as connection:
            seen = inspect(connection)
            names = [(schema, name) for schema in ("public", "dbos") for name in seen.get_table_names(schema)]
            assert set(seen.get_schema_names()) == {"public", "dbos", "information_schema"}
            assert any(schema == "dbos" for schema, _ in names)
            rows = {name: connection.execute(text(f'SELECT * FROM "{schema}"."{name}"')) for schema, name in names}
            return cls({name: [dict(row) for row in found.mappings()] for name, found in rows.items()})

    @classmethod
    def of(cls, file: Path) -> "Dump":
        """Every table of a file."""
        connection = sqlite3.connect(file)
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = cls({name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names})
        connection.close()
        return found

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """Every cell, with its place."""
        for table, rows in self.tables.items():
            for row in rows:
                for column, cell in row.items():
                    yield f"{table}.{column}", cell if isinstance(cell, bytes) else str(cell).encode()

    def opened(self, keys: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
        """Everything that these keys open: by its owner's name."""
        opened_keys = list(self._data_keys(keys))
        every_key = [*keys.values(), *(key for _, key in opened_keys)]
        for owner, key in opened_keys:
            yield owner, key
        blobs = {cell for row in self.tables["vault_items"] for cell in row.values() if isinstance(cell, bytes)}
        places = {(str(row["owner_id"]), str(row["name"])) for row in self.tables["vault_items"]}
        for blob in blobs:
            for key in every_key:
                for owner, name in places:
                    try:
                        yield owner, cipher.unseal(key, blob, cipher.bound("item", owner, name))
                    except InvalidTag:
                        continue

    def _data_keys(self, keys: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
        ids = {*keys, *(str(row["id"]) for row in self.tables["vault_keks"])}
        for row in self.tables["vault_keys"]:
            for key in keys.values():
                for kek_id in ids:
                    wrapped, owner = row["wrapped"], str(row["owner_id"])
                    try:
                        if isinstance(wrapped, bytes):
                            yield owner, cipher.unseal(key, wrapped, cipher.bound("key", owner, kek_id))
                    except InvalidTag:
                        continue


def keys_of(stage: Stage, key_file: Path) -> dict[str, bytes]:
    """Every key that a deployment has at this moment."""
    lines = {f"{line.id}" if line.use == "kek" else "index": line.key for line in keyfile.read(key_file)}
    return {**lines, "index-1": stage.config.index_key, "cookies": stage.config.secret_key.encode()[:32]}


def backup(stage: Stage, folder: Path) -> Dump:
    """The files of the database, copied as a backup program copies them; of a server what `pg_dump` reads."""
    if not db.embedded:
        return Dump.of_server()
    folder.mkdir()
    for path in stage.config.data.glob("sealgate.sqlite*"):
        shutil.copy(path, folder)
    return Dump.of(folder / "sealgate.sqlite")


def personal(found: Iterable[tuple[str, bytes]]) -> set[str]:
    """The owners of what was opened that are not the gateway itself."""
    return {owner for owner, _ in found if owner.startswith(("chk_", "msg_", "idk_"))}


@pytest.mark.both_databases
def test_nothing_decrypts_after_the_shredding(stage: Stage, key_file: Path, tmp_path: Path) -> None:
    """A yes, a no, a refusal to consent; a backup from before; the keys that are left when the month's key is gone."""
    hr, desk = stage.caller(), stage.desk()
    stage.police.answers["PPKESTREL9917"] = stage.police.answers["BARRED"]
    asked = {"subject": PERSON, "reference": REFERENCE}
    no, declined = hr.asked(key="no", **asked), hr.asked(key="declined", **asked)
    yes = hr.asked(key="yes", subject=request_for("CLEAN")["subject"], reference=REFERENCE)
    for check_id in (no, yes):
        stage.agree(check_id)
    stage.decline(declined)
    stage.settle_reviews(desk)
    early, early_keys = backup(stage, tmp_path / "early"), keys_of(stage, key_file)
    stage.until(RELEASE)
    before = backup(stage, tmp_path / "before")
    for row in before.tables["messages"]:
        deliver(str(row["id"]))
    found = list(early.opened(early_keys)) + list(before.opened(keys_of(stage, key_file)))
    assert {no, yes, declined} <= personal(found)
    plain = b"\n".join(text for _, text in found)
    assert not [word for word in CANARIES if word.encode() not in plain]
    assert b'{"eligible":true}' in plain
    assert b'{"eligible":false}' in plain

    retention.turn()
    stage.until(NOVEMBER_GOES)
    retention.forget_due()
    assert retention.turn().destroyed == ["2026-11"]
    after, left = backup(stage, tmp_path / "after"), keys_of(stage, key_file)
    assert set(left) >= {"standing-1", "2027-03", "2027-04", "index-1"}
    for dump in (early, before, after):
        remains = list(dump.opened(left))
        assert personal(remains) == set()
        assert remains, "the gateway's own keys still open"
        assert traces(CANARIES, [*dump.cells(), *remains]) == []
    everything = [(path.name, path.read_bytes()) for path in stage.config.data.rglob("*") if path.is_file()]
    assert traces(CANARIES, [*everything, ("keys", key_file.read_bytes())]) == []
