"""The log as a whole: what is in an entry, what covers it, and that no tampering with rows goes unseen."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from gateway import audit, clock, vault
from gateway.audit import merkle, note
from gateway.audit.entries import leaf
from gateway.audit.models import AuditCheckpoint, AuditEntry, AuditNode
from gateway.audit.sequence import signing_key
from gateway.db import Database, new_id
from gateway.vault import VaultItem
from tests.databases import tamper

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def _note_checks(database: Database, count: int, start: int = 0) -> list[str]:
    with database.write() as session:
        return [
            audit.record(session, "check.closed", f"chk_{number}", why="declined")
            for number in range(start, start + count)
        ]


def _verified(database: Database) -> audit.Verification:
    with database.read() as session:
        return audit.verify(session)


@pytest.fixture
def log(database: Database) -> Database:
    """A log of seven entries under three checkpoints, of sizes 3, 4 and 7."""
    for start, count in ((0, 3), (3, 1), (4, 3)):
        _note_checks(database, count, start)
        audit.sequence()
    return database


@pytest.mark.both_databases
def test_an_entry_is_covered_once_it_is_under_a_checkpoint(database: Database) -> None:
    """Recorded is not yet covered; sequenced is. With nothing to lay no checkpoint is made."""
    assert audit.sequence() is None
    (entry,) = _note_checks(database, 1)
    with database.read() as session:
        assert not audit.covered(session, entry)
        assert not audit.covered(session, "aud_unknown")
    checkpoint = audit.sequence()
    assert checkpoint is not None
    assert checkpoint.size == 1
    with database.read() as session:
        assert audit.covered(session, entry)
    assert audit.sequence() is None


def test_an_act_that_is_rolled_back_leaves_no_entry(database: Database) -> None:
    """The entry is in the transaction of the act."""

    def act() -> None:
        with database.write() as session:
            audit.record(session, "check.closed", "chk_1", why="declined")
            raise KeyError

    with pytest.raises(KeyError):
        act()
    assert audit.sequence() is None


@pytest.mark.both_databases
def test_a_checkpoint_is_a_signed_note_of_the_log(log: Database) -> None:
    """The newest checkpoint opens with the log's key and says its origin, size and root."""
    with log.read() as session:
        checkpoint = audit.latest(session)
        origin, private = signing_key(session)
        assert audit.verifier_key(session) == note.verifier_key(origin, private.public_key())
    assert checkpoint is not None
    said = note.read_checkpoint(note.opened(checkpoint.note, "localhost:8000/audit", private.public_key()))
    assert (said.origin, said.size, said.root) == ("localhost:8000/audit", 7, checkpoint.root)


def test_the_origin_of_a_log_stays_when_the_address_changes(log: Database) -> None:
    """A log keeps the name that its first checkpoint had."""
    audit.init("https://elsewhere.example")
    _note_checks(log, 1, 7)
    checkpoint = audit.sequence()
    assert checkpoint is not None
    assert checkpoint.origin == "localhost:8000/audit"
    assert _verified(log).ok


def test_an_entry_is_hashed_as_documented(database: Database) -> None:
    """The bytes under the tree are this JSON, to the letter: they must never change."""
    with clock.stopped(NOON), database.write() as session:
        entry_id = audit.record(session, "consent.given", "chk_a", policy="cn/kindergarten", version="2025-06-01")
        entry = session.scalars(select(AuditEntry)).one()
    assert (
        leaf(entry)
        == (
            f'["sealgate audit 1","{entry_id}","consent.given","chk_a","2026-11-20T12:00:00Z",'
            '[null,"cn/kindergarten","2025-06-01",null]]'
        ).encode()
    )


