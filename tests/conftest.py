"""For all tests: where skips are refused (CI), a skipped test fails the run; what runs on both databases."""

import os
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.databases import EMPTY_KINDS, KINDS, database_environ, database_url, postgres

__all__ = ["database_environ", "database_url", "postgres"]

_SKIPPED: list[str] = []

for _name in [name for name in os.environ if name.startswith("SEALGATE_")]:
    if not _name.startswith(("SEALGATE_TEST", "SEALGATE_CRASH")):
        del os.environ[_name]  # whoever has a deployment of their own open in this shell


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked for it on SQLite and on PostgreSQL; with `empty=True` there are no tables yet."""
    marked = metafunc.definition.get_closest_marker("both_databases")
    if marked and "database_url" in metafunc.fixturenames:
        kinds = EMPTY_KINDS if marked.kwargs.get("empty") else KINDS
        metafunc.parametrize("database_url", kinds, indirect=True, ids=KINDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin early with the files that take long for few tests, since they wait for processes and browsers, beside
    others that compute: at the end they would be waited for alone."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting: list[list[pytest.Item]] = []
    for name in ("crash", "slow", "browser"):
        marked = (tests for tests in files.values() if any(test.get_closest_marker(name) for test in tests))
        waiting += [tests for tests in marked if tests not in waiting]
    others = sorted((tests for tests in files.values() if tests not in waiting), key=len, reverse=True)
    pairs = zip_longest(waiting, others, fillvalue=())
    items[:] = [test for both in pairs for tests in both for test in tests]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what was skipped, and why."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _SKIPPED.append(f"{report.nodeid}: {report.longrepr[2] if isinstance(report.longrepr, tuple) else ''}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested."""
    for line in _SKIPPED:
        terminalreporter.write_line(f"NOT TESTED {line}", red=True, bold=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where skips are refused, they end the run as a failure."""
    if _SKIPPED and exitstatus == pytest.ExitCode.OK and os.environ.get("SEALGATE_TESTS_REFUSE_SKIPS"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
