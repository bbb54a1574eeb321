"""The stage, for the tests of the pages that keep nothing."""

from tests.stage import make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]
