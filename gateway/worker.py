"""Do the work of a deployment on a PostgreSQL server: one process of as many as are wanted, on any machine.

SIGTERM and SIGINT are graceful: nothing new is begun, what runs may finish, and the rest is at once for the others.
"""

import signal
import sys
import threading

from gateway import app, work


def run() -> None:
    """Work until a signal comes. Raises ConfigError and connectors.base.ConfigurationError before anything is begun."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    app.labour()
    sys.stdout.write("Sealgate works\n")
    sys.stdout.flush()
    while not ended.wait(work.BEAT_SECONDS):
        work.keep()
    app.finish()
