"""What the deployment works with: registries, mail, durable work, the log."""

import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from connectors import shelf
from connectors.base import ConnectorError
from gateway import audit, clock, work
from gateway.checks import deployment, needed
from gateway.config import Config
from gateway.db import db
from gateway.doctor.finding import FAULT, HINT, OK, Finding
from gateway.notices import Unreachable, open_outbox
from gateway.oauth.models import Client
from gateway.staff import people
from gateway.staff.models import Staff
from policies.library import Library

_ANSWER_SECONDS = 2.0

LATE = timedelta(minutes=10)
"""How long after its time a task may still be unfinished: a registry may be silent, a mail server down."""

_WORKS = "does `sealgate serve` run, and on PostgreSQL a `sealgate worker`? The log says why a task fails"

STUCK = timedelta(minutes=2)
"""How long an entry may wait to be laid."""


def file_of_registries(config: Config) -> Iterator[Finding]:
    """Whether the file that names them can be used at all: without one `serve` does not start."""
    try:
        there = shelf.load(config.registries)
    except ConnectorError as error:
        yield Finding("registries", FAULT, str(error), f"mend {config.registries}")
    else:
        yield Finding("registries", OK, f"named: {', '.join(sorted(there))}")


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


def workers() -> Iterator[Finding]:
    """Whether anybody does the work now: on a server by what workers say of themselves, on a file by its lock."""
    with db.read() as session:
        alive = work.workers(session)
    if alive and db.embedded:
        yield Finding("workers", OK, "`sealgate serve` runs and does the work")
    elif alive:
        yield Finding("workers", OK, f"{alive} living")
    elif db.embedded:
        yield Finding("workers", HINT, "`sealgate serve` does not run, and nobody does the work", "start it")
    else:
        do = "start `sealgate worker`, on as many machines as you like; its log says why the last one ended"
        yield Finding("workers", FAULT, "no living process does the work: checks are accepted and wait", do)


def tasks() -> Iterator[Finding]:
    """Whether durable work is done in time."""
    try:
        now, waiting = datetime.now(UTC), work.unfinished()
        with db.read() as session:
            backlog = work.backlog(session)
    except SQLAlchemyError as error:
        found = f"its tables cannot be read ({type(error).__name__})"
        yield Finding("work", FAULT, found, "start `sealgate serve`: it makes them")
        return
    late = [one for one in waiting if (due := _due(one)) is not None and due < now - LATE]
    if late:
        kinds = ", ".join(sorted({one.partition("/")[0] for one in late}))
        yield Finding("work", FAULT, f"{len(late)} tasks are overdue ({kinds})", _WORKS)
    elif backlog.oldest_seconds > LATE.total_seconds():
        found = f"a task that could be done has waited for {backlog.oldest_seconds / 60:.0f} minutes"
        yield Finding("work", FAULT, found, _WORKS)
    else:
        again = f", {backlog.again} of them to be tried again" if backlog.again else ""
        yield Finding("work", OK, f"{len(waiting)} tasks wait or run{again}, none is overdue")


def desk() -> Iterator[Finding]:
    """Whether there are people enough to decide: a contest goes to another one than before."""
    with db.read() as session:
        staff = session.scalars(select(Staff).where(Staff.revoked_at.is_(None))).all()
        clients = session.scalar(select(func.count()).where(Client.desk, Client.revoked_at.is_(None))) or 0
    standing = Counter(people.state_of(one) for one in staff if "adjudicator" in one.roles)
    number = clients + standing["active"]
    do = "add one with `sealgate staff add NAME --role adjudicator`, or software of a desk with `sealgate desk add`"
    if standing["invited"]:
        do = f"invited, and not enrolled yet: {standing['invited']}; they open the link that they were given; or {do}"
    if number == 0:
        yield Finding("desk", HINT, "nobody may decide: refusals, and what the records leave open, wait", do)
    elif number == 1:
        yield Finding("desk", HINT, "only one may decide, and a contest is decided by another one than before", do)
    else:
        yield Finding("desk", OK, f"{number} may decide")


def watching(config: Config) -> Iterator[Finding]:
    """Whether Prometheus is answered, if it is to be."""
    if config.metrics is None:
        yield Finding("metrics", OK, "SEALGATE_METRICS is not set: nothing is measured")
        return
    host, port = config.metrics
    try:
        socket.create_connection((host, port), timeout=_ANSWER_SECONDS).close()
    except OSError as error:
        found = f"nobody answers Prometheus at {host} port {port} ({type(error).__name__})"
        do = "start `sealgate serve`, or a worker; if it runs, its log says metrics_not_served"
        yield Finding("metrics", HINT, found, do)
    else:
        yield Finding("metrics", OK, f"Prometheus is answered at {host} port {port}")


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
