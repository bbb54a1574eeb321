"""What is counted: only what is on the list, in the forms of the list, by every process that lives or has lived."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from gateway import metrics
from gateway.config import Config, ConfigError
from gateway.metrics import switch
from gateway.metrics.folder import Place
from tests.gateway.metrics.conftest import Scraped, scrape
from tests.server import HOST, free_port

CANARY = "Zhang San 1990-01-01"


def test_counts_and_durations_come_out(measured: Callable[[], Scraped]) -> None:
    """A counter, a histogram and a gauge, as the library's own parser reads them."""
    for _ in range(3):
        metrics.count(metrics.TASKS, task="checks.run", result="done")
    metrics.took(metrics.TASK_SECONDS, 0.2, task="checks.run")
    metrics.shift(metrics.CONNECTIONS, 2)
    metrics.shift(metrics.CONNECTIONS, -1)
    found = measured()
    assert found.sum("sealgate_tasks_total", task="checks.run", result="done") == 3
    assert found.sum("sealgate_task_seconds_bucket", task="checks.run", le="1.0") == 1
    assert found.sum("sealgate_database_connections_in_use") == 1
    assert found.kinds["sealgate_tasks"] == "counter"


@pytest.mark.parametrize(("seconds", "told"), [(0.001, 0.025), (0.025, 0.025), (0.9, 1.0), (700.0, 20.0)])
def test_a_duration_says_only_its_step(measured: Callable[[], Scraped], seconds: float, told: float) -> None:
    """The sum of a histogram is exact in Prometheus: of one request alone it would say microseconds."""
    metrics.took(metrics.REQUEST_SECONDS, seconds, endpoint="/v1/checks")
    assert measured().sum("sealgate_request_seconds_sum") == told


@pytest.mark.parametrize(
    "value", [CANARY, "chk_abcdefghijklmnopqrstuvwxy2", "PPKESTREL9917", "/v1/checks/chk_a2", "王小明", ""]
)
def test_a_label_takes_only_its_form(measured: Callable[[], Scraped], value: str) -> None:
    """A name, an id or a path becomes `other`, whichever label it is given as."""
    metrics.count(metrics.REQUESTS, endpoint=value, method=value, status=value)
    metrics.count(metrics.PROBLEMS, type=value)
    metrics.count(metrics.TASKS, task=value, result=value)
    metrics.count(metrics.ASKED, registry=value, result=value)
    found = measured()
    assert not value or value not in found.text
    assert found.sum("sealgate_requests_total", endpoint="other", method="other", status="other") == 1


@pytest.mark.parametrize(
    "endpoint", ["/", "/v1/checks", "/v1/checks/<check_id>", "/.well-known/oauth-protected-resource"]
)
def test_a_template_is_a_form(endpoint: str) -> None:
    """Routes as they are written in the code fit."""
    assert metrics.REQUEST_SECONDS.fit({"endpoint": endpoint}) == (endpoint,)


def test_every_metric_says_what_it_is() -> None:
    """Names are unique, of ours, and in base units; none has a label for who or what came of it."""
    everything = (*metrics.COUNTED, *metrics.READ)
    assert len({one.name for one in everything}) == len(everything)
    for one in everything:
        assert one.name.startswith("sealgate_")
        assert one.what.endswith((".", "0."))
        assert not {"institution", "client", "check", "subject", "outcome", "policy", "review", "id"} & set(one.labels)
        assert (one.kind == "histogram") == bool(one.steps)


def test_off_nothing_is_measured_and_nothing_is_made(stage_environ: dict[str, str]) -> None:
    """Without the setting the verbs do nothing, and there is no folder."""
    config = Config.from_env(stage_environ)
    metrics.start(config, list)
    metrics.count(metrics.TOKENS)
    assert not (config.data / switch.FOLDER).exists()


def test_there_is_one_address_and_one_path(measured: Callable[[], Scraped], stage_environ: dict[str, str]) -> None:
    """What is not /metrics is not there."""
    port = free_port()
    metrics.start(replace(Config.from_env(stage_environ), metrics=(HOST, port)), list)
    assert requests.get(f"http://{HOST}:{port}/", timeout=10).status_code == 404
    assert requests.post(f"http://{HOST}:{port}/metrics", timeout=10).status_code == 405


def test_an_address_that_is_taken_stops_nobody(stage_environ: dict[str, str]) -> None:
    """The gateway serves without metrics rather than not at all; what is counted is kept for another to tell."""
    config = Config.from_env(stage_environ)
    metrics.start(replace(config, metrics=("192.0.2.1", 9)), list)
    metrics.count(metrics.TOKENS)
    metrics.stop()


@pytest.mark.parametrize(
    "text", ["0.0.0.0:9464", "[::]:9464", "8.8.8.8:9464", "gate.example:9464", "127.0.0.1", "127.0.0.1:0"]
)
def test_an_address_open_to_the_world_is_refused(stage_environ: dict[str, str], text: str) -> None:
    """Only one of this machine or of an inner network."""
    with pytest.raises(ConfigError, match="SEALGATE_METRICS must be an address of this machine or of an inner network"):
        Config.from_env({**stage_environ, "SEALGATE_METRICS": text})
    assert Config.from_env({**stage_environ, "SEALGATE_METRICS": "[::1]:9464"}).metrics == ("::1", 9464)


