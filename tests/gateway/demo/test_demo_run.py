"""The demonstration itself, as a viewer starts it: in an empty folder, by its command."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-c", "from gateway.cli import main; main()", "demo"]


def demo(folder: Path, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *options],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.slow
def test_every_institution_receives_what_the_law_decided(tmp_path: Path) -> None:
    """Twelve checks through HTTP; the same sealed entry is no, no and yes; nothing is left behind."""
    # A setting of another deployment in the shell must not reach this one.
    ended = demo(tmp_path, "--exit", "--json", SEALGATE_READING="broad")
    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    received = [(one["latin"], one["institution"], one["received"]) for one in document["checks"]]
    assert received[:3] == [
        ("Lin Xiaozhou", "kindergarten", "no"),
        ("Lin Xiaozhou", "bus", "no"),
        ("Lin Xiaozhou", "rides", "yes"),
    ]
    assert received[-1] == ("Song Jianing", "bus", "closed")
    assert all(one["as_expected"] for one in document["checks"])
    assert len(document["checks"]) == 12
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_it_stays_up_until_it_is_interrupted(tmp_path: Path) -> None:
    """The pages are there, a request waits for the viewer, and Ctrl-C ends everything without a word too many."""
    data = tmp_path / "data"
    with subprocess.Popen(
        [*PROGRAM, "--json", "--data", str(data)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        document = json.loads(running.stdout.readline())
        host, _, port = document["address"].removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), 5):
            assert document["consent"].startswith(document["address"] + "/c/")
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert "Traceback" not in said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 5).close()
    assert (data / "sealgate.sqlite").exists()


def test_a_folder_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    """The demonstration never plays in somebody's deployment."""
    (tmp_path / "sealgate.env").write_text("SEALGATE_MODE=live\n")
    ended = demo(tmp_path, "--exit", "--data", str(tmp_path))
    assert ended.returncode != 0
    assert "is not empty" in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sealgate.env"]


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """Another server there would answer in place of ours."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = demo(tmp_path, "--exit", "--port", str(taken.getsockname()[1]))
    assert ended.returncode != 0
    assert "cannot be used" in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
