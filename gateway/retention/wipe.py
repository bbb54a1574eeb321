"""What was shredded is not left in the files of SQLite.

A deleted value is overwritten in its page (`secure_delete`), but the page is in the write-ahead log first: until that
is folded in, the file has the old page, and the log may have it for longer. So both are put right every hour.

On a PostgreSQL server deleted rows stay in its files until VACUUM and new rows overwrite them, and in its own log. What
is in them is wrapped by the key of a month and goes with that.
"""

from gateway.db import db

_BUSY_MILLISECONDS = 2000
"""How long readers are waited for, and so how long writers wait."""


def wipe() -> bool:
    """Fold the write-ahead log in and empty it. False if somebody was reading; then the next time."""
    if not db.embedded:
        return True
    with db.alone():
        connection = db.engine.raw_connection()
        try:
            cursor = connection.cursor()
            before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout={before}")
            cursor.close()
        finally:
            connection.close()
    return not busy
