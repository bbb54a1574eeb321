"""The doctor names what is wrong and what to do, keeps looking whatever it finds, and changes nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway import belief, retention, work
from gateway.db import db
from gateway.doctor import keys, rooms
from gateway.retention import reindex, rotate
from gateway.vault import keyfile
from tests.gateway.doctor.conftest import Patient
from tests.stage import RELEASE, Stage

EVERYTHING = {
    *("configuration", "database", "migrations", "clock", "keys", "key file", "terms"),
    *("audit", "registries", "outbox", "metrics", "workers", "work", "desk"),
}


def test_a_deployment_that_is_well(patient: Patient) -> None:
    """Everything is looked at, and what it comes to is said; no key is in it."""
    with patient.opened():
        work.prepare()
    (patient.folder / "registries.toml").write_text(
        '[police]\nconnector = "embedded"\npath = "police.sqlite"\nkey_env = "SEALGATE_REGISTRY_KEY"\n', "utf-8"
    )
    found = patient.examined()
    assert {one.about for one in found} == EVERYTHING
    assert set(patient.faults()) <= {"registries"}
    said = " ".join(one.found for one in found)
    for part in ("SQLite", "WAL-reset fault", "goes 99 days after a check's end; 180 days after it no copy", "0 tasks"):
        assert part in said
    assert not [line for line in keyfile.read(patient.keys) if str(line).split()[-1] in said]


def test_it_changes_nothing(patient: Patient) -> None:
    """No file is other than before, nor is one made."""

    def state() -> dict[str, bytes]:
        kept = (path for path in patient.folder.rglob("*") if not path.name.endswith(("-wal", "-shm")))
        return {path.name: path.read_bytes() for path in kept}

    before = state()
    patient.examined()
    assert state() == before


def test_a_database_that_is_not_there_is_not_made(patient: Patient) -> None:
    """It says so, and looks at what can be looked at without it."""
    patient.database.unlink()
    assert "is not there" in patient.faults()["database"]
    assert not patient.database.exists()


def _take_out(kek_id: str) -> Callable[[Patient], None]:
    return lambda it: keyfile.change(it.keys, lambda lines: keyfile.without(lines, "kek", kek_id))


def _execute(statement: str) -> Callable[[Patient], None]:
    return lambda it: it.execute(statement)


def _set(**environ: str) -> Callable[[Patient], None]:
    return lambda it: it.environ.update(environ)


def _wait(days: int) -> Callable[[Patient], object]:
    return lambda it: it.time.forward(timedelta(days=days))


def _doubt(patient: Patient) -> None:
    """A turn, and another after the clock has jumped; the one after that would be believed a day later."""
    with patient.opened():
        assert belief.believed()
        patient.time.forward(timedelta(days=10))
        assert not belief.believed()


@pytest.mark.parametrize(
    ("harm", "about", "says"),
    [
        (_take_out("standing-1"), "keys", "has no standing key"),
        (_take_out("2026-11"), "keys", "SEALGATE_KEY_FILE has no key 2026-11, by which data was sealed"),
        (lambda it: it.keys.write_text("kek a b", "utf-8"), "keys", "line 1: the key must be 32 random bytes"),
        (_set(SEALGATE_INDEX_KEY="A" * 43), "keys", "SEALGATE_INDEX_KEY is another one"),
        (_wait(45), "keys", "the key of 2027-01 is missing"),
        (_wait(140), "keys", "the key 2026-11 should have been destroyed on 2027-03-30"),
        (_doubt, "shredding", "because the clock had jumped"),
        (_wait(-1), "clock", "the log has an entry of 2026-11-20"),
        (_execute("DELETE FROM alembic_version"), "migrations", "another version"),
        (_execute("UPDATE audit_checkpoints SET root = zeroblob(32)"), "audit", "is not what was signed"),
        (_execute("UPDATE audit_entries SET facts = '[1,2]'"), "audit", "entry 0"),
        (_execute("UPDATE audit_entries SET position = NULL"), "audit", "it is missing"),
        (_set(SEALGATE_OUTBOX="smtp://127.0.0.1:9?from=a@b.example"), "outbox", "the mail server does not work"),
        (_set(SEALGATE_OUTBOX="file:/proc/sys/outbox"), "outbox", "cannot be written"),
        (lambda it: it.database.write_bytes(b"no database" * 500), "database", "the database does not answer"),
        (lambda it: (it.folder / "registries.toml").write_text("[police", "utf-8"), "registries", "registries.toml"),
        (_execute("UPDATE institutions SET policies = '[\"cn/kindergarten\"]'"), "registries", "names no registry"),
        (_set(), "work", "its tables cannot be read"),
    ],
)
def test_what_is_wrong_is_said(patient: Patient, harm: Callable[[Patient], object], about: str, says: str) -> None:
    """Each harm is named under what it is about, with what to do."""
    harm(patient)
    found = [one.found for one in patient.examined() if (one.level, one.about) == ("fault", about)]
    assert says in " ".join(found)


def test_a_rotation_that_was_begun_is_a_hint(patient: Patient) -> None:
    """And so is a new key that waits."""
    with patient.opened():
        rotate.add_waiting()
        reindex.add_waiting()
    hints = [one.do for one in patient.examined() if one.about == "rotation"]
    assert [hint.partition(" finishes it")[0] for hint in hints] == [
        "`sealgate keys rotate`",
        "`sealgate keys rotate --index`",
    ]


def test_shredding_that_is_late_is_a_fault(with_keys: Callable[..., Stage]) -> None:
    """Two days after its time, the server cannot have run."""
    stage = with_keys()
    check_id = stage.caller().asked()
    stage.agree(check_id)
    stage.until(RELEASE)
    stage.until(RELEASE + timedelta(days=101, seconds=-1))
    assert [one.level for one in keys.shredding(stage.config)] == ["ok"]
    stage.until(RELEASE + timedelta(days=101))
    late = [one for one in keys.shredding(stage.config) if one.level == "fault"]
    assert [one.found for one in late] == ["the data of 1 checks should have been shredded"]
    retention.turn()
    assert [one.level for one in keys.shredding(stage.config)] == ["ok"]


def test_keys_without_a_file_are_a_hint(make_stage: Callable[..., Stage]) -> None:
    """The environment's form works; that backups remember is said."""
    stage = make_stage()
    assert [(one.level, one.about) for one in keys.file(stage.config)] == [("hint", "key file")]
    assert list(keys.in_time()) == []
    db.close()


