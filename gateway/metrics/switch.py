"""Metrics on and off. What needs the extra is imported here alone, and only where it is installed."""

from collections.abc import Callable, Iterable
from importlib.resources import files
from importlib.util import find_spec

from gateway import logs
from gateway.config import Config
from gateway.metrics import meter
from gateway.metrics.catalogue import Metric

if find_spec("prometheus_client") is not None:
    from gateway.metrics import exposition

FOLDER = "metrics"

log = logs.get("metrics")

_stop: Callable[[], None] | None = None


def start(config: Config, read: Callable[[], Iterable[tuple[Metric, dict[str, str], float]]]) -> None:
    """Count from now on, and answer at the address of the configuration; nothing where it names none.

    `read` gives what is not counted but read when somebody asks. An address that cannot be had, and a disk without
    room, are errors in the log and no reason to serve nobody: Prometheus notices by itself. A configuration without
    the extra names no address.
    """
    global _stop
    if config.metrics is None:
        return
    stop()
    try:
        exposed = exposition.Exposition(config.data / FOLDER, read)
    except OSError as error:
        log.error("metrics_not_counted", exc_info=error)
        return
    meter.use(exposed)
    _stop = exposed.close
    try:
        exposed.listen(*config.metrics)
    except OSError as error:
        log.error("metrics_not_served", exc_info=error)


def stop() -> None:
    """Count and answer no more."""
    global _stop
    if _stop is not None:
        meter.use(meter.Nothing())
        _stop()
        _stop = None


def alerts() -> str:
    """The rules for Prometheus (YAML), as they ship."""
    return files("gateway.metrics").joinpath("alerts.yml").read_text("utf-8")
