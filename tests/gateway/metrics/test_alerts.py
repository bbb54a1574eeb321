"""The rules for Prometheus: YAML, of metrics that there are, each with what it means and what to do."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from gateway import metrics
from gateway.checks import release
from gateway.metrics import COUNTED, READ, Metric
from gateway.work import tasks

BY_SERIES: dict[str, Metric] = {series: metric for metric in (*COUNTED, *READ) for series in metric.series}
RULES: list[dict[str, Any]] = yaml.safe_load(metrics.alerts())["groups"][0]["rules"]
WORDS = {"absent", "min", "max", "sum", "by", "increase", "rate", "histogram_quantile", "and", "le"}


def test_the_file_is_one_group_of_rules() -> None:
    """With nothing that Prometheus does not know."""
    document = yaml.safe_load(metrics.alerts())
    assert set(document) == {"groups"}
    (group,) = document["groups"]
    assert set(group) == {"name", "rules"}
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 15


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule(rule: dict[str, Any]) -> None:
    """Its metrics, their labels and values are there; it says what it means and what to do."""
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Sealgate[A-Za-z]+", rule["alert"])
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "action"}
    assert all(text.strip().endswith((".", "`")) for text in rule["annotations"].values())
    _look_at(rule["expr"])
    for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
        assert re.search(rf"by \({label}\)", rule["expr"]), label


def _look_at(expression: str) -> None:
    assert expression.count("(") == expression.count(")")
    found = re.findall(r"(sealgate_\w+)(?:\{([^}]*)\})?", expression)
    assert found
    for series, filters in found:
        metric = BY_SERIES[series]
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', filters):
            for value in values.split("|"):
                assert metric.labels[label].fullmatch(value), (series, label, value)
                assert label != "task" or value in {*tasks.tasks, *tasks.ticks}
    rest = re.sub(r"sealgate_\w+(\{[^}]*\})?|\[\d+[mh]\]|by \(\w+\)|[\d.]+|[()<>=*,\s]", " ", expression)
    assert set(rest.split()) <= WORDS, rest


def test_tasks_are_known() -> None:
    """The test above has them from here."""
    assert release.tick.__name__ == "tick"
    assert "checks.release" in tasks.ticks


def test_the_command_prints_it() -> None:
    """As it ships, so that it can be put where Prometheus reads it; `list` names every metric."""

    def told(*arguments: str) -> str:
        line = [sys.executable, "-c", "from gateway.cli import main; main()", "metrics", *arguments]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout

    assert told("alerts") == metrics.alerts()
    listed = told("list")
    assert [metric for metric in (*COUNTED, *READ) if metric.series[0] not in listed] == []
