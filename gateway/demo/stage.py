"""Set the stage: a deployment of its own in a folder, sample registries, registered institutions, the server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from connectors import shelf
from connectors.base import Connector
from connectors.codes.table import shipped
from connectors.embedded import BuildReport, build, read_key
from gateway import audit, logs, setup, vault
from gateway.config import Config
from gateway.db import db
from gateway.demo.cast import Cast
from gateway.demo.server import HOST, Server
from gateway.demo.software import Software
from gateway.oauth.register import add_client, add_institution
from gateway.staff import people

_REGISTRIES = {"police": "people.csv", "health": "health.csv"}
_KEY_ENV = "SEALGATE_REGISTRY_KEY"
_SETTINGS = {
    "SEALGATE_PROOF": "particulars",
    "SEALGATE_RELEASE_HOLD": "PT6S",
    "SEALGATE_RELEASE_GRID": "PT2S",
    "SEALGATE_LOG_LEVEL": "info",
}
STEPS = 3 + len(_REGISTRIES)
"""How often `set_up` says that something is done."""

_ASKING = ("checks:write", "checks:read")
_DECIDING = ("reviews:decide",)


@dataclass(frozen=True)
class Stage:
    """Everything in place. `software` by institution."""

    issuer: str
    outbox: Path
    reading: str
    registries: Mapping[str, Connector]
    software: Mapping[str, Software]
    desk: Software
    seat: str
    """The address at which the viewer can take a seat at the desk."""
    server: Server

    def close(self) -> None:
        """Stop the server and let go of everything."""
        for client in (*self.software.values(), self.desk):
            client.close()
        self.server.stop()


def set_up(folder: Path, port: int, cast: Cast, told: Callable[[str], None]) -> Stage:
    """Make the folder a deployment and start its server; `told` hears what was done.

    Raises setup.SetupError when it is one already, NotStarted, ConfigError, ConnectorError, OSError.
    """
    issuer = f"http://{HOST}:{port}"
    outbox = folder / "outbox.ndjson"
    settings = setup.initialise(folder, "trial", issuer, _SETTINGS | {"SEALGATE_OUTBOX": f"file:{outbox.resolve()}"})
    config = Config.from_env(settings)
    told(f"A deployment with keys of its own in {folder}")
    for name, file in _REGISTRIES.items():
        report = _build(name, file, folder, settings)
        told(f"The {name} registry, built from {file}: made-up people: {report.people}, entries: {report.entries}")
    _name_registries(Path(settings["SEALGATE_REGISTRIES"]))
    registries = shelf.load(config.registries, settings)
    software, desk, link = _register(config, cast)
    told(f"{len(cast.institutions)} institutions and an adjudicators' desk, registered with their keys")
    seat = f"{issuer}/staff/enrol/{link}"
    stage = Stage(issuer, outbox, config.reading, registries, software, desk, seat, Server(folder, port))
    try:
        stage.server.start()
    except BaseException:
        stage.close()
        raise
    told(f"The server, on {issuer}")
    return stage


def _build(name: str, file: str, folder: Path, settings: Mapping[str, str]) -> BuildReport:
    with as_file(files("connectors.sample").joinpath(file)) as source:
        key = read_key(settings[_KEY_ENV])
        return build(source, folder / f"{name}.sqlite", key, shipped("cn-sample"), lambda done, total: None)


def _name_registries(path: Path) -> None:
    tables = (
        f'[{name}]\nconnector = "embedded"\npath = "{name}.sqlite"\nkey_env = "{_KEY_ENV}"\n' for name in _REGISTRIES
    )
    path.write_text("\n".join(tables), "utf-8")


def _register(config: Config, cast: Cast) -> tuple[dict[str, Software], Software, str]:
    """What the operator does with `sealgate institution add`, `client add` and `staff add`, before the server runs."""
    logs.setup("error")
    db.init(config.database_url)
    try:
        db.upgrade()
        vault.init(config.keks, config.index_key, config.key_file)
        audit.init(config.issuer)
        software = {
            each.id: _one(config, each.name, each.registration, each.policies, _ASKING) for each in cast.institutions
        }
        name, registration = cast.desk
        desk = _one(config, name, registration, (), _DECIDING, desk=True)
        with db.write() as session:
            _, link = people.add(session, "you", ("adjudicator",), (), "operator")
        return software, desk, link
    finally:
        db.close()


def _one(
    config: Config,
    name: str,
    registration: str,
    policies: tuple[str, ...],
    scopes: tuple[str, ...],
    *,
    desk: bool = False,
) -> Software:
    software = Software(config.issuer, " ".join(scopes))
    with db.write() as session:
        institution = add_institution(session, name, registration, "cn", policies)
        client, _ = add_client(session, institution, "the demonstration", software.jwks, scopes, desk=desk)
        software.registered(client.id)
    return software
