"""The stage, for the tests of those who work here."""

from tests.stage import make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]
