"""The stage, for the tests of the subject's pages."""

from tests.stage import make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]
