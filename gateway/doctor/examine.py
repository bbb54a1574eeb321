"""The examinations in their order. One that cannot be done is a finding too, and does not keep the others from it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway import audit, retention, vault
from gateway.config import Config, ConfigError
from gateway.db import db, why_no_connection
from gateway.doctor import keys, place, rooms
from gateway.doctor.finding import FAULT, OK, Examination, Finding

_START = "`sealgate serve` makes it at its first start"


def examine(config: Config) -> Iterator[Finding]:
    """Everything that there is to say of a deployment. It is opened and closed again; nothing is changed."""
    yield Finding("configuration", OK, f"complete: {config.mode}, {config.issuer}")
    outside: dict[str, Examination] = {
        "registries": partial(rooms.registries, config),
        "outbox": partial(rooms.mail, config),
        "metrics": partial(rooms.watching, config),
    }
    missing = _missing(config)
    if missing is not None:
        yield missing
        outside["registries"] = partial(rooms.file_of_registries, config)
        for about, examination in outside.items():
            yield from _done(about, examination)
        return
    try:
        db.init(config.database_url)
        yield from _opened(config, outside)
    except (SQLAlchemyError, OSError) as error:
        why = why_no_connection(error) or type(error).__name__
        found = f"cannot be opened ({why})"
        yield Finding("database", FAULT, found, "look whether SEALGATE_DATABASE_URL is right and the server runs")
    finally:
        db.close()


def _opened(config: Config, outside: dict[str, Examination]) -> Iterator[Finding]:
    yield from _done("database", partial(place.database, config))
    migrations = list(_done("migrations", place.migrations))
    yield from migrations
    if any(one.level == FAULT for one in migrations):
        return
    yield from _done("clock", place.time)
    try:
        vault.init(config.keks, config.index_key, config.key_file)
    except ConfigError as error:
        yield Finding("keys", FAULT, "; ".join(error.problems), "put the key file back from your copy")
    else:
        yield from _with_keys(config)
    for about, examination in outside.items():
        yield from _done(about, examination)
    yield from _done("workers", rooms.workers)
    yield from _done("work", rooms.tasks)
    yield from _done("desk", rooms.desk)


def _with_keys(config: Config) -> Iterator[Finding]:
    audit.init(config.issuer)
    retention.init(config)
    fitting = list(_done("keys", keys.fitting))
    yield from fitting
    yield from _done("key file", partial(keys.file, config))
    yield from _done("keys", keys.in_time)
    yield from _done("shredding", partial(keys.shredding, config))
    yield from _done("rotation", keys.rotations)
    if all(one.level == OK for one in fitting):
        yield from _done("audit", rooms.log)


def _done(about: str, examination: Examination) -> Iterator[Finding]:
    try:
        yield from examination()
    except SQLAlchemyError as error:
        found = f"the database does not answer ({why_no_connection(error) or type(error).__name__})"
        yield Finding(about, FAULT, found, "look whether it is damaged or down; a copy from before may be needed")
    except Exception as error:  # noqa: BLE001 - a doctor that falls over helps nobody
        yield Finding(about, FAULT, f"could not be examined ({type(error).__name__})", "see what else is said here")


def _missing(config: Config) -> Finding | None:
    """Opening a SQLite file that is not there would make it."""
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return Finding("database", FAULT, f"{url.database} is not there", _START)
    return None
