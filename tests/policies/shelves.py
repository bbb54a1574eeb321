"""Small policies for tests, on a shelf beside the shipped laws of sealing."""

import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from policies.library import Library

_HEAD = """
in_force = {version}
checked  = 2026-11-20
title    = {{ en = "A policy for a test", zh = "测试用" }}
cite     = "No law at all"
rank     = "{rank}"
basis    = ["cn/unit-enquiry"]
roles    = ["{role}"]
registries = ["police"]
not_covered = [{{ en = "everything", zh = "一切" }}]
[release]
hold = "P1D"
grid = "PT1H"
review_share = 0.02
"""

ROLES = {"cn/physician": "physician", "cn/ride-hailing": "driver", "cn/coach": "driver", "cn/drone": "operator"}
"""The policies of the vocabulary that tests fill with bars of their own, with the one role that each has."""


def shelf(root: Path, policies: Mapping[str, str], rank: str = "law") -> Library:
    """A library of the shipped laws and of these policies: `cn/physician@2020-01-01` with its bars in TOML."""
    shutil.copytree(Path(str(files("policies"))) / "regimes", root / "regimes")
    for name, bars in policies.items():
        policy_id, _, version = name.partition("@")
        folder = root.joinpath("industries", *policy_id.split("/"))
        folder.mkdir(parents=True, exist_ok=True)
        head = _HEAD.format(version=version, rank=rank, role=ROLES[policy_id])
        (folder / f"{version}.toml").write_text(head + bars, "utf-8")
    return Library.load(root)
