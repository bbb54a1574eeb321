"""What goes wrong around a deployment, in one line: a copy, no folder, a taken port, a second server, no database."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.test_command import sealgate

pytestmark = pytest.mark.slow

REGISTRY = '[police]\nconnector = "embedded"\npath = "police.sqlite"\nkey_env = "SEALGATE_REGISTRY_KEY"\n'
PEOPLE = """\
id_type,id,name,born,kind,jurisdiction,offence,disposition,ref,decided_on,acted_on
passport,E1,Zhang San,1990-04-01,,,,,,,
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment with one registry, made by the commands for it."""
    folder = tmp_path_factory.mktemp("model") / "gate"
    people = folder.with_name("people.csv")
    made = sealgate("init", str(folder), "--mode", "trial", "--issuer", "http://127.0.0.1:8400")
    assert made.returncode == 0, made.stderr
    (folder / "registries.toml").write_text(REGISTRY, "utf-8")
    people.write_text(PEOPLE, "utf-8")
    target = str(folder / "police.sqlite")
    built = sealgate("registry", "build", str(people), target, "--codes", "record-format", "--data", str(folder))
    assert built.returncode == 0, built.stderr
    return folder


def moved(folder: Path, there: Path) -> Path:
    """A copy of a deployment that is one of its own."""
    shutil.copytree(folder, there)
    settings = there / "sealgate.env"
    settings.write_text(settings.read_text("utf-8").replace(str(folder), str(there)), "utf-8")
    return there


@pytest.fixture
def gate(model: Path, tmp_path: Path) -> Path:
    """A deployment for one test: a copy of the model."""
    return moved(model, tmp_path / "gate")


def test_a_copy_is_not_taken_for_the_deployment_that_it_names(gate: Path, tmp_path: Path) -> None:
    """Whoever tries a backup beside what is in use works with neither its data nor its keys by mistake."""
    copy = tmp_path / "copy"
    shutil.copytree(gate, copy)
    for command in (["audit", "verify"], ["keys", "rotate"], ["doctor"], ["serve"]):
        refused = sealgate(*command, "--data", str(copy))
        assert refused.returncode == 2
        assert f"SEALGATE_DATA is {gate}, a deployment of its own" in refused.stderr
    settings = copy / "sealgate.env"
    settings.write_text(settings.read_text("utf-8").replace(str(gate), str(copy)), "utf-8")
    verified = sealgate("audit", "verify", "--data", str(copy))
    assert (verified.returncode, verified.stderr) == (0, "")
    assert (copy / "sealgate.sqlite").exists()
    assert not (gate / "sealgate.sqlite").exists()


def test_who_is_registered_can_be_seen_and_stopped(gate: Path) -> None:
    """By the ids that the lists show; what is not there is named."""
    data = ["--data", str(gate)]
    registered = ["--registration", "1", "--jurisdiction", "cn", "--policy", "cn/kindergarten"]
    institution = sealgate("institution", "add", "Sunflower", *registered, *data).stdout.strip()
    client = sealgate("client", "add", "--institution", institution, "--name", "HR", *data).stdout.strip()
    assert institution in sealgate("institution", "list", *data).stdout
    assert sealgate("client", "revoke", client, *data).returncode == 0
    assert sealgate("institution", "suspend", institution, *data).returncode == 0
    clients = json.loads(sealgate("client", "list", "--json", *data).stdout)
    assert [(one["client"], one["state"], one["institution"]) for one in clients] == [(client, "revoked", institution)]
    institutions = json.loads(sealgate("institution", "list", "--json", *data).stdout)
    assert [(one["institution"], one["state"]) for one in institutions] == [(institution, "suspended")]
    for refused in (sealgate("client", "revoke", "cli_x", *data), sealgate("institution", "suspend", "ins_x", *data)):
        assert (refused.returncode, "there is no" in refused.stderr) == (2, True)


def test_an_empty_log_is_named(gate: Path) -> None:
    """After a restore it is a sign that this is another database than was meant."""
    verified = sealgate("audit", "verify", "--data", str(gate))
    assert verified.stdout == "0 entries, the log is empty: is this the database that you mean?\n"


@pytest.mark.parametrize("command", ["serve", "worker", "doctor"])
def test_which_deployment(tmp_path: Path, command: str) -> None:
    """With no settings at all it is the folder that is missing, not twelve variables."""
    refused = sealgate(command)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "which deployment?" in refused.stderr
    refused = sealgate(command, "--data", str(tmp_path))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "has no sealgate.env" in refused.stderr


def test_a_port_that_is_taken(gate: Path) -> None:
    """One line, not the stack of the server."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused = sealgate("serve", "--data", str(gate), "--port", str(port))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in refused.stderr


def test_a_database_that_does_not_answer(gate: Path) -> None:
    """Why, as the driver says it; and the doctor says it as well."""
    with (gate / "sealgate.env").open("a", encoding="utf-8") as settings:
        settings.write(f"SEALGATE_DATABASE_URL=postgresql://sealgate:hidden@/sealgate?host={gate}/nowhere\n")
    for command in (["audit", "verify"], ["worker"]):
        refused = sealgate(*command, "--data", str(gate))
        assert refused.returncode == 2
        assert "sealgate: the database does not answer: " in refused.stderr
        assert "nowhere" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert "hidden" not in refused.stderr
    examined = sealgate("doctor", "--data", str(gate))
    assert examined.returncode == 1
    assert "nowhere" in examined.stdout
    assert "hidden" not in examined.stdout


def test_a_second_server_on_the_same_file(gate: Path, tmp_path: Path) -> None:
    """It waits for one that is ending, then says what is the matter."""
    command = [str(Path(sys.executable).with_name("sealgate")), "serve", "--data", str(gate), "--port"]
    with (tmp_path / "log").open("w+b") as log:
        first = subprocess.Popen([*command, "0"], stdout=log, stderr=log, env=os.environ)
        try:
            until = time.monotonic() + 30
            while b'"started"' not in (tmp_path / "log").read_bytes() and time.monotonic() < until:
                time.sleep(0.1)
            second = sealgate("serve", "--data", str(gate), "--port", "0")
        finally:
            first.terminate()
            first.wait(30)
        assert b'"ended"' in (tmp_path / "log").read_bytes()
    assert second.returncode == 1
    assert "sealgate: another process does the work of this data folder" in second.stderr
    assert "Traceback" not in second.stderr
