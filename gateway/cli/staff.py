"""The people who work at the deployment: let them in, list them, stop them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.words import AS_JSON, DATA, deployment, errors_told, fail, print_json, print_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from gateway.staff.models import Staff

_ROLES = ("regulator", "approver", "adjudicator", "auditor")


@click.group()
def staff() -> None:
    """The people who work here: regulators, approvers, adjudicators, auditors."""


@staff.command("add")
@click.argument("login", metavar="LOGIN")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(_ROLES), help="May be repeated.")
@click.option("--jurisdiction", "jurisdictions", multiple=True, help="Such as cn; may be repeated. Default: every one.")
@DATA
@AS_JSON
@errors_told
def staff_add(
    login: str, roles: tuple[str, ...], jurisdictions: tuple[str, ...], data: Path | None, as_json: bool
) -> None:
    """Let somebody work here under the name LOGIN; prints their id, and a link to give to them. It works once."""
    from gateway.db import db
    from gateway.staff import people

    with deployment(data) as config, db.write() as session:
        added, link = people.add(session, login, roles, jurisdictions, "operator")
    _show_link(added.id, config.issuer, link, as_json)


@staff.command("list")
@DATA
@AS_JSON
@errors_told
def staff_list(data: Path | None, as_json: bool) -> None:
    """Everybody who works or has worked here, with their state, roles and jurisdictions."""
    from sqlalchemy import select

    from gateway.db import db
    from gateway.staff import people
    from gateway.staff.models import Staff

    with deployment(data), db.read() as session:
        rows: list[dict[str, Any]] = [
            {
                "staff": one.id,
                "login": people.login_of(session, one.id),
                "state": people.state_of(one),
                "roles": one.roles,
                "jurisdictions": one.jurisdictions,
            }
            for one in session.scalars(select(Staff).order_by(Staff.created_at, Staff.id))
        ]
    if as_json:
        print_json(rows)
        return
    head = ["staff", "login", "state", "roles", "jurisdictions"]
    print_table(head, [[_text(row[name]) for name in head] for row in rows])


@staff.command("revoke")
@click.argument("who", metavar="LOGIN|ID")
@DATA
@AS_JSON
@errors_told
def staff_revoke(who: str, data: Path | None, as_json: bool) -> None:
    """Let somebody in no more, from this moment on and for good. What they have decided stays."""
    from gateway.db import db
    from gateway.staff import people

    with deployment(data), db.write() as session:
        found = _find(session, who)
        people.revoke(session, found, "operator")
    print_json({"staff": found.id, "state": "revoked"}) if as_json else click.echo(f"{found.id} is revoked")


@staff.command("reset")
@click.argument("who", metavar="LOGIN|ID")
@DATA
@AS_JSON
@errors_told
def staff_reset(who: str, data: Path | None, as_json: bool) -> None:
    """Take somebody's password, second factor and sessions away; prints a new link, as `add` does."""
    from gateway.db import db
    from gateway.staff import people

    with deployment(data) as config, db.write() as session:
        found = _find(session, who)
        link = people.reset(session, found, "operator")
    _show_link(found.id, config.issuer, link, as_json)


def _find(session: "Session", who: str) -> "Staff":
    from gateway.staff import people

    found = people.named(session, who)
    if found is None:
        fail(f"nobody called {who} works here; see `sealgate staff list`")
    return found


def _show_link(staff_id: str, issuer: str, link: str, as_json: bool) -> None:
    url = f"{issuer}/staff/enrol/{link}"
    if as_json:
        print_json({"staff": staff_id, "link": url})
        return
    click.echo(staff_id)
    click.echo(f"for {staff_id} to enrol, once, within a day: {url}", err=True)


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value) or "-"
