"""The registries of a deployment, from `registries.toml`: one table per registry, called as the policies call it.

[police]
connector = "embedded"
path = "police.sqlite"            # beside this file, unless absolute
key_env = "SEALGATE_REGISTRY_KEY" # the variable that holds the key, 32 bytes in base64url
title = { en = "the police of Example", zh = "…" }            # for the people whose records it keeps; may be left out
correction = { en = "Write to …, with …", zh = "…" }          # how they have a record put right; may be left out
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.base import ConfigurationError, Connector
from connectors.embedded import EmbeddedRegistry, read_key

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Holder:
    """Who keeps a registry, in words for the people whose records are in it, by language; empty where nobody said."""

    title: Mapping[str, str]
    correction: Mapping[str, str]


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
            if key not in ("connector", *_TOLD, *keys):
                raise self.wrong(key, f"is not a setting; {', '.join(keys)} are")

    def told(self, key: str) -> Mapping[str, str]:
        words = self.settings.get(key, {})
        said = isinstance(words, dict) and all(isinstance(text, str) and text for text in words.values())
        if not said or (words and set(words) != set(LANGUAGES)):
            raise self.wrong(key, f"must be a table of texts for {' and '.join(LANGUAGES)}")
        return dict(words)


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


_TOLD = ("title", "correction")
_KINDS: Mapping[str, Callable[[_Table], Connector]] = {"embedded": _embedded}


def load(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Connector]:
    """The connectors named in the file, each looked at once. Raises ConfigurationError naming file, table and key."""
    document = _read(path)
    if not document:
        raise ConfigurationError(str(path), "", "", "names no registry")
    return {name: _one(_table(path, name, settings, environ)) for name, settings in document.items()}


def holders(path: Path) -> dict[str, Holder]:
    """Who keeps each registry of the file. Raises ConfigurationError naming file, table and key."""
    tables = [_table(path, name, settings, {}) for name, settings in _read(path).items()]
    return {table.name: Holder(table.told("title"), table.told("correction")) for table in tables}


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(str(path), "", "", f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), "", "", f"is not TOML: {error}") from None


def _table(path: Path, name: str, settings: object, environ: Mapping[str, str]) -> _Table:
    if not isinstance(settings, dict):
        raise ConfigurationError(str(path), "", name, "must be a table of settings")
    return _Table(path, name, settings, environ)


def _one(table: _Table) -> Connector:
    kind = table.text("connector")
    if kind not in _KINDS:
        there = f"there {'is' if len(_KINDS) == 1 else 'are'}: {', '.join(_KINDS)}"
        raise table.wrong("connector", f'"{kind}" is not a connector; {there}')
    return _KINDS[kind](table)
