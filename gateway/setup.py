"""A new deployment: a folder with generated keys and a settings file, and how that file is read again.

The settings file holds secrets; it is for the owner's eyes alone (mode 0600). What the environment says goes
before what the file says.
"""

import base64
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from gateway import clock
from gateway.vault import keks, keyfile

SETTINGS = "sealgate.env"
REGISTRIES = "registries.toml"
KEYS = "sealgate.keys"

_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")

_REGISTRIES_TEXT = """\
# The record registries of this deployment, each under the name that policies call it by.
# [police]
# connector = "embedded"
# path = "police.sqlite"                  # built by: sealgate registry build
# key_env = "SEALGATE_REGISTRY_KEY"
# title = { en = "the police of Example", zh = "…" }    # who keeps it, for the people whose records it has
# correction = { en = "Write to …", zh = "…" }           # how they have a record corrected
"""


class SetupError(Exception):
    """A folder or settings file that cannot be used; the message says which and why."""


def new_key() -> str:
    """A fresh 32-byte key in the form that the configuration reads."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def new_key_file(path: Path) -> None:
    """Write a key file: a standing key, and the keys of this month and the next. Raises SetupError if it is there."""
    month = keks.month(clock.now())
    try:
        keyfile.create(path, [keyfile.new("kek", one) for one in ("standing-1", month, keks.following(month))])
    except OSError as error:
        raise SetupError(f"{path} cannot be made: {error.strerror}") from None


def initialise(folder: Path, mode: str, issuer: str, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make `folder` a deployment: fresh keys, a settings file, an empty list of registries. Returns the settings.

    `settings` are further SEALGATE_… variables. Nothing that exists is overwritten: raises SetupError.
    """
    file = folder / SETTINGS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = folder.resolve()
    values = {
        "SEALGATE_MODE": mode,
        "SEALGATE_ISSUER": issuer.rstrip("/"),
        "SEALGATE_DATA": str(folder),
        "SEALGATE_SECRET_KEY": secrets.token_urlsafe(48),
        "SEALGATE_KEY_FILE": str(folder / KEYS),
        "SEALGATE_INDEX_KEY": new_key(),
        "SEALGATE_REGISTRIES": str(folder / REGISTRIES),
        "SEALGATE_REGISTRY_KEY": new_key(),
        "SEALGATE_OUTBOX": f"file:{folder / 'outbox'}",
        **(settings or {}),
    }
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SetupError(f"{file} is there already; its keys would be lost") from None
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.writelines(f"{name}={value}\n" for name, value in values.items())
    new_key_file(folder / KEYS)
    registries = folder / REGISTRIES
    if not registries.exists():
        registries.write_text(_REGISTRIES_TEXT, "utf-8")
    return values


def read_settings(file: Path) -> dict[str, str]:
    """Read a settings file: NAME=value lines, blank lines and # comments. Raises SetupError naming the line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{file} cannot be read: {type(error).__name__}") from None
    values: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise SetupError(f"{file}, line {number}: must be NAME=value")
        values[match[1]] = match[2]
    return values
