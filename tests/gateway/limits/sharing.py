"""Spends calls of one client until it has none: `python -m … DATABASE PER_MINUTE`, prints how many it had.

It begins when a line comes on standard input, and its clock stands, so that all of them are in the same minute.
"""

import sys
from datetime import UTC, datetime

from gateway import clock, limits
from gateway.db import db

MOMENT = datetime(2026, 11, 20, 9, 0, 12, tzinfo=UTC)


def main(url: str, per_minute: int) -> None:
    """Spend."""
    db.init(url)
    limits.calls.init(per_minute)
    sys.stdin.readline()
    granted = 0
    with clock.stopped(MOMENT):
        while limits.calls.spend("cli_shared") == 0:
            granted += 1
    db.close()
    sys.stdout.write(f"{granted}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
