"""What Prometheus is told: how the machine is doing, and nothing from which anybody learns about a person.

An institution's own person may look at these numbers in the moment after one consent, on a deployment where nothing
else goes on. So nothing is counted, timed or read that is other for a hit, a review or a no than for a yes: the desk
is left out but for its failures, the subject's pages are one endpoint, durations and sizes come in steps that are wider
than such a difference, a registry that answers rubbish counts like one that is down, and of the audit log and of work
only what is late shows. Labels are forms of our own words (`catalogue.py`); no institution, client, person, check or
outcome fits one.

    metrics.count(metrics.TASKS, task="checks.run", result="done")
    metrics.took(metrics.TASK_SECONDS, seconds, task="checks.run")

Off, as by default, or without the extra `metrics`, the verbs do nothing. On, each process counts in a folder that those
of its machine share, and every one of them answers for all at SEALGATE_METRICS: an address apart from that of the
gateway, since what is not for the world must not hang on a reverse proxy's rules, since it must answer while all
threads of the gateway are taken, and since workers have no other.

catalogue.py    every metric, its labels, their forms     folder.py      the counts of several processes
meter.py        the verbs                                 exposition.py  prometheus_client, and the address
switch.py       on and off                                alerts.yml     rules for Prometheus
"""

from gateway.metrics.catalogue import (
    ASK_SECONDS,
    ASKED,
    CONNECTIONS,
    COUNTED,
    OTHER,
    PROBLEMS,
    READ,
    REQUEST_SECONDS,
    REQUESTS,
    TASK_SECONDS,
    TASKS,
    TICKS,
    TOKENS,
    Metric,
)
from gateway.metrics.meter import count, shift, took
from gateway.metrics.switch import alerts, start, stop

__all__ = [
    "ASKED",
    "ASK_SECONDS",
    "CONNECTIONS",
    "COUNTED",
    "OTHER",
    "PROBLEMS",
    "READ",
    "REQUESTS",
    "REQUEST_SECONDS",
    "TASKS",
    "TASK_SECONDS",
    "TICKS",
    "TOKENS",
    "Metric",
    "alerts",
    "count",
    "shift",
    "start",
    "stop",
    "took",
]
