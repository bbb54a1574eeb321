"""A stage whose deployment has a key file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import clock, setup
from tests.stage import NOW, Stage, StageMaker, make_stage, stage_environ

__all__ = ["make_stage", "stage_environ"]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A key file as `init` makes it, with the keys of November and December 2026."""
    with clock.stopped(NOW):
        setup.new_key_file(tmp_path / "sealgate.keys")
    return tmp_path / "sealgate.keys"


@pytest.fixture
def with_keys(key_file: Path, make_stage: StageMaker) -> Callable[..., Stage]:
    """Build a stage on the key file; `environ` goes on top."""
    return lambda **environ: make_stage({"SEALGATE_KEKS": "", "SEALGATE_KEY_FILE": str(key_file), **environ})


@pytest.fixture
def stage(with_keys: Callable[..., Stage]) -> Stage:
    """The usual stage, with a key file."""
    return with_keys()
