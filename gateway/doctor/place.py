"""The place that a deployment stands in: its clock, its database, the tables in it."""

import ctypes
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from gateway import clock
from gateway.audit.models import AuditEntry
from gateway.config import Config
from gateway.db import db
from gateway.doctor.finding import FAULT, HINT, OK, Finding

MENDED = (3, 51, 3)
"""From this SQLite on a checkpoint beside a writer cannot corrupt the file (https://sqlite.org/wal.html#walresetbug)."""

LEAST_FREE, LITTLE_FREE = 100 * 2**20, 2**30
LONG_LOG = 256 * 2**20

_TIMEX_BYTES = 1024  # more than a `struct timex` has anywhere
_TIME_ERROR = 5

_AS_WE_USE_IT = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0}


def time() -> Iterator[Finding]:
    """Release times, expiry and the days of law hang on the clock."""
    with db.read() as session:
        newest = session.scalar(select(AuditEntry.at).order_by(AuditEntry.recorded.desc()).limit(1))
        now = clock.now()
        theirs = None if db.embedded else session.scalar(select(func.clock_timestamp()))
    if newest is not None and newest > now + timedelta(seconds=5):
        found = f"it is {now:%Y-%m-%d %H:%M} UTC here, and the log has an entry of {newest:%Y-%m-%d %H:%M}"
        yield Finding("clock", FAULT, found, "set the clock by NTP (chrony, systemd-timesyncd) before you serve")
    elif theirs is not None and abs(theirs - now) > timedelta(seconds=2):
        apart = abs(theirs - now).total_seconds()
        yield Finding("clock", FAULT, f"the database server's clock is {apart:.0f} s apart", "keep both by NTP")
    else:
        yield Finding("clock", OK, f"{now:%Y-%m-%d %H:%M:%S} UTC; nothing was written later")
    if _kept() is False:
        found = "the kernel of this machine says that nothing keeps its clock"
        yield Finding("clock", HINT, found, "run chrony or systemd-timesyncd, on the host if this is a container")


def _kept() -> bool | None:
    """Whether the clock is kept by NTP, as the kernel has been told (adjtimex(2), reading only); None if unknown."""
    if sys.platform != "linux":
        return None
    untouched = ctypes.create_string_buffer(_TIMEX_BYTES)  # its first field, `modes`, is 0: set nothing
    state = ctypes.CDLL(None).adjtimex(untouched)
    return None if state < 0 else bool(state != _TIME_ERROR)


def database(config: Config) -> Iterator[Finding]:
    """Whether it answers, is whole, and has room."""
    if db.engine.dialect.name == "sqlite":
        yield from _sqlite(Path(str(db.engine.url.database)))
    else:
        with db.read() as session:
            version = session.scalar(text("SHOW server_version"))
        yield Finding("database", OK, f"PostgreSQL {version} answers")
    free = shutil.disk_usage(config.data).free
    if free < LITTLE_FREE:
        found = f"{free // 2**20} MiB are free where {config.data} lies"
        yield Finding("disk", FAULT if free < LEAST_FREE else HINT, found, "make room: a full disk stops every answer")


def _sqlite(file: Path) -> Iterator[Finding]:
    with db.read() as session:
        used = {name: session.scalar(text(f"PRAGMA {name}")) for name in _AS_WE_USE_IT}
        whole = session.scalar(text("PRAGMA quick_check(1)"))
    if whole != "ok":
        do = "stop the server, restore the last backup, and find out what wrote into the file"
        yield Finding("database", FAULT, "the SQLite file is damaged (PRAGMA quick_check)", do)
    wrong = [name for name, value in _AS_WE_USE_IT.items() if used[name] != value]
    if wrong:
        found = f"SQLite does not take these settings: {', '.join(wrong)}"
        yield Finding("database", FAULT, found, "put the data folder on a local disk, not on a network file system")
    if not wrong and whole == "ok":
        yield Finding("database", OK, f"SQLite {sqlite3.sqlite_version}, {_wal_reset()}")
    if file.stat().st_mode & 0o077:
        yield Finding("database", HINT, f"{file} can be read by others", f"chmod 600 {file}")
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size > LONG_LOG:
        found = f"its write-ahead log has grown to {log.stat().st_size // 2**20} MiB"
        yield Finding("database", HINT, found, "end the program that reads the file and never finishes; then write")


def _wal_reset() -> str:
    if sqlite3.sqlite_version_info >= MENDED:
        return "without the WAL-reset fault"
    return (
        "which has the WAL-reset fault (mended in 3.51.3); handled: no connection checkpoints by itself, only the "
        "writer under the lock. Do not write to the file with other programs"
    )


def migrations() -> Iterator[Finding]:
    """Whether the tables are those of this version."""
    if db.pending():
        found = "the tables are not there yet, or of another version"
        yield Finding("migrations", FAULT, found, "start `sealgate serve`: it makes or upgrades them")
    else:
        yield Finding("migrations", OK, "the tables are those of this version")