@pytest.mark.both_databases
def test_proofs_verify_against_the_checkpoints(log: Database) -> None:
    """Every entry has an inclusion proof, and every checkpoint is consistent with the earlier ones."""
    with log.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
        roots = {row.size: row.root for row in session.scalars(select(AuditCheckpoint))}
        for entry in entries:
            position, size, path = audit.inclusion_proof(session, entry.id)
            assert merkle.includes(merkle.leaf_hash(leaf(entry)), position, size, path, roots[7])
        for first, second in ((3, 4), (3, 7), (4, 7), (7, 7)):
            path = audit.consistency_proof(session, first, second)
            assert merkle.extends(first, second, roots[first], roots[second], path)
        with pytest.raises(LookupError):
            audit.inclusion_proof(session, entries[6].id, size=4)
        with pytest.raises(LookupError):
            audit.consistency_proof(session, 3, 5)


def test_an_untouched_log_verifies(log: Database) -> None:
    """Verification recomputes size and root, and an empty log verifies too."""
    verified = _verified(log)
    with log.read() as session:
        checkpoint = audit.latest(session)
    assert checkpoint is not None
    assert (verified.ok, verified.size, verified.root) == (True, 7, checkpoint.root)


def test_an_empty_log_verifies(database: Database) -> None:
    """There is nothing that does not fit in an empty log."""
    assert _verified(database) == audit.Verification(True, 0, merkle.EMPTY_ROOT)


@pytest.mark.both_databases
def test_a_log_longer_than_one_chunk_verifies(database: Database) -> None:
    """Verification reads in chunks and reports how far it is."""
    _note_checks(database, 1500)
    audit.sequence()
    _note_checks(database, 1100, 1500)
    audit.sequence()
    seen: list[tuple[int, int]] = []
    with database.read() as session:
        verified = audit.verify(session, lambda done, total: seen.append((done, total)))
    assert (verified.ok, verified.size) == (True, 2600)
    assert seen == [(1024, 2600), (1500, 2600), (2048, 2600), (2600, 2600)]
    tamper("UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 11 AND idx = 0")
    assert str(_verified(database).first_bad).startswith("entry 2047 (aud_")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("statements", "position", "fault"),
    [
        (["UPDATE audit_entries SET facts = '[\"expired\"]' WHERE position = 2"], 2, "not what was laid"),
        (["UPDATE audit_entries SET about = 'chk_9' WHERE position = 5"], 5, "not what was laid"),
        (["UPDATE audit_entries SET kind = 'token.refused' WHERE position = 1"], 1, "not what was laid"),
        (["UPDATE audit_entries SET at = '2020-01-01 00:00:00.000000' WHERE position = 0"], 0, "not what was"),
        (["UPDATE audit_entries SET kind = 'made.up' WHERE position = 4"], 4, "known kind"),
        (["UPDATE audit_entries SET facts = 'nonsense' WHERE position = 4"], 4, "known kind"),
        (["UPDATE audit_entries SET facts = '{}' WHERE position = 4"], 4, "known kind"),
        (["DELETE FROM audit_entries WHERE position = 3"], 3, "missing"),
        (["DELETE FROM audit_entries WHERE position = 6"], 6, "missing"),
        (
            [
                "UPDATE audit_entries SET position = 99 WHERE position = 1",
                "UPDATE audit_entries SET position = 1 WHERE position = 2",
                "UPDATE audit_entries SET position = 2 WHERE position = 99",
            ],
            1,
            "not what was laid",
        ),
        (["UPDATE audit_entries SET position = NULL WHERE position = 5"], 5, "missing"),
        (["UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 0"], 1, "the nodes above"),
        (["DELETE FROM audit_nodes WHERE level = 2 AND idx = 0"], 3, "the nodes above"),
        (["DELETE FROM audit_checkpoints WHERE size = 7"], 4, "under no checkpoint"),
    ],
)
def test_verification_names_the_first_entry_that_does_not_fit(
    log: Database, statements: list[str], position: int, fault: str
) -> None:
    """A changed field, a removed entry, a swapped order or a changed node is found where it is."""
    tamper(*statements)
    verified = _verified(log)
    assert not verified.ok
    assert verified.first_bad is not None
    assert verified.first_bad.position == position
    assert fault in verified.first_bad.fault


