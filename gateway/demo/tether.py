"""Ties the server's process to the demonstration: when that is gone, however it went, the server ends as well.

The demonstration holds the other end of the server's standard input. A killed process cannot say farewell, but the
pipe ends with it, on every system.
"""

import os
import signal
import threading
import time

_PATIENCE_SECONDS = 40.0


def watch() -> None:
    """From now on end in order (SIGTERM) when standard input ends, and at once if that does not help."""
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_SECONDS)
    os._exit(1)
