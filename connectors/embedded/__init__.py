"""A registry in one SQLite file, built from CSV or NDJSON: for a deployment that is handed its records as files."""

from connectors.embedded.build import BuildReport, build
from connectors.embedded.identity import read_key
from connectors.embedded.registry import EmbeddedRegistry
from connectors.embedded.source import SourceError

__all__ = ["BuildReport", "EmbeddedRegistry", "SourceError", "build", "read_key"]
