"""The stage, for the bounds at the door."""

from tests.stage import make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]
