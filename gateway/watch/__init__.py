"""The state of a deployment in numbers, read from the database when Prometheus asks (`gateway.metrics`).

numbers.py   what is read, and how coarse it becomes
"""

from gateway import metrics
from gateway.config import Config
from gateway.watch.numbers import Numbers
from gateway.watch.pool import follow

__all__ = ["Numbers", "start"]


def start(config: Config) -> None:
    """Measure and answer if the configuration says where; the rooms are set up by then, and the database is open."""
    metrics.start(config, Numbers().read)
    if config.metrics is not None:
        follow()
