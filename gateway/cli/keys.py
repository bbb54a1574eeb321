"""The keys of a deployment: see them, make them, change them, destroy them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.words import AS_JSON, DATA, deployment, errors_told, fail, print_json, print_table

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.retention.rotate import Progress, Rotated


@click.group()
def keys() -> None:
    """The keys that wrap the keys of personal data, one for each month, and the key of the blind index."""


@keys.command("init")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@errors_told
def keys_init(file: Path) -> None:
    """Write a key file FILE for a deployment that had its keys in SEALGATE_KEKS; name it in SEALGATE_KEY_FILE."""
    from gateway import setup

    setup.new_key_file(file)
    click.echo(
        f"Wrote {file}. Next: SEALGATE_KEY_FILE={file.resolve()}, keep SEALGATE_KEKS, start, `sealgate keys rotate`"
    )


@keys.command("list")
@DATA
@AS_JSON
@errors_told
def keys_list(data: Path | None, as_json: bool) -> None:
    """Every key with its state, what is under it, and when it goes."""
    from gateway.retention.listed import listed

    with deployment(data, keys_fit=False):
        rows = [key.as_json() for key in listed()]
    if as_json:
        print_json(rows)
        return
    head = ["key", "use", "state", "data keys under it", "is destroyed on"]
    print_table(head, [[str(row[name]) if row[name] is not None else "-" for name in row] for row in rows])


@keys.command("add")
@click.argument("periods", nargs=-1, metavar="[YYYY-MM]...")
@click.option("--next", "waits", is_flag=True, help="The keys of the next rotation, known but not used yet.")
@click.option("--next-index", is_flag=True, help="The next key of the blind index, known but not used yet.")
@DATA
@AS_JSON
@errors_told
def keys_add(periods: tuple[str, ...], waits: bool, next_index: bool, data: Path | None, as_json: bool) -> None:
    """Make the keys of months; without one named, of this month and the next."""
    from gateway import clock
    from gateway.retention import keys as room
    from gateway.retention import reindex, rotate
    from gateway.vault import keks

    for period in periods:
        if keks.period_of(period) != period:
            fail(f"{period}: must be a month such as 2027-01")
    this = keks.month(clock.now())
    with deployment(data) as config:
        if waits or next_index:
            added = (rotate.add_waiting() if waits else []) + ([f"index {reindex.add_waiting()}"] if next_index else [])
        else:
            added = room.add(*(periods or (this, keks.following(this))))
    print_json(added) if as_json else click.echo("\n".join(added) or "there is nothing to add")
    if added:
        _say_copy(config)


CLOCK = click.option("--clock-is-right", is_flag=True, help="You have looked: it is as late as this machine says.")


def _insist(clock_is_right: bool) -> None:
    from gateway import belief, clock

    if clock_is_right:
        belief.believe()
    elif not belief.believed():
        fail(
            f"it is {clock.now():%Y-%m-%d %H:%M} UTC here, which does not fit the time that was seen last; nothing is "
            "destroyed for a day. If the clock is right: --clock-is-right"
        )


@keys.command("destroy")
@click.argument("key_id", metavar="KEY")
@click.option("--lost", is_flag=True, help="KEY is lost for good: shred what is under it.")
@click.option("--now", is_flag=True, help="KEY may have leaked: give up the backups of before its rotation.")
@CLOCK
@DATA
@AS_JSON
@errors_told
def keys_destroy(key_id: str, lost: bool, now: bool, clock_is_right: bool, data: Path | None, as_json: bool) -> None:
    """Destroy KEY before its time, if all that it wraps here is due or gone. Backups that hold data under it can no
    longer be read; after a rotation they may be wanted until the day that `sealgate keys list` says."""
    from gateway.retention import keys as room

    with deployment(data, keys_fit=not lost):
        shredded = room.give_up(key_id) if lost else 0
        if not lost:
            _insist(clock_is_right)
            room.destroy(key_id, at_once=now)
    if as_json:
        print_json({"destroyed": key_id, "shredded": shredded})
    else:
        click.echo(f"{key_id} is destroyed" + (f"; {shredded} owners of data were shredded" if lost else ""))


@keys.command("turn")
@CLOCK
@DATA
@AS_JSON
@errors_told
def keys_turn(clock_is_right: bool, data: Path | None, as_json: bool) -> None:
    """Do what the server does every hour: make keys that are wanted, shred what is due, destroy what is over."""
    from gateway import retention

    with deployment(data):
        _insist(clock_is_right)
        done = retention.turn()
    if as_json:
        print_json({"added": done.added, "moved": done.moved, "destroyed": done.destroyed})
    else:
        click.echo(
            f"added: {', '.join(done.added) or 'none'}; destroyed: {', '.join(done.destroyed) or 'none'}; "
            f"{done.moved} data keys moved"
        )


@keys.command("rotate")
@click.option("--index", is_flag=True, help="The key of the blind index instead of those that wrap.")
@DATA
@AS_JSON
@errors_told
def keys_rotate(index: bool, data: Path | None, as_json: bool) -> None:
    """Put new keys in the place of those in use, while the gateway runs. Interrupted, the next call goes on."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    from gateway.retention import reindex, rotate

    with deployment(data) as config, Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rotating", total=None)
        told: Progress = lambda done, total: bar.update(task, completed=done, total=total)  # noqa: E731
        done = reindex.rotate_index(told) if index else rotate.rotate_keks(told)
    _show(done, "stored indexes were made anew" if index else "data keys were wrapped anew", as_json)
    _say_copy(config)


@keys.command("rotate-receipts")
@click.option("--leaked", is_flag=True, help="The present key may have leaked: what it signed is not ours any more.")
@DATA
@AS_JSON
@errors_told
def keys_rotate_receipts(leaked: bool, data: Path | None, as_json: bool) -> None:
    """Let the next key sign consent receipts. Those that were signed before still verify, unless their key leaked."""
    from gateway.db import db
    from gateway.oauth import receipt_keys, signing

    with deployment(data), db.write() as session:
        try:
            kid = receipt_keys.rotate(session, at_once=leaked)
        except signing.TooSoon as error:
            fail(str(error))
    print_json({"current": kid}) if as_json else click.echo(f"{kid} signs receipts from now on")


def _say_copy(config: "Config") -> None:
    """Where there may be other machines, say what they need now."""
    if not config.embedded and config.key_file is not None:
        click.echo(f"Other machines? Copy {config.key_file} to them now, and rename it into its place.", err=True)


def _show(done: "Rotated", what: str, as_json: bool) -> None:
    if as_json:
        print_json(
            {"resumed": done.resumed, "current": list(done.current), "moved": done.moved, "damaged": done.damaged}
        )
        return
    click.echo(("Went on with a rotation that was begun. " if done.resumed else "") + f"{done.moved} {what}.")
    click.echo(f"In use: {', '.join(done.current)}")
    if done.damaged:
        click.echo(f"{done.damaged} data keys do not open and stay where they are: they were changed", err=True)
