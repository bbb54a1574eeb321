"""The command line as a person uses it: real processes, real files, exit statuses and clear errors."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

DRUGS: dict[str, Any] = {
    "ref": "a",
    "jurisdiction": "cn",
    "kind": "administrative",
    "offence": "drugs.use",
    "disposition": "penalised",
    "decided_on": "2019-05-01",
}


def sealgate(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    command = [str(Path(sys.executable).with_name("sealgate")), *arguments]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60, check=False)


def test_seal_prints_only_json() -> None:
    """The row of an old drug-use penalty in China: open, then sealed on the day the law came into force."""
    done = sealgate(
        "seal", "--regime", "cn", "--as-of", "2026-06-01", "--json", "-", typed=json.dumps({"entries": [DRUGS]})
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout) == [
        {
            "ref": "a",
            "level": "shallow",
            "since": "2026-01-01",
            "until": None,
            "rule": "public-security-record",
            "cite": "Public Security Administration Punishments Law (2025) art. 136",
            "timeline": [{"level": "open", "from": "2019-05-01"}, {"level": "shallow", "from": "2026-01-01"}],
        }
    ]


@pytest.mark.parametrize(
    ("policy", "role", "reading", "outcome"),
    [
        ("cn/kindergarten", "carer", "strict", "ineligible"),
        ("cn/city-transit", "driver", "strict", "ineligible"),
        ("cn/ride-hailing", "driver", "strict", "eligible"),
        ("cn/ride-hailing", "driver", "broad", "ineligible"),
    ],
)
def test_decide_is_the_point_of_the_product(tmp_path: Path, policy: str, role: str, reading: str, outcome: str) -> None:
    """The same sealed entry: a law opens it, a regulation opens it, a ministry rule does not unless read broadly."""
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"born": "1990-01-01", "entries": [DRUGS]}), "utf-8")
    arguments = ["--policy", policy, "--role", role, "--as-of", "2026-06-01", "--reading", reading]
    done = sealgate("decide", *arguments, "--json", str(file))
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["outcome"] == outcome
    assert answer["policy"] == policy
    assert {reason["bar"] for reason in answer["reasons"] if reason["holds"] == "yes"} == (
        {"drug-use-ever"} if outcome == "ineligible" else set()
    )
    assert outcome in sealgate("decide", *arguments, str(file)).stdout


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("{", "line 1, column 2"),
        ('{"entries": [], "entries": []}', "entries: stands twice"),
        ("[]", "must be an object"),
        ('{"entries": [{"jurisdiction": "cn"}]}', "entries[0].kind: is missing"),
        (json.dumps({"entries": [{**DRUGS, "offence": "drug.use"}]}), 'did you mean "drugs.use"'),
        (json.dumps({"entries": [{**DRUGS, "jurisdiction": "de"}]}), "entries[0].jurisdiction"),
        ("[" * 100_000, "nested too deeply"),
        ('{"entries": [], "born": "2020-02-30"}', "born: must be a day"),
        ('{"entries": [{"kind": "x", "offence": "y"}]}', "entries[0].disposition: is missing"),
        ('{"entries": [{"age_at_act": ' + "9" * 5000 + "}]}", "is not JSON that can be read"),
        (json.dumps({"entries": [{**DRUGS, "ref": "\ud800"}]}), "entries[0].ref: must be a text"),
        (json.dumps({"entries": [{**DRUGS, "ended_on": "2018-01-01"}]}), "ended_on: is before decided_on"),
    ],
)
def test_bad_records_exit_with_two(typed: str, says: str) -> None:
    """What is wrong is said in one line on standard error, with its place; standard output stays empty."""
    done = sealgate("seal", "--regime", "cn", "--as-of", "2026-06-01", "--json", "-", typed=typed)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["seal", "--regime", "fr", "-"], "there is no regime"),
        (["seal", "--regime", "cn", "--as-of", "2001-01-01", "-"], "no version in force on 2001-01-01"),
        (["seal", "--regime", "cn", "--as-of", "yesterday", "-"], "must be a day"),
        (["seal", "--regime", "cn", "--as-of", "9999-12-31", "-"], "between the years 1800 and 2999"),
        (
            ["institution", "add", "X", "--registration", "1", "--jurisdiction", "cn", "--policy", "cn/circus"],
            "cn/circus",
        ),
        (["audit", "verify"], "--data"),
        (["init", "/nowhere/at/all", "--issuer", "gate.example"], "--issuer"),
        (["seal", "--regime", "cn", "/nowhere/at/all.json"], "cannot be read"),
        (["decide", "--policy", "cn/circus", "--role", "clown", "-"], "there is no policy"),
        (["decide", "--policy", "cn/kindergarten", "--role", "clown", "-"], 'has no role "clown"'),
        (["serve", "--data", "/nowhere/at/all"], "SEALGATE_"),
    ],
)
def test_bad_arguments_exit_with_two(arguments: list[str], says: str) -> None:
    """A law, policy, role, day or folder that is not there is named."""
    done = sealgate(*arguments, typed='{"entries": []}')
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_every_shipped_example_comes_out() -> None:
    """`policy check` runs what stands beside every law and policy, whichever it is asked about."""
    done = sealgate("policy", "check", "cn/coach", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["wrong"] == {}


def test_a_deployment_from_nothing(tmp_path: Path) -> None:
    """init, institution, client, verify: the way to a deployment, each step printing what the next one needs."""
    folder = tmp_path / "gate"
    data = ["--data", str(folder)]
    assert sealgate("init", str(folder), "--mode", "trial", "--issuer", "http://127.0.0.1:8400").returncode == 0
    assert sealgate("init", str(folder), "--mode", "trial", "--issuer", "http://127.0.0.1:8400").returncode == 2
    assert (folder / "sealgate.env").stat().st_mode & 0o077 == 0
    keys = sealgate("client", "key", str(folder / "hr.pem"))
    (folder / "hr.json").write_text(keys.stdout, "utf-8")
    registered = ["--registration", "91110000-1", "--jurisdiction", "cn", "--policy", "cn/kindergarten"]
    institution = sealgate("institution", "add", "Sunflower Kindergarten", *registered, *data)
    assert institution.returncode == 0, institution.stderr
    assert institution.stdout.startswith("ins_")
    named = ["--institution", institution.stdout.strip(), "--name", "HR"]
    client = sealgate("client", "add", *named, "--jwks", str(folder / "hr.json"), "--json", *data)
    assert client.returncode == 0, client.stderr
    assert json.loads(client.stdout)["client_id"].startswith("cli_")
    desk = sealgate("desk", "add", "The desk", "--json", *data)
    assert desk.returncode == 0, desk.stderr
    assert set(json.loads(desk.stdout)) == {"client_id", "client_secret"}
    refused = sealgate(
        "institution", "add", "X", "--registration", "2", "--jurisdiction", "cn", "--policy", "cn/circus", *data
    )
    assert refused.returncode == 2
    assert "there is no such policy" in refused.stderr
    verified = sealgate("audit", "verify", *data, "--json")
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["ok"] is True


def test_a_worker_needs_a_server(tmp_path: Path) -> None:
    """On a file the work is done by the process that serves; a second one beside it would do it twice."""
    folder = tmp_path / "gate"
    assert sealgate("init", str(folder), "--mode", "trial", "--issuer", "http://127.0.0.1:8400").returncode == 0
    refused = sealgate("worker", "--data", str(folder))
    assert refused.returncode == 2
    assert "SEALGATE_DATABASE_URL must be postgresql://" in refused.stderr
