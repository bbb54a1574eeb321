"""The demonstration itself, as a viewer starts it: in an empty folder, by its command."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.demo.browser import Browser
from gateway.demo.cast import load
from gateway.demo.server import free_port

PROGRAM = [sys.executable, "-c", "from gateway.cli import main; main()", "demo"]


def answers(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


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
    """A request waits for the viewer, who is shown the code; Ctrl-C ends everything without a word too many.

    It was started in the background, where a shell has SIGINT ignored.
    """
    data, yours = tmp_path / "data", load().yours
    with subprocess.Popen(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *PROGRAM, "--json", "--data", str(data)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        document = json.loads(running.stdout.readline())
        host, _, port = document["address"].removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), 5):
            assert document["consent"].startswith(document["address"] + "/c/")
        with Browser() as browser:
            browser.open(document["consent"])
            browser.send()
            year, month, day = yours.born.isoformat().split("-")
            browser.send(name=yours.name, year=year, month=month, day=day)
            line = next(line for line in running.stderr if line.startswith("Mail for you"))
            browser.send(code=line.split()[-1])
            assert browser.place == "request"
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert "Traceback" not in said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 5).close()
    assert (data / "sealgate.sqlite").exists()


@pytest.mark.slow
def test_a_server_does_not_outlive_a_killed_demonstration(tmp_path: Path) -> None:
    """Nothing can be done by one that is killed, so the server notices by itself."""
    with subprocess.Popen(
        [*PROGRAM, "--port", str(free_port()), "--data", str(tmp_path / "data")],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        started = next(line for line in running.stdout if "The server, on" in line)
        port = int(started.rpartition(":")[2])
        running.kill()
    until = time.monotonic() + 30
    while answers(port) and time.monotonic() < until:
        time.sleep(0.2)
    assert not answers(port)


def test_an_interrupt_at_the_start_shows_no_traceback(tmp_path: Path) -> None:
    """While the deployment is still being made."""
    with subprocess.Popen(
        PROGRAM,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert "A deployment" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


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