_HIDE = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "prometheus_client" else find(name, *rest)
"""


def test_without_the_extra(stage_environ: dict[str, str]) -> None:
    """Everything imports and counts into nothing; asking for metrics is refused with what to install."""
    program = (
        _HIDE
        + """
import os
from gateway import app, metrics
from gateway.config import Config, ConfigError
metrics.count(metrics.TOKENS)
metrics.start(Config.from_env({n: v for n, v in os.environ.items() if n != "SEALGATE_METRICS"}), list)
assert "prometheus_client" not in sys.modules
try:
    Config.from_env(os.environ)
except ConfigError as error:
    print(error)
"""
    )
    environ = {**stage_environ, "SEALGATE_METRICS": "127.0.0.1:9464"}
    told = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert "pip install 'sealgate[metrics]'" in told.stdout, told.stderr


_COUNTING = """
import os, sys, time
from gateway import metrics
from gateway.config import Config
metrics.start(Config.from_env(os.environ), list)
for _ in range(int(sys.argv[1])):
    metrics.count(metrics.TASKS, task="checks.run", result="done")
    metrics.took(metrics.TASK_SECONDS, 2.0, task="checks.run")
metrics.shift(metrics.CONNECTIONS, 1)
print("counted", flush=True)
time.sleep(60)
"""


def _counting(environ: dict[str, str], times: int) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _COUNTING, str(times)], env=environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "counted\n"
    return process


def test_several_processes_are_one(stage_environ: dict[str, str]) -> None:
    """Whoever is asked answers for all; who dies stays counted, once, and uses nothing more; then all begins at 0."""
    port = free_port()
    environ = {**stage_environ, "SEALGATE_METRICS": f"{HOST}:{port}"}
    folder = Path(environ["SEALGATE_DATA"]) / switch.FOLDER
    processes = [_counting(environ, 5), _counting(environ, 7)]
    try:
        for _ in range(6):
            found = scrape(port)
            assert found.sum("sealgate_tasks_total") == found.sum("sealgate_task_seconds_count") == 12
            assert found.sum("sealgate_database_connections_in_use") == 2
        processes[0].kill()
        processes[0].wait(10)
        processes.append(_counting(environ, 11))
        for _ in range(6):
            found = scrape(port)
            assert found.sum("sealgate_tasks_total") == found.sum("sealgate_task_seconds_count") == 23
            assert found.sum("sealgate_task_seconds_bucket", le="5.0") == 23
            assert found.sum("sealgate_database_connections_in_use") == 2
        assert len(list(folder.glob("*.life"))) == 2
    finally:
        for process in processes:
            process.kill()
            process.wait(10)
            assert process.stdout
            process.stdout.close()
    (last,) = [_counting(environ, 1)]
    assert scrape(port).sum("sealgate_tasks_total") == 1
    last.kill()
    last.wait(10)
    assert last.stdout
    last.stdout.close()


def test_a_full_disk_stops_nobody(stage_environ: dict[str, str]) -> None:
    """Without room nothing is counted; what is counted has its room from the start, so that it cannot run out."""
    program = """
import os, resource
from gateway import metrics
from gateway.config import Config
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
metrics.start(Config.from_env(os.environ), list)
metrics.count(metrics.TOKENS)
print("goes on")
"""
    environ = {**stage_environ, "SEALGATE_METRICS": f"{HOST}:{free_port()}"}
    line = [sys.executable, "-c", program]
    told = subprocess.run(line, env=environ, capture_output=True, text=True, check=True)
    assert told.stdout == "goes on\n"
    folder = Path(environ["SEALGATE_DATA"]) / switch.FOLDER
    place = Place(folder)
    for file in folder.glob(f"*_{place.name}.db"):
        assert file.stat().st_blocks * 512 >= file.stat().st_size == 2**20
    place.leave()


def test_everything_fits_into_the_room_that_is_taken(measured: Callable[[], Scraped]) -> None:
    """Far more endpoints, methods and types than there are."""
    for number in range(120):
        path = f"/v1/{'abcdefghij'[number % 10] * 9}/{'klmnopqrst'[number // 10 % 10] * 9}/{'uv'[number // 100] * 9}"
        metrics.took(metrics.REQUEST_SECONDS, 1.0, endpoint=path)
        for method in ("GET", "POST", "DELETE"):
            metrics.count(metrics.REQUESTS, endpoint=path, method=method, status="ok")
    assert measured().sum("sealgate_requests_total") == 360
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert {file.stat().st_size for file in folder.glob("*.db")} == {2**20}


def test_a_process_that_holds_the_folder_holds_up_nobody(tmp_path: Path) -> None:
    """One that was stopped in the midst of it: after a while the others read without burying."""
    first, second = Place(tmp_path / "metrics"), Place(tmp_path / "metrics")
    with first.alone() as mine, second.alone() as also:
        assert (mine, also) == (True, False)
    first.leave()
    assert second.bury() == 0
    second.leave()
