"""Run the gateway: granian in front, worker processes that answer requests.

On SQLite there is one, which does the durable work as well (`gateway.work`); on PostgreSQL as many as the configuration
says, and the work is done elsewhere (`gateway.worker`). How many requests are worked on at a time comes from the
configuration; there are more threads, which refuse the rest at once (`gateway.limits.front`). SIGTERM and SIGINT are
graceful: no new requests, those under way are answered, the step of each task is finished, and the rest waits for the
next start. If the process in front is killed, the others end as if they had been asked to.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from connectors import shelf
from gateway import app, limits, logs, work
from gateway.config import Config

_KILL_AFTER_SECONDS = 30

_BACKLOG = 1_024
"""How many more connections wait in the kernel's queue when all are taken, without an answer meanwhile."""

_HEADER_SECONDS = 20
"""How long a connection may take for its headers, and may be idle between requests: it costs no thread meanwhile."""
_MOST_HEADERS = 32_768
"""The longest request line with all headers, in bytes; 431 beyond."""

_PR_SET_PDEATHSIG = 1

# granian's own lines go where ours go: to standard error, through our list of keys.
_LOGGING: dict[str, Any] = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}, "granian.access": {"handlers": [], "propagate": True}},
}


class CannotListen(Exception):
    """The address is taken, or is none of this machine; the message says which."""


def run(address: str, port: int) -> None:
    """Serve the deployment of the environment at an address until a signal comes.

    Raises ConfigError and connectors.base.ConfigurationError before anything is started, CannotListen.
    """
    config = Config.from_env(os.environ)
    logs.setup(config.log_level)
    shelf.load(config.registries)
    server = Granian(
        "gateway.app:serve",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=config.processes,
        respawn_failed_workers=config.processes > 1,
        http=HTTPModes.http1,  # what proxies speak to us; HTTP/2 would take headers of 16 MiB
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000, max_buffer_size=_MOST_HEADERS),
        blocking_threads=limits.CONNECTIONS,  # so that no request waits for one: `gateway.limits.front`
        backpressure=limits.CONNECTIONS,  # connections, whatever granian says of requests
        backlog=_BACKLOG,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
        workers_kill_timeout=_KILL_AFTER_SECONDS,
    )
    server.on_startup(lambda: _say(config, address, port))
    try:
        server.serve(spawn_target=worker)
    except RuntimeError as error:
        why = str(error).partition("\n")[0]  # granian's own backtrace follows
        if "(os error" not in why:
            raise
        raise CannotListen(f"cannot listen on {address}, port {port}: {why}") from None


def worker(*arguments: Any) -> None:
    """What the worker process does: granian's own part, and then an orderly end."""
    _end_with_the_parent()
    try:
        Granian._spawn_wsgi_worker(*arguments)
    except work.AlreadyRunning as error:
        sys.stderr.write(f"sealgate: {error}: on SQLite there is one `sealgate serve`. Stop the other first\n")
        sys.exit(1)
    finally:
        app.finish()


def _end_with_the_parent() -> None:
    """Have Linux send SIGTERM when the parent is gone (prctl(2)); else an orphan would keep the port and the work.

    Until granian sets handlers of its own here, those of the parent are in place, which a fork inherits and which do
    nothing here: a signal that came while the application is made would be lost, and so it ends the process instead.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid != os.getppid():  # it was gone before we asked
            sys.exit(1)


def _say(config: Config, address: str, port: int) -> None:
    host = f"[{address}]" if ":" in address else address
    sys.stdout.write(f"Sealgate listens on http://{host}:{port} and is known as {config.issuer}\n")
    sys.stdout.flush()
