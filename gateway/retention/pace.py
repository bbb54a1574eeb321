"""Long work in many short transactions, and room between them."""

import time

PAUSE_SECONDS = 0.02


def breathe() -> None:
    """Let others write: on SQLite a process that waits looks every few milliseconds whether it is its turn."""
    time.sleep(PAUSE_SECONDS)