def test_an_entry_rewritten_with_its_nodes_is_found_by_the_checkpoint_over_it(log: Database) -> None:
    """Somebody who recomputes the hashes still lacks the signature: the batch is named."""
    with log.write() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.position == 5)).one()
        entry.facts = json.dumps(["expired"])
        session.flush()
        tree = merkle.Growing()
        for laid in session.scalars(select(AuditEntry).order_by(AuditEntry.position)).all():
            for level, index, made in tree.add(merkle.leaf_hash(leaf(laid))):
                node = session.get_one(AuditNode, (level, index))
                node.hash = made
    verified = _verified(log)
    assert verified.first_bad is not None
    assert verified.first_bad.position == 4
    assert "entries 4 to 6" in verified.first_bad.fault


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_checkpoints SET note = replace(note, 'audit\n4\n', 'audit\n5\n') WHERE size = 4",
        "UPDATE audit_checkpoints SET root = zeroblob(32) WHERE size = 4",
        "UPDATE audit_checkpoints SET note = '' WHERE size = 4",
        "UPDATE audit_checkpoints SET note = (SELECT note FROM audit_checkpoints WHERE size = 3) WHERE size = 4",
    ],
)
def test_a_changed_checkpoint_is_found(log: Database, statement: str) -> None:
    """A checkpoint whose text, root or signature was changed is named by its size."""
    tamper(statement)
    verified = _verified(log)
    assert not verified.ok
    assert "checkpoint of size 4" in str(verified.first_bad)


def test_a_sealed_field_is_meaningless_once_its_salt_is_shredded(database: Database) -> None:
    """An answer can be opened with its salt; without it the two possible answers cannot be told apart."""
    with database.write() as session:
        laid = audit.record(session, "answer", "chk_a", policy="cn/physician", eligible=False)
    with database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
        salt = audit.opening(session, "chk_a", laid, "eligible")
    written = json.loads(entry.facts)[2]
    assert written == audit.commitment(salt, "eligible", False)
    assert written != audit.commitment(salt, "eligible", True)
    assert written not in {audit.commitment(b"", "eligible", value) for value in (True, False)}
    with database.write() as session:
        vault.shred(session, "chk_a")
    with database.read() as session, pytest.raises(vault.Shredded):
        audit.opening(session, "chk_a", laid, "eligible")
    audit.sequence()
    assert _verified(database).ok


def test_equal_answers_do_not_look_equal(database: Database) -> None:
    """Two answers that are the same are written differently."""
    with database.write() as session:
        for number in range(8):
            audit.record(session, "answer", f"chk_{number}", eligible=True)
        rows = session.scalars(select(AuditEntry.facts)).all()
    assert len(set(rows)) == 8


@pytest.mark.both_databases
def test_a_look_at_a_registry_names_no_check(database: Database) -> None:
    """Reading the log does not tie a look to a check; the subject's own page still finds it."""
    check = new_id("chk")
    with database.write() as session:
        audit.record(session, "check.requested", check, policy="cn/kindergarten")
        look = audit.record(session, "registry.asked", check, registry="police", why="check")
        audit.record(session, "registry.asked", new_id("chk"), registry="police", why="check")
        row = session.scalars(select(AuditEntry).where(AuditEntry.id == look)).one()
        assert check not in (row.about or "") + row.facts
        assert [entry.kind for entry in audit.about(session, check)] == ["check.requested", "registry.asked"]
        vault.shred(session, check)
        assert [entry.kind for entry in audit.about(session, check)] == ["check.requested"]


