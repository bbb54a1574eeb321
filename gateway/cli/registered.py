"""Who may ask: list them, and stop one. Being stopped works from the next request on."""

from pathlib import Path

import click

from gateway.cli.deployment import client, institution
from gateway.cli.words import AS_JSON, DATA, deployment, errors_told, fail, print_json, print_table

__all__ = ["client", "institution"]


@institution.command("list")
@DATA
@AS_JSON
@errors_told
def institution_list(data: Path | None, as_json: bool) -> None:
    """Every institution and desk with its state, its name and what it is registered for."""
    from sqlalchemy import select

    from gateway.db import db
    from gateway.oauth.models import Institution

    with deployment(data), db.read() as session:
        rows = [
            {
                "institution": one.id,
                "state": "active" if one.suspended_at is None else "suspended",
                "name": one.name,
                "policies": one.policies,
            }
            for one in session.scalars(select(Institution).order_by(Institution.created_at, Institution.id))
        ]
    if as_json:
        print_json(rows)
        return
    print_table(list(rows[0]) if rows else ["institution"], [[*map(_text, row.values())] for row in rows])


@institution.command("suspend")
@click.argument("institution_id", metavar="INSTITUTION")
@DATA
@errors_told
def institution_suspend(institution_id: str, data: Path | None) -> None:
    """Stop INSTITUTION: all its clients and all their tokens. What it has asked goes its way."""
    from gateway.db import db
    from gateway.oauth import register
    from gateway.oauth.models import Institution

    with deployment(data), db.write() as session:
        found = session.get(Institution, institution_id)
        if found is None:
            fail(f"there is no institution {institution_id}; see `sealgate institution list`")
        register.suspend(session, found, "operator")
    click.echo(f"{institution_id} is suspended")


@client.command("list")
@DATA
@AS_JSON
@errors_told
def client_list(data: Path | None, as_json: bool) -> None:
    """Every client with its state, its institution, how it proves who it is, and its scopes."""
    from sqlalchemy import select

    from gateway.db import db
    from gateway.oauth.models import Client

    with deployment(data), db.read() as session:
        rows = [
            {
                "client": one.id,
                "state": "active" if one.revoked_at is None else "revoked",
                "institution": one.institution_id,
                "name": one.name,
                "auth": one.auth,
                "scopes": one.scopes,
            }
            for one in session.scalars(select(Client).order_by(Client.created_at, Client.id))
        ]
    if as_json:
        print_json(rows)
        return
    print_table(list(rows[0]) if rows else ["client"], [[*map(_text, row.values())] for row in rows])


@client.command("revoke")
@click.argument("client_id", metavar="CLIENT")
@DATA
@errors_told
def client_revoke(client_id: str, data: Path | None) -> None:
    """Stop CLIENT and its tokens for good: when its key may be in other hands. Then add another."""
    from gateway.db import db
    from gateway.oauth import register
    from gateway.oauth.models import Client

    with deployment(data), db.write() as session:
        found = session.get(Client, client_id)
        if found is None:
            fail(f"there is no client {client_id}; see `sealgate client list`")
        register.revoke(session, found, "operator")
    click.echo(f"{client_id} is revoked")


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)
