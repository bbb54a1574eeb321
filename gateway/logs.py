"""Logs: one JSON object a line on standard error, and nothing in it that was not thought of beforehand.

A line carries only keys of the list below, and each key only values of its form, so that a name, a birth date
or an entry cannot come in by accident: what does not fit is replaced by `(withheld)`. Exceptions are reduced
to their class and the line of our code that they passed last; their messages may quote anything and are never
written. Libraries log through the same door, without their message unless it is known to be harmless.

Every line that is written while a request is answered has the request's id, and while a task is done the task's name:

    with bound(request=new_id("req")):
        ...
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

_ROOT = Path(__file__).parent.parent
_OURS = frozenset({"gateway", "connectors", "policies", "tests"})
_ID = re.compile(r"[a-z]{2,4}_[a-z2-7]{26}")
_WORD = re.compile(r"[a-z][a-z0-9_.:/-]{0,79}")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
_PLACE = re.compile(r"[A-Za-z0-9_./-]{1,120}:\d{1,6}")
_SENTENCE = re.compile(r"[\x20-\x7e]{1,300}")

# Every key that may be in a line, and the form of its value. Numbers and booleans always fit.
KEYS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(
        ("check", "consent", "review", "institution", "client", "entry", "message", "request", "row", "about"), _ID
    ),
    **dict.fromkeys(
        ("level", "event", "task", "policy", "registry", "state", "kind", "type", "logged"),
        _WORD,
    ),
    "method": re.compile(r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT"),  # a caller may send any word
    **dict.fromkeys(("endpoint", "route", "template", "kid", "kek", "step"), re.compile(r"[\w.:/<>-]{1,80}")),
    **dict.fromkeys(("error", "cause"), _CLASS),
    "logger": re.compile(rf"_?{_WORD.pattern}"),  # granian's own is `_granian`
    "where": _PLACE,
    "version": re.compile(r"[A-Za-z0-9.+-]{1,40}"),
    "time": re.compile(r"[0-9TZ:.+-]{1,40}"),
    "address": re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,120}(/[a-z0-9./-]{0,40})?"),
    "said": _SENTENCE,
    **dict.fromkeys(
        ("status", "count", "seconds", "milliseconds", "size", "attempt", "late", "pid", "done", "total"),
        re.compile(r"\d{1,12}"),
    ),
}

# Libraries whose own messages never quote a request, a row or an argument.
_PLAIN_LOGGERS = frozenset({"_granian"})

# Events that are written without what would say in which request or task, since that would lead to a check: whose
# record a registry has, and something odd in it, nobody shall read here.
_APART = frozenset({"registry_told_days_to_come"})

_WITHHELD = "(withheld)"
_READY = "sealgate_line"


def _configure() -> None:
    """Make our own lines safe where they are written, so that no handler ever sees more."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            _bound,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            _exception,
            withhold,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for one part of the gateway: `log.info("check_released", check=check.id)`."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(f"sealgate.{name}"))


def quick(name: str, event: str, **keys: object) -> None:
    """As `get(name).info(event, **keys)`, through the same list of keys, in a third of the time: for every request."""
    logger = logging.getLogger(f"sealgate.{name}")
    if not logger.isEnabledFor(logging.INFO):
        return
    line: dict[str, Any] = {"event": event, **keys, "logger": logger.name, "level": "info", "time": _now()}
    record = logger.makeRecord(logger.name, logging.INFO, "", 0, event, (), None)
    record.__dict__[_READY] = json.dumps(withhold(logger, "info", _bound(logger, "info", line)))
    logger.handle(record)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """structlog's, which takes a line that is ready as it is."""

    def format(self, record: logging.LogRecord) -> str:
        ready: str | None = record.__dict__.get(_READY)
        return super().format(record) if ready is None else ready


@contextmanager
def bound(**keys: str) -> Iterator[None]:
    """Have every line of this thread carry these keys, ours and libraries' alike; a line's own keys go before them."""
    with structlog.contextvars.bound_contextvars(**keys):
        yield


def current(key: str) -> str | None:
    """What `bound` has put on the lines of this thread under a key."""
    found: str | None = structlog.contextvars.get_contextvars().get(key)
    return found


def setup(level: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged, by us and by libraries, through the list of keys to `stream`."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=[
                _bound,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                _foreign,
            ],
            processors=[
                _exception,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                withhold,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("dbos", "granian.access", "werkzeug", "authlib", "sqlalchemy", "alembic", "urllib3"):
        library = logging.getLogger(name)
        library.handlers[:] = [logging.NullHandler()]  # with none at all, DBOS would add one that prints
        library.propagate = True
        library.setLevel(logging.WARNING)


def hook_uncaught() -> None:
    """Log exceptions that nobody caught, in any thread, instead of printing their messages."""
    log = get("process")

    def uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("uncaught", error=kind.__name__, where=place(trace))

    sys.excepthook = uncaught
    threading.excepthook = lambda args: uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def withhold(_logger: object, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Keep what is on the list and has its form; drop other keys, replace other values."""
    return {key: _fit(key, value) for key, value in line.items() if key in KEYS}


def _fit(key: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return value if isinstance(value, str) and KEYS[key].fullmatch(value) else _WITHHELD


def place(trace: TracebackType | None) -> str:
    """The last line of our own code in a traceback, else its last line: `gateway/checks/run.py:12`."""
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(trace)]
    ours = [(path.relative_to(_ROOT), line) for path, line in frames if path.is_relative_to(_ROOT)]
    ours = [(path, line) for path, line in ours if path.parts[0] in _OURS]
    for path, line in reversed(ours or [(Path(path.name), line) for path, line in frames]):
        return f"{path}:{line}"
    return "unknown:0"


def _bound(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add what is bound, except to a line that must stand apart."""
    if line.get("event") in _APART:
        return line
    return structlog.contextvars.merge_contextvars(_logger, _method, line)


def _exception(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Turn `exc_info` into a class name and a place."""
    record = line.get("_record")
    info = line.pop("exc_info", None) or (record.exc_info if record is not None else None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[0] is not None:
        line["error"] = info[0].__name__
        line["where"] = place(info[2])
    return line


def _foreign(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's line: its message only where that is known to be harmless, else where it was written."""
    record: logging.LogRecord = line["_record"]
    if record.name in _PLAIN_LOGGERS:
        line["said"] = record.getMessage()
    line["event"] = "library"
    line["where"] = f"{record.module}:{record.lineno}"
    return line


_configure()
