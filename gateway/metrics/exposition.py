"""Metrics by prometheus_client, for Prometheus to ask at an address of their own. Needs the extra `metrics`."""

import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.metrics.catalogue import COUNTED, Metric
from gateway.metrics.folder import Place

Reading = tuple[Metric, dict[str, str], float]
Read = Callable[[], Iterable[Reading]]

PATH = "/metrics"
_CONNECTION_SECONDS = 10


class Exposition:
    """What this process counts, and an address at which it answers for all that count in the same folder.

    Every process of a machine listens at the same address (SO_REUSEPORT), and whichever is given a connection answers:
    it makes no difference which of them live. The thread that listens is one of a library and does no durable work.
    """

    def __init__(self, folder: Path, read: Read) -> None:
        self._place = Place(folder)
        self._read = read
        # The library looks for its folder here, and takes the process id for a name that is not used again.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        self._before = values.ValueClass
        values.ValueClass = values.MultiProcessValue(lambda: self._place.name)
        self._made = {metric.name: _made(metric) for metric in COUNTED}
        self._known: dict[tuple[str, ...], Any] = {}
        self._server: _Server | None = None

    def count(self, metric: Metric, labels: dict[str, str]) -> None:
        """One more."""
        self._child(metric, labels).inc()

    def took(self, metric: Metric, seconds: float, labels: dict[str, str]) -> None:
        """One more, in its step."""
        self._child(metric, labels).observe(metric.step(seconds))

    def shift(self, metric: Metric, by: int) -> None:
        """So many more."""
        self._child(metric, {}).inc(by)

    def _child(self, metric: Metric, labels: dict[str, str]) -> Any:
        given = metric.name, *[labels[name] for name in metric.labels]
        known = self._known.get(given)
        if known is not None:
            return known
        fitting = metric.fit(labels)
        made = self._made[metric.name].labels(*fitting) if fitting else self._made[metric.name]
        if given[1:] == fitting:  # else anybody could fill this with what does not fit
            self._known[given] = made
        return made

    def collect(self) -> Iterator[Any]:
        """For the library: everything, now."""
        with self._place.alone() as mine:
            if mine:
                self._place.bury()
            yield from list(MultiProcessCollector(None, str(self._place.folder)).collect())
        families: dict[str, GaugeMetricFamily] = {}
        for metric, labels, value in self._read():
            known = families.setdefault(
                metric.name, GaugeMetricFamily(metric.name, metric.what, labels=list(metric.labels))
            )
            known.add_metric(metric.fit(labels), value)
        yield from families.values()

    def listen(self, host: str, port: int) -> None:
        """Answer from now on. Raises OSError if the address is not ours or another program listens there."""
        self._server = _server(host, port, self)
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Answer and count no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        values.ValueClass = self._before
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        self._place.leave()


def _made(metric: Metric) -> MetricWrapperBase:
    labels = tuple(metric.labels)
    if metric.kind == "histogram":
        return Histogram(metric.name, metric.what, labels, registry=None, buckets=metric.steps)
    if metric.kind == "gauge":
        return Gauge(metric.name, metric.what, labels, registry=None, multiprocess_mode="livesum")
    return Counter(metric.name, metric.what, labels, registry=None)


def _server(host: str, port: int, exposition: Exposition) -> "_Server":
    kind = type("_Server6", (_Server,), {"address_family": socket.AF_INET6}) if ":" in host else _Server
    server: _Server = kind((host, port), _Quiet)
    server.set_app(_only_there(make_wsgi_app(cast("CollectorRegistry", exposition))))
    return server


def _only_there(app: WSGIApplication) -> WSGIApplication:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            return app(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"The metrics are at /metrics.\n"]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    allow_reuse_port = True
    daemon_threads = True

    def server_bind(self) -> None:
        """As the library's, which would ask the name service for our name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    timeout = _CONNECTION_SECONDS

    def log_message(self, *_: Any) -> None:
        """Nothing: it is asked every few seconds."""
