"""To see that an act waits for a write that is under way, by the server's own account of its locks."""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.db import db

_WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
    "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
)
_LONG = 20


def _nothing(*_session: Session) -> None:
    pass


def beside(
    act: Callable[[], Any],
    *names: str,
    done_first: Callable[[Session], Any] = _nothing,
    meanwhile: Callable[[], Any] = _nothing,
) -> Any:
    """Begin an act while a write about these names is in the midst of something, and let the write end first.

    The act must wait, and `meanwhile` is called when it does: else it is an AssertionError. Returns what the act
    returned, raises what it raised.
    """
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(_caught(act)))
    with db.write(*names) as session:
        done_first(session)
        session.flush()
        thread.start()
        until = time.monotonic() + _LONG
        while not (result or _somebody_waits()) and time.monotonic() < until:
            time.sleep(0.005)
        assert not result, f"it did not wait: {result}"
        assert _somebody_waits()
        meanwhile()
    thread.join(_LONG)
    assert result, "it never ended"
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


def _caught(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - raised in the test's own thread
        return error


def _somebody_waits() -> bool:
    with db.engine.connect() as connection:
        return bool(connection.scalar(_WAITING))
