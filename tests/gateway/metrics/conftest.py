"""Metrics of this process, in a folder of their own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from gateway import metrics
from gateway.config import Config
from tests.server import HOST, free_port
from tests.stage import make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]

Labels = frozenset[tuple[str, str]]


class Scraped:
    """What Prometheus gets at one moment."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples: dict[str, dict[Labels, float]] = {}
        self.kinds: dict[str, str] = {}
        for family in text_string_to_metric_families(text):
            self.kinds[family.name] = family.type
            for sample in family.samples:
                found = self.samples.setdefault(sample.name, {})
                assert frozenset(sample.labels.items()) not in found, f"{sample.name} is there twice"
                found[frozenset(sample.labels.items())] = sample.value

    def sum(self, series: str, **labels: str) -> float:
        """All samples of a series with these labels, added up."""
        wanted = set(labels.items())
        return sum(value for has, value in self.samples.get(series, {}).items() if wanted <= has)

    def labels(self) -> Mapping[str, set[str]]:
        """Every value of every label."""
        found: dict[str, set[str]] = {}
        for samples in self.samples.values():
            for has in samples:
                for name, value in has:
                    found.setdefault(name, set()).add(value)
        return found


def scrape(port: int, host: str = HOST) -> Scraped:
    """Ask as Prometheus does, over a connection of its own."""
    answer = requests.get(f"http://{host}:{port}/metrics", headers={"Connection": "close"}, timeout=10)
    assert answer.status_code == 200, answer.text
    return Scraped(answer.text)


@pytest.fixture
def measured(stage_environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Scraped]]:
    """Metrics are on in this process, with nothing read from a database; calling it asks for them."""
    port = free_port()
    config = replace(Config.from_env(stage_environ), metrics=(HOST, port))
    metrics.start(config, list)
    yield lambda: scrape(port)
    metrics.stop()
