"""`sealgate staff` as an operator uses it: real processes, and nothing secret on the screen but the link."""

import json
import re
from pathlib import Path

import pytest

from tests.test_command import sealgate

pytestmark = pytest.mark.slow


def test_somebody_is_let_in_listed_reset_and_stopped(tmp_path: Path) -> None:
    """By login name or by id; what cannot be done is said in one line."""
    gate = str(tmp_path / "gate")
    assert sealgate("init", gate, "--mode", "trial", "--issuer", "http://127.0.0.1:8400").returncode == 0
    data, add = ["--data", gate], ["staff", "add", "Li.Na"]
    added = sealgate(*add, "--role", "adjudicator", "--role", "auditor", "--jurisdiction", "cn", *data, "--json")
    assert added.returncode == 0, added.stderr
    told = json.loads(added.stdout)
    assert set(told) == {"staff", "link"}
    assert re.fullmatch(r"http://127\.0\.0\.1:8400/staff/enrol/[\w-]{32}", told["link"])
    for wrong, why in (
        ([*add, "--role", "auditor"], "li.na works here already"),
        (["staff", "add", "x", "--role", "clerk"], "'clerk' is not one of"),
        (["staff", "add", "x", "--role", "auditor", "--jurisdiction", "China"], "a jurisdiction is written such as"),
        (["staff", "add", " ", "--role", "auditor"], "a login name has 1 to 80 characters"),
        (["staff", "revoke", "nobody"], "nobody called nobody works here"),
    ):
        refused = sealgate(*wrong, *data)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert why in refused.stderr
    (row,) = json.loads(sealgate("staff", "list", *data, "--json").stdout)
    assert row == {
        "staff": told["staff"],
        "login": "li.na",
        "state": "invited",
        "roles": ["adjudicator", "auditor"],
        "jurisdictions": ["cn"],
    }
    again = sealgate("staff", "reset", "LI.NA", *data)
    assert again.stdout == f"{told['staff']}\n"
    assert "/staff/enrol/" in again.stderr
    assert told["link"] not in again.stderr
    stopped = sealgate("staff", "revoke", told["staff"], *data, "--json")
    assert json.loads(stopped.stdout) == {"staff": told["staff"], "state": "revoked"}
    assert sealgate("staff", "reset", told["staff"], *data).returncode == 2
    assert sealgate(*add, "--role", "auditor", *data).returncode == 0, "the name is free again"
    listed = sealgate("staff", "list", *data).stdout
    assert "revoked" in listed
    assert "invited" in listed
    assert sealgate("audit", "verify", *data).returncode == 0
