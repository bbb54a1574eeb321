"""What the deployment works with: registries, mail, durable work, the log."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from connectors import shelf
from connectors.base import ConnectorError
from gateway import audit, clock, work
from gateway.checks import deployment, needed
from gateway.config import Config
from gateway.db import db
from gateway.doctor.finding import FAULT, HINT, OK, Finding
from gateway.notices import Unreachable, open_outbox
from policies.library import Library

LATE = timedelta(minutes=10)
"""How long after its time a task may still be unfinished: a registry may be silent, a mail server down."""

STUCK = timedelta(minutes=2)
"""How long an entry may wait to be laid."""


def registries(config: Config) -> Iterator[Finding]:
    """Whether every registry that a policy in use names is there and ready."""
    try:
        there = shelf.load(config.registries)
    except ConnectorError as error:
        yield Finding("registries", FAULT, str(error), f"mend {config.registries}")
        return
    deployment.init(config, there, Library.shipped())
    for one in needed.wanting():
        do = f"add its table to {config.registries}, or mend it; its checks wait until then"
        yield Finding("registries", FAULT, str(one), do)
    idle = [name for name, registry in there.items() if not registry.ready()]
    if idle:
        yield Finding("registries", HINT, f"not ready: {', '.join(sorted(idle))}", "look at the registry itself")
    elif there:
        yield Finding("registries", OK, f"ready: {', '.join(sorted(there))}")
    else:
        yield Finding("registries", HINT, "there is none", f"name the registries in {config.registries}")


def mail(config: Config) -> Iterator[Finding]:
    """Whether messages to people can be handed over."""
    try:
        open_outbox(config.outbox).probe()
    except Unreachable as error:
        yield Finding("outbox", FAULT, str(error), "mend the mail server or SEALGATE_OUTBOX; messages wait for days")
    else:
        if config.live and config.outbox.startswith("file:"):
            do = "a mail server in SEALGATE_OUTBOX, or a program of yours that takes them from there"
            yield Finding("outbox", HINT, "messages go to a file, not to people", do)
        yield Finding("outbox", OK, "takes messages")


def tasks() -> Iterator[Finding]:
    """Whether durable work is done in time."""
    try:
        now, waiting = datetime.now(UTC), work.unfinished()
    except SQLAlchemyError as error:
        found = f"its tables cannot be read ({type(error).__name__})"
        yield Finding("work", FAULT, found, "start `sealgate serve`: it makes them")
        return
    late = [one for one in waiting if (due := _due(one)) is not None and due < now - LATE]
    if late:
        kinds = ", ".join(sorted({one.partition("/")[0] for one in late}))
        do = "does `sealgate serve` run? Its log says why a task fails"
        yield Finding("work", FAULT, f"{len(late)} tasks are overdue ({kinds})", do)
    else:
        yield Finding("work", OK, f"{len(waiting)} tasks wait or run, none is overdue")


def _due(task: str) -> datetime | None:
    """When a task `name/id/due[/try]` was to be done; None of one that was due at once, whose time is not in it."""
    parts = task.split("/")
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    return datetime.fromtimestamp(int(parts[2]) / 1000, UTC)


def log() -> Iterator[Finding]:
    """Whether the end of the audit log fits, and entries are laid."""
    with db.read() as session:
        newest = audit.latest(session)
        misfit = audit.verify_tail(session)
        since = audit.waiting_since(session)
    if misfit is not None:
        do = "`sealgate audit verify` goes through all of it; keep a copy of the database and find out who changed it"
        yield Finding("audit", FAULT, str(misfit), do)
    if since is not None and clock.now() - since > STUCK:
        found = f"entries wait to be laid since {since:%Y-%m-%d %H:%M} UTC, and no answer leaves before"
        yield Finding("audit", FAULT, found, "does `sealgate serve` run?")
    elif misfit is None:
        size = newest.size if newest is not None else 0
        yield Finding("audit", OK, f"the newest checkpoint is over {size} entries, and the last of them fit")
