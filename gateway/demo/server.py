"""The real server, as a child process: what `sealgate serve` starts, on a loopback port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_PAUSE_SECONDS = 0.1
_PROGRAM = "from gateway.demo import tether; tether.watch(); from gateway.cli import main; main()"
HOST = "127.0.0.1"


class NotStarted(Exception):
    """The server did not become ready; the text has the last lines that it wrote."""


def free_port() -> int:
    """A port of the loopback interface that nobody uses at this moment."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Server:
    """Started with `start`, ready when that returns, stopped in order with `stop`."""

    def __init__(self, folder: Path, port: int) -> None:
        self._command = ["serve", "--data", str(folder), "--host", HOST, "--port", str(port)]
        self._port = port
        self._url = f"http://{HOST}:{port}"
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises NotStarted when the port is taken, or when it ends or is not ready in time."""
        # Its settings are those of the folder, whatever this shell has set for another deployment.
        environ = {name: value for name, value in os.environ.items() if not name.startswith("SEALGATE_")}
        program = [sys.executable, "-c", _PROGRAM, *self._command]
        self._check_port()
        with self._log.open("ab") as log:
            # A session of its own, so that Ctrl-C reaches us only and we end it in order.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                program, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environ, start_new_session=True
            )
        until = time.monotonic() + _START_SECONDS
        while not self._ready():
            if not self.running or time.monotonic() > until:
                self.stop()
                raise NotStarted(f"the server did not start:\n{self._last_lines()}")
            time.sleep(_PAUSE_SECONDS)

    def _check_port(self) -> None:
        """Another server on this port would answer in place of ours."""
        try:
            socket.create_server((HOST, self._port)).close()
        except OSError as error:
            raise NotStarted(f"port {self._port} cannot be used: {error.strerror}") from None

    def _ready(self) -> bool:
        try:
            return requests.get(f"{self._url}/readyz", timeout=2).ok
        except requests.RequestException:
            return False

    @property
    def running(self) -> bool:
        """Is it still there?"""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, wait, and end it if it does not."""
        process = self._process
        if process is None:
            return
        try:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:  # however this was interrupted, nothing stays behind
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-12:])
