"""A deployment: make one, serve it, register who may ask, build a registry, verify the log."""

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from gateway.cli.words import AS_JSON, DATA, deployment, errors_told, fail, print_json, use_deployment, use_settings


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End after the table instead of staying up.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1. Default: a free one.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the demo's data in this folder.")
@AS_JSON
def demo(leave: bool, port: int | None, data: Path | None, as_json: bool) -> None:
    """Show the whole thing on this machine, with made-up people, in under a minute."""
    from gateway.demo import command

    sys.exit(command.run(data, port, leave=leave, as_json=as_json))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--mode", type=click.Choice(["live", "trial"]), default="live", help="Trial: for tests; no real people.")
@click.option("--issuer", required=True, help="The public base URL, such as https://gate.example.")
@errors_told
def init(folder: Path, mode: str, issuer: str) -> None:
    """Make FOLDER a deployment: fresh keys, a settings file, an empty list of registries."""
    from gateway import setup
    from gateway.config import forms

    try:
        forms.url(issuer)
    except forms.Wrong as error:
        fail(f"--issuer {error}")
    if mode == "live" and not issuer.startswith("https://"):
        fail("--issuer must begin with https:// in live mode")
    setup.initialise(folder, mode, issuer, {"SEALGATE_PROOF": "particulars"} if mode == "trial" else None)
    click.echo(
        f"Wrote {folder / setup.SETTINGS} (settings and secrets) and {folder / setup.KEYS} (the keys of the data)."
    )
    click.echo("Keep both private, and a copy of each: without them the data cannot be read.")
    click.echo(f"Next: name your registries in {folder / setup.REGISTRIES}, then: sealgate serve --data {folder}")
    click.echo(f"`sealgate doctor --data {folder}` says what is missing.")


@click.command()
@DATA
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8400, show_default=True)
@errors_told
def serve(data: Path | None, host: str, port: int) -> None:
    """Serve the gateway until SIGTERM or Ctrl-C. On SQLite it does the durable work too, on PostgreSQL workers do."""
    from gateway import serve as server

    use_deployment(data)
    server.run(host, port)


@click.command()
@DATA
@errors_told
def worker(data: Path | None) -> None:
    """Do the work of a deployment on PostgreSQL until SIGTERM or Ctrl-C; start as many as you like, anywhere."""
    from gateway import worker as labour

    use_deployment(data)
    labour.run()


@click.group()
def institution() -> None:
    """The organisations that may ask."""


@institution.command("add")
@click.argument("name")
@click.option("--registration", required=True, help="Its number in the register of its jurisdiction.")
@click.option("--jurisdiction", required=True, help="Such as cn.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    required=True,
    help="cn/kindergarten, or cn/kindergarten:teacher; may be repeated.",
)
@DATA
@AS_JSON
@errors_told
def institution_add(
    name: str, registration: str, jurisdiction: str, policies: tuple[str, ...], data: Path | None, as_json: bool
) -> None:
    """Register the institution NAME for policies; prints its id."""
    from gateway.db import db
    from gateway.oauth.register import add_institution
    from policies.library import Library

    library = Library.shipped()
    for one in policies:
        policy_id, _, role = one.partition(":")
        if policy_id not in library.policies():
            fail(f'--policy "{one}": there is no such policy; there are {", ".join(library.policies())}')
        roles = library.policy_versions[policy_id][-1].roles
        if role not in (*roles, "", "*"):
            fail(f'--policy "{one}": there is no such role; {policy_id} has {", ".join(roles)}')
    with deployment(data), db.write() as session:
        added = add_institution(session, name, registration, jurisdiction, policies)
        answer = {"institution": added.id, "policies": added.policies}
    print_json(answer) if as_json else click.echo(answer["institution"])


@click.group()
def client() -> None:
    """The software of institutions: OAuth clients."""


@client.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def client_key(file: Path) -> None:
    """Make a key pair: the private key goes into FILE (PEM), the public key set (JWKS) is printed."""
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        fail(f"{file}: cannot be made: {error.strerror}")
    with os.fdopen(handle, "wb") as out:
        out.write(key.as_pem(private=True))
    print_json({"keys": [key.as_dict(private=False)]})


