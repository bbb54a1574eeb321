"""The gateway's configuration: read once from the environment, complete or not at all.

`Config.from_env` lists everything that is missing or wrong in one go. A live deployment is held to more
than a trial: people prove who they are at a provider, the public URL is https, and the release times of
the policies stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gateway.config import forms
from gateway.config.variables import VARIABLES, Variable

__all__ = ["Config", "ConfigError", "Variable"]

_PREFIX = "SEALGATE_"
KEYS_LAST = timedelta(days=31)
"""How long a key-encryption key is used for what begins: the longest calendar month."""

WAY = timedelta(days=20)
"""How long a check usually takes at most from request to answer: consent is waited for 14 days, then comes the hold."""

_FREE_PREFIX = "SEALGATE_REGISTRY_"  # for the keys that registries.toml names by `key_env`


class ConfigError(Exception):
    """The environment does not make a configuration; `problems` has one line for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the configuration is not complete:\n" + "\n".join(f"  {line}" for line in problems))
        self.problems = problems


@dataclass(frozen=True)
class Config:
    """What this deployment is told. Values are already in their types; secrets are not in `repr`."""

    mode: str
    issuer: str
    data: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    keks: Mapping[str, bytes] = field(repr=False)
    key_file: Path | None
    index_key: bytes = field(repr=False)
    shred_term: timedelta
    backup_term: timedelta
    metadata_term: timedelta
    registries: Path
    outbox: str = field(repr=False)
    proof: str
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret: str | None = field(repr=False)
    oidc_assurance: str | None
    oidc_claims: Mapping[str, str]
    code_assurance: str
    contact_term: timedelta
    reading: str
    release_hold: timedelta | None
    release_grid: timedelta | None
    log_level: str
    metrics: tuple[str, int] | None
    proxies: int
    processes: int
    threads: int
    rate: int
    queue: int
    max_body: int

    @property
    def live(self) -> bool:
        """Whether this deployment answers about real people."""
        return self.mode == "live"

    @property
    def embedded(self) -> bool:
        """Whether the database is a file, with which one process serves and works."""
        return self.database_url.startswith("sqlite:")

    @property
    def keep_term(self) -> timedelta:
        """How long after its end a check's personal data is kept: the shred term without what backups outlive it by.

        A key of a period goes when all that began in it is over for this long; a copy of the key file lives on for the
        backup term. What begins on the first of a month, and ends at once, is so gone within the shred term.
        """
        return self.shred_term - self.backup_term - KEYS_LAST - WAY

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read the configuration from environment variables.

        Raises ConfigError naming every variable that is missing, wrong or misspelt, with what would be right.
        """
        values: dict[str, Any] = {}
        problems = _misspelt(environ)
        for variable in VARIABLES:
            try:
                values[variable.attribute] = _read(variable, environ)
            except forms.Wrong as wrong:
                problems.append(f"{variable.name} {wrong}")
        problems += _contradictions(values)
        if problems:
            raise ConfigError(problems)
        if values["database_url"] is None:
            values["database_url"] = f"sqlite:///{values['data'] / 'sealgate.sqlite'}"
        values["keks"] = values["keks"] or {}
        return cls(**values)

    @staticmethod
    def reference() -> tuple[Variable, ...]:
        """Every variable with its meaning, default and an example, for the manual."""
        return VARIABLES


def _read(variable: Variable, environ: Mapping[str, str]) -> object:
    text = environ.get(variable.name, "").strip() or variable.default
    if text is not None:
        return variable.read(text)
    if variable.required:
        raise forms.Wrong(f"is missing: {variable.what}, for example {variable.example}")
    return None


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    known = [variable.name for variable in VARIABLES]
    found = []
    for name in sorted(environ):
        if not name.startswith(_PREFIX) or name.startswith(_FREE_PREFIX) or name in known:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0.8)
        if near:
            found.append(f"{name} is not a variable of Sealgate; {near[0]} is")
    return found


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    """What is wrong between values that are each well formed; absent ones are reported already."""
    found = []
    if values.get("proof") == "oidc":
        found += [
            f"SEALGATE_OIDC_{name} is missing: SEALGATE_PROOF is oidc"
            for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "ASSURANCE")
            if values.get(f"oidc_{name.lower()}", "wrong") is None
        ]
        levels = ("low", "substantial", "high")
        if levels.index(values.get("code_assurance") or "low") > levels.index(values.get("oidc_assurance") or "high"):
            found.append("SEALGATE_CODE_ASSURANCE must not be higher than SEALGATE_OIDC_ASSURANCE, which it rests on")
    found += _key_faults(values)
    if values.get("index_key") in (values.get("keks") or {}).values():
        found.append("SEALGATE_INDEX_KEY must be another key than those in SEALGATE_KEKS")
    if values.get("release_grid") == timedelta(0):
        found.append("SEALGATE_RELEASE_GRID must be longer than nothing")
    in_a_file = str(values.get("database_url") or "sqlite:").startswith("sqlite:")
    if in_a_file and (values.get("processes") or 1) > 1:
        found.append("SEALGATE_PROCESSES must be 1 unless SEALGATE_DATABASE_URL is postgresql://…")
    if values.get("metrics") and find_spec("prometheus_client") is None:
        found.append("SEALGATE_METRICS needs the extra: pip install 'sealgate[metrics]', or leave it out")
    if values.get("mode") == "live":
        found += _refused_when_live(values)
    return found


def _key_faults(values: Mapping[str, Any]) -> list[str]:
    found = []
    if values.get("keks", "wrong") is None and values.get("key_file", "wrong") is None:
        found.append("SEALGATE_KEY_FILE is missing, or SEALGATE_KEKS: the keys that wrap the keys of personal data")
    shred, backup = values.get("shred_term"), values.get("backup_term")
    least = KEYS_LAST + WAY + timedelta(days=1)
    if shred is not None and backup is not None and shred < backup + least:
        found.append(
            f"SEALGATE_SHRED_TERM must be at least {least.days} days longer than SEALGATE_BACKUP_TERM: a copy of the "
            "keys outlives them by the backup term, a key lasts a month, and a check takes its time"
        )
    if shred is not None and values.get("metadata_term", shred) < shred:
        found.append("SEALGATE_METADATA_TERM must not be shorter than SEALGATE_SHRED_TERM")
    return found


def _refused_when_live(values: Mapping[str, Any]) -> list[str]:
    found = []
    if values.get("proof") == "particulars":
        found.append("SEALGATE_PROOF must be oidc in live mode: particulars prove nothing about who is there")
    if str(values.get("issuer", "https:")).startswith("http:"):
        found.append("SEALGATE_ISSUER must begin with https:// in live mode")
    if str(values.get("oidc_issuer", "https:")).startswith("http:"):
        found.append("SEALGATE_OIDC_ISSUER must begin with https:// in live mode")
    found += [
        f"SEALGATE_RELEASE_{name} must not be set in live mode: the policy's release times stand"
        for name in ("HOLD", "GRID")
        if values.get(f"release_{name.lower()}") is not None
    ]
    return found
