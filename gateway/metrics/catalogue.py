"""Every metric that there is, with its labels and the form of their values. What is not here cannot be measured.

A label takes only values of its form; another becomes `other`, so that a name, a path or an id cannot come in by
accident. No label says which institution, client, person or check it was, or what came of a check.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_ID = re.compile(r"[a-z]{2,4}_[a-z2-7]{26}")
_STATUS = re.compile("ok|refused|failed")
_RESULT = re.compile("done|failed|again|answered")
_STATE = re.compile("waiting|running|delayed|again|overdue|failed")
_WORD = re.compile(r"[a-z][a-z_.:-]{0,59}")
_TEMPLATE = re.compile(r"pages|desk|/|(/(v\d|[a-z._-]{1,40}|<[a-z_:]{1,40}>)){1,8}/?")
_METHOD = re.compile(r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|\*")
_REGISTRY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PERIOD = re.compile(r"\d{4}-\d\d|standing")
_VERSION = re.compile(r"[A-Za-z0-9.+-]{1,40}")

OTHER = "other"

QUICK = (0.025, 0.1, 0.25, 1.0, 2.5, 10.0)
"""Steps of durations, in seconds, of what somebody waits for."""

SLOW = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Those of work: so wide that what a registry found, and what the law made of it, fits within one."""


@dataclass(frozen=True)
class Metric:
    """One metric: its kind (`counter`, `histogram`, `gauge`), what it says, its labels, the steps of a histogram."""

    name: str
    kind: str
    what: str
    labels: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    steps: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which Prometheus has it."""
        if self.kind == "histogram":
            return f"{self.name}_bucket", f"{self.name}_sum", f"{self.name}_count"
        return (f"{self.name}_total" if self.kind == "counter" else self.name,)

    def fit(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The values of the labels in their order. Raises KeyError for a label that is missing."""
        return tuple(_fit(labels[name], form) for name, form in self.labels.items())

    def step(self, seconds: float) -> float:
        """The end of the step that a duration falls into: so the sum of all says no more than their steps do."""
        return next((end for end in self.steps if seconds <= end), 2 * self.steps[-1])


def _fit(value: str, form: re.Pattern[str]) -> str:
    return value if form.fullmatch(value) and not _ID.fullmatch(value) else OTHER


# Counted where it happens, in each process, and added up over the processes of a machine.

REQUESTS = Metric(
    "sealgate_requests",
    "counter",
    "Requests answered. The subject's pages are one endpoint; of the desk only what failed is counted.",
    {"endpoint": _TEMPLATE, "method": _METHOD, "status": _STATUS},
)
REQUEST_SECONDS = Metric(
    "sealgate_request_seconds", "histogram", "How long answering took, in steps.", {"endpoint": _TEMPLATE}, QUICK
)
PROBLEMS = Metric(
    "sealgate_problems",
    "counter",
    "Refusals and failures, by the type that was told.",
    {"type": _WORD},
)
TOKENS = Metric("sealgate_tokens_issued", "counter", "Access tokens issued.")
TASKS = Metric(
    "sealgate_tasks",
    "counter",
    "Tries at tasks: done, failed (an error), again (it was too early, or a registry or mail server is silent).",
    {"task": _WORD, "result": _RESULT},
)
TASK_SECONDS = Metric(
    "sealgate_task_seconds", "histogram", "How long a try at a task took, in steps.", {"task": _WORD}, SLOW
)
TICKS = Metric(
    "sealgate_ticks",
    "counter",
    "Runs of periodic tasks: done, or failed.",
    {"task": _WORD, "result": _RESULT},
)
ASKED = Metric(
    "sealgate_registry_asks",
    "counter",
    "Questions of checks to registries: answered, or failed. Looks of the desk are not counted.",
    {"registry": _REGISTRY, "result": _RESULT},
)
ASK_SECONDS = Metric(
    "sealgate_registry_seconds", "histogram", "How long a registry took, in steps.", {"registry": _REGISTRY}, SLOW
)
CONNECTIONS = Metric("sealgate_database_connections_in_use", "gauge", "Connections to the database in use now.")

COUNTED = (
    REQUESTS,
    REQUEST_SECONDS,
    PROBLEMS,
    TOKENS,
    TASKS,
    TASK_SECONDS,
    TICKS,
    ASKED,
    ASK_SECONDS,
    CONNECTIONS,
)

# Read from the database when it is asked for (`gateway.watch`); the same whichever machine is asked.

TASKS_NOW = Metric(
    "sealgate_tasks_now",
    "gauge",
    "Tasks that are waiting, running, delayed, to be tried again, overdue (by a minute); rounded up.",
    {"state": _STATE},
)
TASK_AGE = Metric(
    "sealgate_oldest_task_seconds", "gauge", "For how long the oldest task that could be done now has not been done."
)
WORKERS = Metric("sealgate_workers", "gauge", "Processes that do the work and live.")
UNLAID = Metric(
    "sealgate_audit_waiting_entries",
    "gauge",
    "Entries that should have been laid into the audit log for more than a minute; rounded up.",
)
UNLAID_AGE = Metric("sealgate_audit_waiting_seconds", "gauge", "For how long the oldest of them has waited.")
READY = Metric(
    "sealgate_registry_ready", "gauge", "1 if the registry could be asked now, else 0.", {"registry": _REGISTRY}
)
MESSAGES = Metric(
    "sealgate_messages", "gauge", "Messages to people that wait, or failed once; rounded up.", {"state": _STATE}
)
MESSAGE_AGE = Metric("sealgate_oldest_message_seconds", "gauge", "For how long the oldest message has waited.")
KEYS = Metric("sealgate_vault_keys", "gauge", "Data keys of each period; rounded up.", {"period": _PERIOD})
UNSHREDDED_AGE = Metric(
    "sealgate_oldest_unshredded_seconds", "gauge", "For how long the oldest data that should be shredded has not been."
)
WAL = Metric("sealgate_database_wal_bytes", "gauge", "Write-ahead log of SQLite; rounded up to 16 MiB.")
READABLE = Metric("sealgate_database_readable", "gauge", "1 if the state could be read from the database, else 0.")
BUILD = Metric(
    "sealgate_build_info", "gauge", "Always 1.", {"version": _VERSION, "python": _VERSION, "database": _WORD}
)

READ = (
    TASKS_NOW,
    TASK_AGE,
    WORKERS,
    UNLAID,
    UNLAID_AGE,
    READY,
    MESSAGES,
    MESSAGE_AGE,
    KEYS,
    UNSHREDDED_AGE,
    WAL,
    READABLE,
    BUILD,
)
