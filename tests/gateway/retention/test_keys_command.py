"""`sealgate keys` as an operator uses it: real processes beside each other, one of them killed in the midst."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway import clock, setup, vault
from gateway.config import Config
from gateway.db import db
from gateway.oauth import receipt_keys
from gateway.vault import VaultKey, keks

pytestmark = pytest.mark.slow

ROWS = 1200


class Gate:
    """A deployment and the command line."""

    def __init__(self, folder: Path, database_environ: Mapping[str, str]) -> None:
        self.folder = folder / "gate"
        settings = {"SEALGATE_PROOF": "particulars", **database_environ}
        self.environ = setup.initialise(self.folder, "trial", "http://127.0.0.1:1", settings)
        self.config = Config.from_env(self.environ)
        self.month = keks.month(clock.now())
        vault.init({}, self.config.index_key, self.config.key_file)
        db.init(self.config.database_url)
        db.upgrade()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `sealgate …` on it."""
        program = "from gateway.cli import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run `sealgate …` to its end; what it prints, or what it complains of."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        assert process.returncode == status, err
        assert "Traceback" not in err
        return out if status == 0 else err

    def json(self, *arguments: str) -> Any:
        """Run `sealgate … --json`."""
        return json.loads(self.run(*arguments, "--json"))

    def under(self, kek_id: str) -> int:
        """How many data keys are under a key."""
        with db.read() as session:
            return session.scalar(select(func.count()).where(VaultKey.kek_id == kek_id)) or 0


@pytest.fixture
def gate(tmp_path: Path, database_environ: dict[str, str]) -> Iterator[Gate]:
    """A deployment with tables and keys."""
    yield Gate(tmp_path, database_environ)
    db.close()


@pytest.mark.both_databases
def test_a_killed_rotation_goes_on(gate: Gate) -> None:
    """kill -9 between two batches: part is under the new key, part under the old; called again, it finishes."""
    with db.write() as session:
        for number in range(ROWS):
            vault.put(session, f"chk_{number:05}", "subject", number)
    process = gate.start("keys", "rotate", "--json")
    while not gate.under(f"{gate.month}.2"):
        assert process.poll() is None
        time.sleep(0.01)
    with db.write():  # between two batches, and no other begins
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    process.communicate()
    assert 0 < gate.under(gate.month) < ROWS
    assert gate.under(gate.month) + gate.under(f"{gate.month}.2") == ROWS
    done = gate.json("keys", "rotate")
    assert done["resumed"] is True
    assert gate.under(f"{gate.month}.2") == ROWS
    with db.read() as session:
        assert [vault.get(session, f"chk_{number:05}", "subject") for number in (0, ROWS - 1)] == [0, ROWS - 1]
    assert gate.json("keys", "rotate")["resumed"] is False


def test_the_keys_from_the_first_to_the_last(gate: Gate) -> None:
    """List, add, rotate, destroy; what cannot be done is refused in one line."""
    listed = {row["key"]: row["state"] for row in gate.json("keys", "list")}
    assert listed == {
        "standing-1": "current",
        gate.month: "current",
        keks.following(gate.month): "ready",
        "index-1": "current",
    }
    assert gate.json("keys", "add", "2099-01") == ["2099-01"]
    assert gate.run("keys", "add", "2099-13", status=2).endswith("must be a month such as 2027-01\n")
    assert "2099-01 is destroyed" in gate.run("keys", "destroy", "2099-01")
    assert "in use" in gate.run("keys", "destroy", "standing-1", status=2)
    assert gate.json("keys", "rotate", "--index")["current"] == ["index-2"]
    assert {"standing-2", f"{gate.month}.2"} <= set(gate.json("keys", "rotate")["current"])
    assert gate.json("keys", "turn") == {"added": [], "moved": 0, "destroyed": []}
    assert "backups of before the rotation need standing-1 until" in gate.run("keys", "destroy", "standing-1", status=2)
    assert gate.run("keys", "destroy", "standing-1", "--now") == "standing-1 is destroyed\n"
    assert "standing-2" in gate.run("keys", "list")
    assert gate.json("audit", "verify")["ok"] is True


def test_from_the_environment_to_a_key_file(gate: Gate, tmp_path: Path) -> None:
    """`keys init` writes a file; with both given, a rotation brings everything under it."""
    kept = gate.environ.pop("SEALGATE_KEY_FILE")
    gate.environ["SEALGATE_KEKS"] = f"main:{setup.new_key()}"
    gate.config = Config.from_env(gate.environ)
    vault.init(gate.config.keks, gate.config.index_key)
    with db.write() as session:
        vault.put(session, "chk_a", "subject", 1)
    assert gate.under("main") == 1
    assert "File exists" in gate.run("keys", "init", kept, status=2)
    gate.run("keys", "init", str(tmp_path / "new.keys"))
    gate.environ["SEALGATE_KEY_FILE"] = str(tmp_path / "new.keys")
    gate.json("keys", "rotate")
    assert gate.under("main") == 0
    assert gate.under(gate.month) == 1
    del gate.environ["SEALGATE_KEKS"]
    assert gate.json("keys", "turn")["destroyed"] == []


def test_a_lost_key_stops_everything_but_its_cure(gate: Gate) -> None:
    """By name, with the command that gives it up; `keys list` still shows what there is."""
    with db.write() as session:
        vault.put(session, "chk_a", "subject", 1)
    file = Path(gate.environ["SEALGATE_KEY_FILE"])
    lines = [line for line in file.read_text("utf-8").splitlines() if f"kek {gate.month} " not in line]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    assert f"sealgate keys destroy {gate.month} --lost" in gate.run("audit", "verify", status=2)
    assert {"key": gate.month, "state": "missing"}.items() <= gate.json("keys", "list")[0].items()
    assert gate.json("keys", "destroy", gate.month, "--lost") == {"destroyed": gate.month, "shredded": 1}
    gate.run("audit", "verify")


def test_a_clock_in_doubt_is_said_and_can_be_vouched_for(gate: Gate) -> None:
    """The last turn was years ago: the next one wants somebody to have looked at the clock."""
    with db.write() as session:
        vault.put(session, "retention", "clock", {"seen": "2020-01-01T00:00:00+00:00", "since": None}, standing=True)
    assert "nothing is destroyed for a day. If the clock is right: --clock-is-right" in gate.run(
        "keys", "turn", status=2
    )
    assert gate.json("keys", "turn", "--clock-is-right") == {"added": [], "moved": 0, "destroyed": []}


@pytest.mark.both_databases
def test_the_key_of_receipts_is_rotated(gate: Gate) -> None:
    """Only when the next one has been published for a while, unless the present one leaked."""
    assert "published for 10 minutes" in gate.run("keys", "rotate-receipts", status=2)
    first = gate.json("keys", "rotate-receipts", "--leaked")["current"]
    assert first.startswith("key_")
    assert "signs receipts from now on" in gate.run("keys", "rotate-receipts", "--leaked")
    with db.read() as session:
        assert receipt_keys.find(session, first) is None
