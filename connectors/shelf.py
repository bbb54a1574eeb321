"""The registries of a deployment, from `registries.toml`: one table per registry, called as the policies call it.

[police]
connector = "embedded"
path = "police.sqlite"            # beside this file, unless absolute
key_env = "SEALGATE_REGISTRY_KEY" # the variable that holds the key, 32 bytes in base64url
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.base import ConfigurationError, Connector
from connectors.embedded import EmbeddedRegistry, read_key


@dataclass(frozen=True)
class _Table:
    """One registry's table, with what reading it needs."""

    file: Path
    name: str
    settings: Mapping[str, Any]
    environ: Mapping[str, str]

    def wrong(self, key: str, problem: str) -> ConfigurationError:
        return ConfigurationError(str(self.file), self.name, key, problem)

    def text(self, key: str) -> str:
        value = self.settings.get(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, "is missing" if value is None else "must be text")
        return value

    def only(self, *keys: str) -> None:
        for key in self.settings:
            if key not in ("connector", *keys):
                raise self.wrong(key, f"is not a setting; {', '.join(keys)} are")


def _embedded(table: _Table) -> Connector:
    table.only("path", "key_env")
    path = table.file.parent / table.text("path")
    variable = table.text("key_env")
    try:
        key = read_key(table.environ[variable])
    except KeyError:
        raise table.wrong("key_env", f"the environment has no {variable}") from None
    except ValueError as error:
        raise table.wrong("key_env", f"{variable} {error}") from None
    registry = EmbeddedRegistry(table.name, path, key)
    problem = registry.problem()
    if problem is not None:
        raise table.wrong("path", problem)
    return registry


_KINDS: Mapping[str, Callable[[_Table], Connector]] = {"embedded": _embedded}


def load(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Connector]:
    """The connectors named in the file, each looked at once. Raises ConfigurationError naming file, table and key."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(str(path), "", "", f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), "", "", f"is not TOML: {error}") from None
    if not document:
        raise ConfigurationError(str(path), "", "", "names no registry")
    return {name: _one(path, name, settings, environ) for name, settings in document.items()}


def _one(path: Path, name: str, settings: object, environ: Mapping[str, str]) -> Connector:
    if not isinstance(settings, dict):
        raise ConfigurationError(str(path), "", name, "must be a table of settings")
    table = _Table(path, name, settings, environ)
    kind = table.text("connector")
    if kind not in _KINDS:
        there = f"there {'is' if len(_KINDS) == 1 else 'are'}: {', '.join(_KINDS)}"
        raise table.wrong("connector", f'"{kind}" is not a connector; {there}')
    return _KINDS[kind](table)
