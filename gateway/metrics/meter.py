"""What is measured goes through here: into nothing, until a deployment wants metrics."""

from typing import Protocol

from gateway.metrics.catalogue import Metric


class Meter(Protocol):
    """Where counts and durations go."""

    def count(self, metric: Metric, labels: dict[str, str]) -> None:
        """One more."""

    def took(self, metric: Metric, seconds: float, labels: dict[str, str]) -> None:
        """One more, and how long it took."""

    def shift(self, metric: Metric, by: int) -> None:
        """So many more, or fewer, at this moment in this process."""


class Nothing:
    """Measures nothing."""

    def count(self, metric: Metric, labels: dict[str, str]) -> None:
        """Nothing."""

    def took(self, metric: Metric, seconds: float, labels: dict[str, str]) -> None:
        """Nothing."""

    def shift(self, metric: Metric, by: int) -> None:
        """Nothing."""


_meter: Meter = Nothing()


def use(meter: Meter) -> None:
    """Measure with this from now on."""
    global _meter
    _meter = meter


def count(metric: Metric, **labels: str) -> None:
    """One more of something: `count(TASKS, task="checks.run", result="done")`."""
    _meter.count(metric, labels)


def took(metric: Metric, seconds: float, **labels: str) -> None:
    """One more of something, and how long it took."""
    _meter.took(metric, seconds, labels)


def shift(metric: Metric, by: int) -> None:
    """So many more of something than a moment ago (fewer: negative), in this process."""
    _meter.shift(metric, by)