@pytest.mark.parametrize(
    "change",
    ["facts = 'x'", "facts = '[\"expired\"]'", "at = 'x'", "kind = 'made.up'", "kind = x'00ff'", "leaf = 'x'"],
)
def test_a_damaged_entry_does_not_hold_up_the_log(
    database: Database, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What was changed before it was laid is named by verification before and after; the entries behind it are laid."""
    ids = _note_checks(database, 3)
    tamper(f"UPDATE audit_entries SET {change} WHERE id = '{ids[1]}'")
    waiting = _verified(database)
    assert waiting.first_bad is not None
    assert str(waiting.first_bad) == f"an entry that is not laid yet ({ids[1]}): it is not what was written"
    audit.sequence()
    with database.read() as session:
        assert all(audit.covered(session, entry_id) for entry_id in ids)
    assert [record for record in caplog.records if ids[1] in str(record.__dict__)]
    verified = _verified(database)
    assert verified.first_bad is not None
    assert (verified.first_bad.position, verified.first_bad.entry) == (1, ids[1])
    _note_checks(database, 1, 3)
    assert audit.sequence() is not None


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda session: audit.record(session, "made.up", None), LookupError),
        (lambda session: audit.record(session, "check.closed", "chk_1", who="x"), TypeError),
        (lambda session: audit.record(session, "check.closed", "chk_1", why="张三"), TypeError),
        (lambda session: audit.record(session, "check.closed", "chk_1", why="Zhang San"), TypeError),
        (lambda session: audit.record(session, "check.closed", "chk_1", why={"a": 1}), TypeError),
        (lambda session: audit.record(session, "review.opened", None, review="rev_1"), TypeError),
    ],
)
def test_what_may_not_be_in_the_log_is_refused(
    database: Database, act: Callable[[object], object], error: type[Exception]
) -> None:
    """Unknown kinds and fields, prose and people's names are refused, and the value is not repeated."""
    with pytest.raises(error) as refused, database.write() as session:
        act(session)
    assert "张三" not in str(refused.value)


def test_the_signing_key_is_not_in_the_open(log: Database) -> None:
    """The seed of the log's key lies in the vault, sealed."""
    with log.read() as session:
        _, private = signing_key(session)
        raw = session.execute(text("SELECT group_concat(hex(sealed)) FROM vault_items")).scalar_one()
    assert private.private_bytes_raw().hex().upper() not in raw


@pytest.mark.both_databases
def test_what_names_no_check_keeps_neither_its_minute_nor_its_order(database: Database) -> None:
    """Laid when its hour is over, in another order than it was written in; what names its check is laid at once."""
    with clock.stopped(NOON) as time:
        looks = []
        for number in range(20):
            time.forward(timedelta(minutes=2))
            with database.write() as session:
                looks.append(audit.record(session, "registry.asked", f"chk_{number}", registry="police", why="check"))
                audit.record(session, "consent.given", f"chk_{number}", consent="con_x")
        first = audit.sequence()
        assert first is not None
        assert first.size == 20
        assert audit.sequence() is None
        time.at = NOON.replace(minute=59, second=59)
        assert audit.sequence() is None
        time.at = NOON.replace(hour=13, minute=0, second=0, microsecond=0)
        second = audit.sequence()
    assert second is not None
    assert second.size == 40
    with database.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
        assert [entry.id for entry in audit.about(session, "chk_7")] == [rows[7].id, looks[7]]
    assert [row.kind for row in rows] == ["consent.given"] * 20 + ["registry.asked"] * 20
    assert {row.at for row in rows[20:]} == {NOON.replace(microsecond=0)}
    for order in (rows[20:], sorted(rows[20:], key=lambda row: row.recorded)):
        ids = [row.id for row in order]
        assert sorted(ids) == sorted(looks)
        assert ids not in (looks, looks[::-1])
    assert [row.recorded for row in rows[:20]] == list(range(1, 21)), "no gaps tell where something else was written"
    assert _verified(database).ok


def test_rows_do_not_tell_which_check_went_over_the_desk(database: Database) -> None:
    """A check with a review and one without have the same rows in the vault, of the same names and sizes."""
    with database.write() as session:
        for check in ("chk_a", "chk_b"):
            audit.record(session, "registry.asked", check, registry="police", why="check")
        audit.record(session, "review.opened", "chk_b", review="rev_1", why="refusal")
        audit.record(session, "review.decided", "chk_b", review="rev_1", by="cli_1", decision="confirm")
        rows = session.execute(select(VaultItem.owner_id, VaultItem.name, func.length(VaultItem.sealed))).all()
        assert [entry.kind for entry in audit.about(session, "chk_b")] == [
            "registry.asked", "review.opened", "review.decided"
        ]  # fmt: skip
    kept = {check: sorted((name, size) for owner, name, size in rows if owner == check) for check in ("chk_a", "chk_b")}
    assert kept["chk_a"] == kept["chk_b"]