@client.command("add")
@click.option("--institution", "institution_id", required=True, help="The id that `institution add` printed.")
@click.option("--name", required=True, help="What the software is called.")
@click.option("--jwks", type=click.File("rb"), help="Its public keys (JWKS); without it a secret is made, shown once.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("checks:write", "checks:read"),
    show_default=True,
    help="May be repeated.",
)
@DATA
@AS_JSON
@errors_told
def client_add(
    institution_id: str,
    name: str,
    jwks: BinaryIO | None,
    scopes: tuple[str, ...],
    data: Path | None,
    as_json: bool,
) -> None:
    """Register a client of an institution; prints its id, and its secret where it has one."""
    from gateway.db import db
    from gateway.oauth.models import Institution
    from gateway.oauth.register import add_client

    keys = _read_keys(jwks)
    with deployment(data), db.write() as session:
        owner = session.get(Institution, institution_id)
        if owner is None:
            fail(f"--institution {institution_id}: there is no such institution")
        added, secret = add_client(session, owner, name, keys, scopes)
    _show_client(added.id, secret, as_json)


def _show_client(client_id: str, secret: str | None, as_json: bool) -> None:
    if as_json:
        print_json({"client_id": client_id, **({"client_secret": secret} if secret else {})})
        return
    click.echo(client_id)
    if secret:
        click.echo(f"client secret, shown this once: {secret}", err=True)


def _read_keys(jwks: BinaryIO | None) -> Any:
    try:
        return json.load(jwks) if jwks else None
    except ValueError:
        fail("--jwks: is not JSON")


@click.group()
def desk() -> None:
    """The adjudicators, who settle what the records leave open."""


@desk.command("add")
@click.argument("name")
@click.option("--jwks", type=click.File("rb"), help="Public keys (JWKS) of their tool; without it a secret is made.")
@click.option("--jurisdiction", default="cn", show_default=True)
@DATA
@AS_JSON
@errors_told
def desk_add(name: str, jwks: BinaryIO | None, jurisdiction: str, data: Path | None, as_json: bool) -> None:
    """Register a desk called NAME; prints the id of its client. Refusals and unclear checks wait for one."""
    from gateway.db import db
    from gateway.oauth.register import add_client, add_institution

    keys = _read_keys(jwks)
    with deployment(data), db.write() as session:
        owner = add_institution(session, name, f"desk {name}", jurisdiction, ())
        added, secret = add_client(session, owner, name, keys, ("reviews:decide",), desk=True)
    _show_client(added.id, secret, as_json)


@click.group()
def registry() -> None:
    """The embedded record registry: a file, built from what a record holder exports."""


@registry.command("build")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--codes", required=True, help="A code table: the name of a shipped one, or a TOML file.")
@click.option("--key-env", default="SEALGATE_REGISTRY_KEY", show_default=True, help="Variable that holds the key.")
@click.option("--rejected", type=click.Path(path_type=Path), help="Leave bad lines out and write them to this file.")
@DATA
@AS_JSON
@errors_told
def registry_build(
    source: Path, target: Path, codes: str, key_env: str, rejected: Path | None, data: Path | None, as_json: bool
) -> None:
    """Build the registry file TARGET from SOURCE (.csv or .ndjson). The old file stays until the new one is whole."""
    from rich.console import Console
    from rich.progress import Progress

    from connectors.codes import table
    from connectors.embedded import build, read_key

    use_settings(data)
    try:
        key = read_key(os.environ.get(key_env, ""))
    except ValueError as error:
        fail(f"{key_env} {error}")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("building", total=None)
        report = build(
            source,
            target,
            key,
            table.read(Path(codes)) if codes.endswith(".toml") else table.shipped(codes),
            lambda done, total: bar.update(task, completed=done, total=total),
            rejected,
        )
    if as_json:
        print_json(report.as_json())
        return
    click.echo(
        f"{report.people} people, {report.entries} entries, {report.bytes} bytes, {report.seconds} s; "
        f"{report.rejected} lines left out"
    )
    for unknown in report.unknown:
        click.echo(f"  not in the code table: {unknown}")
    for identifier in report.not_valid:
        click.echo(f"  {identifier}")


@click.group()
def audit() -> None:
    """The append-only log."""


@audit.command("verify")
@DATA
@AS_JSON
@errors_told
def audit_verify(data: Path | None, as_json: bool) -> None:
    """Recompute the whole log and name the first entry that does not fit. Exit status 1 if one does not."""
    from gateway import audit as log
    from gateway.db import db

    with deployment(data), db.read() as session:
        found = log.verify(session)
    if as_json:
        print_json(
            {
                "ok": found.ok,
                "size": found.size,
                "root": found.root.hex(),
                "first_bad": str(found.first_bad or "") or None,
            }
        )
    else:
        fits = "all fit" if found.size else "the log is empty: is this the database that you mean?"
        click.echo(f"{found.size} entries, {fits if found.ok else f'the first that does not fit: {found.first_bad}'}")
    sys.exit(0 if found.ok else 1)