def test_overdue_work_is_a_fault(with_keys: Callable[..., Stage]) -> None:
    """A task that should have been done long ago, by kind and number."""
    stage = with_keys()
    stage.time.at = stage.time.at.replace(year=2020)
    with db.write() as session:
        work.enqueue(session, "notices.deliver", "msg_a", at=stage.time.at)
    assert [one.found for one in rooms.tasks()] == ["1 tasks are overdue (notices.deliver)"]


def test_the_command(patient: Patient) -> None:
    """Exit status 1 on a fault, with the same in JSON; a configuration that is not complete is a finding too."""

    def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        program = "from gateway.cli import main; main()"
        line = [sys.executable, "-c", program, "doctor", *arguments]
        settings = {name: value for name, value in {**patient.environ, **environ}.items() if value}
        return subprocess.run(line, env=settings, capture_output=True, text=True, timeout=60, check=False)

    told = command()
    assert told.returncode == 1
    assert "FAULT work: its tables cannot be read" in told.stdout
    assert "→ start `sealgate serve`" in told.stdout
    assert told.stderr == ""
    found = json.loads(command("--json").stdout)
    assert {one["about"] for one in found} == EVERYTHING
    bare = command("--json", SEALGATE_DATA="", SEALGATE_KEY_FILE="")
    assert bare.returncode == 1
    assert [one["found"].split()[0] for one in json.loads(bare.stdout)] == ["SEALGATE_DATA", "SEALGATE_KEY_FILE"]
