"""The hot path against a hello-world route of the same app on the same server, in one run.

    python -m tests.benchmarks [--seconds 4] [--connections 16] [--no-postgres]

Hello world is /healthz: the same server, the same application with its hooks and headers, and nothing to do. Each
figure is the middle one of three. The rates say what a client gets; the processor time of the server's processes for
each request is not disturbed by the client that runs on the same machine. `POST` is durable when it is answered.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks import message, within
from tests.databases import Postgres, server
from tests.server import HOST, Deployment
from tests.visitors import Software

ROUNDS = 3
GOALS = {"POST /v1/checks": 0.25, "GET /v1/checks/…": 0.60}

Request = tuple[str, str, dict[str, str], str]


@dataclass(frozen=True)
class Figure:
    """What came of one run."""

    rate: float
    processor: float
    """Microseconds of the server's processor time for each request."""
    latencies: tuple[float, float]


class Bench:
    """A deployment under load."""

    def __init__(self, deployment: Deployment, hr: Software, seconds: float, connections: int) -> None:
        self.deployment = deployment
        assert hr.session is not None
        self.headers = {"Authorization": f"Bearer {hr.session.token['access_token']}"}
        self.seconds = seconds
        self.connections = connections

    def asks(self) -> list[Request]:
        """Requests for checks; each key is used once, unless the server is faster than any we know."""
        return [("POST", "/v1/checks", self._asking(), message(number)) for number in range(20_000)]

    def _asking(self) -> dict[str, str]:
        return {**self.headers, "Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(12)}

    def sees(self, check_ids: list[str]) -> list[Request]:
        """Looks at checks."""
        return [("GET", f"/v1/checks/{check_id}", self.headers, "") for check_id in check_ids]

    def measure(self, requests: list[Request], status: str) -> Figure:
        """Send these for a while. Raises SystemExit when something else than `status` comes back."""
        before = self._processor()
        command = [sys.executable, "-m", "tests.benchmarks.load", HOST, str(self.deployment.port)]
        done = json.loads(
            subprocess.run(
                [*command, str(self.connections), str(self.seconds)],
                input="\n".join(json.dumps(one) for one in requests), stdout=subprocess.PIPE, text=True, check=True,
            ).stdout
        )  # fmt: skip
        spent = self._processor() - before
        count = done["answers"].get(status, 0)
        if set(done["answers"]) != {status}:
            raise SystemExit(f"{requests[0][:2]}: {done['answers']}")
        return Figure(count / done["seconds"], 1e6 * spent / count, tuple(done["latencies"]))

    def _processor(self) -> float:
        assert self.deployment.process is not None
        front = psutil.Process(self.deployment.process.pid)
        times = [one.cpu_times() for one in (front, *front.children(recursive=True))]
        return sum(each.user + each.system for each in times)


@contextmanager
def serving(folder: Path, database_url: str | None) -> Iterator[tuple[Deployment, Software]]:
    """A deployment with one process that serves, in the settings of a real one."""
    deployment = Deployment(folder / "deployment", database_url)
    deployment.environ["SEALGATE_LOG_LEVEL"] = "warning"
    deployment.start()
    hr = deployment.register("Kindergarten", ["cn/kindergarten"], ("checks:write", "checks:read"))
    try:
        yield deployment, hr
    finally:
        hr.close()
        deployment.kill()


def compare(name: str, folder: Path, database_url: str | None, seconds: float, connections: int) -> None:
    """Print the figures of one database."""
    with serving(folder, database_url) as (deployment, hr):
        bench = Bench(deployment, hr, seconds, connections)
        check_ids = [
            hr.call("POST", "/v1/checks", json.loads(message(-1 - number))).json()["id"] for number in range(50)
        ]
        runs: dict[str, list[Figure]] = {"hello world": [], "POST /v1/checks": [], "GET /v1/checks/…": []}
        for _ in range(ROUNDS):
            runs["hello world"].append(bench.measure([("GET", "/healthz", {}, "")], "200"))
            runs["GET /v1/checks/…"].append(bench.measure(bench.sees(check_ids), "200"))
        for _ in range(ROUNDS):  # last: on SQLite the invitations that follow are sent by the same process
            runs["POST /v1/checks"].append(bench.measure(bench.asks(), "201"))
    say(f"\n{name}, {connections} connections, {seconds:g} s each, {os.cpu_count()} processors\n")
    hello = middle(runs["hello world"])
    heads = [f"{'':18}{'per second':>12}{'of hello':>10}{'goal':>7}"]
    say("".join([*heads, f"{'server µs':>11}{'of hello':>10}{'p50 ms':>8}{'p99 ms':>8}"]))
    for label, figures in runs.items():
        one, goal = middle(figures), GOALS.get(label)
        say(
            f"{label:18}{one.rate:12,.0f}{one.rate / hello.rate:10.0%}{'' if goal is None else f'{goal:.0%}':>7}"
            f"{one.processor:11,.0f}{hello.processor / one.processor:10.0%}"
            f"{one.latencies[0]:8.1f}{one.latencies[1]:8.1f}"
        )


def middle(figures: list[Figure]) -> Figure:
    """The run with the middle rate."""
    rate = statistics.median_low(figure.rate for figure in figures)
    return next(figure for figure in figures if figure.rate == rate)


def say(line: str) -> None:
    """To standard output."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--no-postgres", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare("SQLite, the work in the same process", Path(folder), None, given.seconds, given.connections)
        within.say_where_the_time_goes(Path(folder) / "within", None, say)
    if given.no_postgres:
        return
    with server() as url, tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(url)
        with postgres.fresh() as one, postgres.fresh() as other:
            compare("PostgreSQL, no worker running", Path(folder), one, given.seconds, given.connections)
            within.say_where_the_time_goes(Path(folder) / "within", other, say)
        postgres.close()


if __name__ == "__main__":
    main()
