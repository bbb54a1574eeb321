"""The command line of the law: proposals are simulated, versions are published once and for all."""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tests.test_command import DRUGS, sealgate

pytestmark = pytest.mark.slow

REGIME = "regimes/cn/2026-01-01.toml"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A small shelf: China's law of sealing and one policy, nothing published yet."""
    root = Path(str(files("policies")))
    for name in ("regimes/cn", "industries/cn/physician"):
        shutil.copytree(root / name, tmp_path / name)
    return tmp_path


def test_a_proposal_is_simulated_and_said_to_be(tmp_path: Path) -> None:
    """Under the tiered proposal a first drug-use penalty is deep, so a kindergarten may not read it either."""
    file = tmp_path / "record.json"
    first = {**DRUGS, "age_at_act": 30, "drug": {"addiction": "none"}}
    file.write_text(json.dumps({"entries": [first]}), "utf-8")
    arguments = ["decide", "--policy", "cn/kindergarten", "--role", "carer", "--as-of", "2026-06-01", str(file)]
    enacted, simulated = sealgate(*arguments), sealgate(*arguments, "--simulate", "cn-tiered")
    assert enacted.stdout.startswith("ineligible ")
    assert simulated.stdout.startswith("eligible ")
    assert "simulated under cn-tiered" in simulated.stdout.splitlines()[0]


def test_a_proposal_that_does_not_exist(tmp_path: Path) -> None:
    """Its name, and those that there are."""
    file = tmp_path / "record.json"
    file.write_text('{"entries": []}', "utf-8")
    arguments = ["--policy", "cn/kindergarten", "--role", "carer", "--simulate", "cn-tired", str(file)]
    done = sealgate("decide", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert 'there is no regime "cn-tired"' in done.stderr
    assert "cn-tiered" in done.stderr


def test_a_version_is_published_once_and_never_edited(shelf: Path) -> None:
    """The digest is written; an edit afterwards stops the whole shelf."""
    done = sealgate("policy", "publish", "--shelf", str(shelf), REGIME)
    assert (done.returncode, done.stdout[: len(REGIME)]) == (0, REGIME)
    again = sealgate("policy", "publish", "--shelf", str(shelf), str(shelf / REGIME))
    assert again.returncode == 2
    assert f"{REGIME} is published already" in again.stderr
    assert "is not on the shelf" in sealgate("policy", "publish", "--shelf", str(shelf), "regimes/cn").stderr
    rest = sealgate("policy", "publish", "--shelf", str(shelf), "--all", "--json")
    assert "industries/cn/physician/2022-03-01.toml" in json.loads(rest.stdout)["published"]
    with (shelf / REGIME).open("a") as file:
        file.write("# a word more\n")
    edited = sealgate("policy", "publish", "--shelf", str(shelf), "--all")
    assert edited.returncode == 2
    assert "was edited after it was published" in edited.stderr


def test_nothing_is_published_while_an_example_is_wrong(shelf: Path) -> None:
    """The examples say what the law says."""
    examples = shelf / "regimes/cn/examples.toml"
    examples.write_text(examples.read_text("utf-8").replace('level = "shallow"', 'level = "deep"', 1), "utf-8")
    done = sealgate("policy", "publish", "--shelf", str(shelf), "--all")
    assert done.returncode == 2
    assert "does not come out as written" in done.stderr
    assert not (shelf / "published.toml").exists()
