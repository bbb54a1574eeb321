"""The stage, and what leases are asked for and seen with."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import clock, consent, setup
from gateway.checks import deployment
from gateway.leases import repeat
from tests.stage import NOW, Caller, Stage, StageMaker, make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]

MINORS = "cn/minors-contact"


def at(text: str) -> datetime:
    """A moment in UTC; Beijing is eight hours ahead."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def leased(stage: Stage, hr: Caller, passport: str = "CLEAN", term: str = "P3Y", **changes: Any) -> str:
    """A check with a lease, agreed to and answered."""
    check_id = hr.asked(passport, policy=MINORS, role="staff", lease=term, **changes)
    stage.agree(check_id)
    return check_id


def ticked(stage: Stage, hr: Caller, moment: str) -> list[str]:
    """Go to a moment and let the tick come; the ids of the institution's checks, newest first."""
    stage.until(at(moment))
    repeat.keep_all()
    return [check["id"] for check in hr.get("/v1/checks").json["checks"]]  # type: ignore[index]


@pytest.fixture
def with_key_file(tmp_path: Path, make_stage: StageMaker) -> Stage:
    """A stage whose keys are by the month."""
    with clock.stopped(NOW):
        setup.new_key_file(tmp_path / "sealgate.keys")
    return make_stage({"SEALGATE_KEKS": "", "SEALGATE_KEY_FILE": str(tmp_path / "sealgate.keys")})


def new_rules(stage: Stage, day: str, **changes: Any) -> None:
    """Another version of the policy is put on the shelf of a deployment that runs, in force from a day on."""
    shelf = deployment.ours().library
    versions = shelf.policy_versions[MINORS]
    other = replace(versions[-1], version=day, digest=f"sha256:{'0' * 64}", **changes)
    library = replace(shelf, policy_versions={**shelf.policy_versions, MINORS: (*versions, other)})
    deployment.init(stage.config, deployment.ours().registries, library)
    consent.deployment.init(stage.config, library)
