"""The `sealgate` command. Each command is a few lines: read the arguments, call a room, print, set the exit status.

Imports stand inside the commands: it alone is allowed to, so that `sealgate seal` does not load a web server.
Exit status: 0 done, 1 something is wrong with what was looked at, 2 bad input or configuration.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
FOLDER = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SEALGATE_DATA",
    help="The deployment's folder, as made by `sealgate init`. Default: $SEALGATE_DATA.",
)


def fail(message: str) -> NoReturn:
    """End with exit status 2 and one line on standard error."""
    click.echo(f"sealgate: {message}", err=True)
    sys.exit(2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sealgate", message="sealgate %(version)s")
def main() -> None:
    """Sealgate: a background-check gateway that answers yes or no and keeps what is sealed sealed."""


# --- the law, offline ------------------------------------------------------------------------------------------


def _read_record(file: str) -> Any:
    from policies.model import RecordError, read_record

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        return read_record(json.loads(text, object_pairs_hook=_once))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file}: cannot be read ({type(error).__name__})")
    except json.JSONDecodeError as error:
        fail(f"{file}: line {error.lineno}, column {error.colno}: is not JSON: {error.msg}")
    except RecursionError:
        fail(f"{file}: is nested too deeply")
    except (RecordError, _TwiceError) as error:
        fail(f"{file}: {error}")


class _TwiceError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(f"{next(name for name in names if names.count(name) > 1)}: stands twice in one object")
    return found


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date:
    if value is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("must be a day such as 2026-06-01") from None


AS_OF = click.option("--as-of", "day", callback=_day, metavar="DAY", help="The day asked about. Default: today.")


@main.command()
@click.option("--regime", required=True, help="A law of sealing, such as cn or gb-eaw.")
@AS_OF
@AS_JSON
@click.argument("file")
def seal(regime: str, day: date, as_json: bool, file: str) -> None:
    """Seal levels and dates of the entries in FILE (the record format; - for standard input)."""
    from policies.answers import seal_row
    from policies.library import Library, NothingInForce
    from policies.sealing import seal as seal_entries

    record = _read_record(file)
    try:
        law = Library.shipped().regime(regime, day)
    except NothingInForce as error:
        fail(str(error))
    for number, entry in enumerate(record.entries):
        if entry.jurisdiction != law.jurisdiction:
            fail(f'{file}: entries[{number}].jurisdiction: "{entry.jurisdiction}" is not judged by the regime {regime}')
    rows = [seal_row(one) for one in seal_entries(record.entries, {law.jurisdiction: law}, day, record.born)]
    if as_json:
        _print_json(rows)
        return
    _print_table(
        ["entry", "level", "since", "until", "rule", "citation"],
        [
            [
                row["ref"] or str(number),
                row["level"] or " to ".join(row["between"]) + "?",
                row["since"] or "-",
                row["until"] or "-",
                row["rule"] or "-",
                row["cite"] or "-",
            ]
            for number, row in enumerate(rows, 1)
        ],
    )


@main.command()
@click.option("--policy", "policy_id", required=True, help="An industry policy, such as cn/kindergarten.")
@click.option("--role", required=True, help="A role of that policy, such as teacher.")
@AS_OF
@click.option("--reading", type=click.Choice(["strict", "broad"]), default="strict", help="How the law is read.")
@AS_JSON
@click.argument("file")
def decide(policy_id: str, role: str, day: date, reading: str, as_json: bool, file: str) -> None:
    """Outcome and reasons for the record in FILE (- for standard input). Names sealed matters: offline use only."""
    from policies.answers import decision
    from policies.evaluator import adjudicate
    from policies.library import Library, NothingInForce
    from policies.model import Report

    record = _read_record(file)
    library = Library.shipped()
    try:
        policy = library.policy(policy_id, day)
    except NothingInForce as error:
        fail(str(error))
    if role not in policy.roles:
        fail(f'{policy_id} has no role "{role}"; its roles are {", ".join(policy.roles)}')
    reports = [Report(entry) for entry in record.entries]
    answer = decision(adjudicate(reports, library.regimes(day), policy, role, day, reading, record.born), policy)
    if as_json:
        _print_json(answer)
        return
    click.echo(f"{answer['outcome']}   ({policy.id} of {policy.version}, {role}, on {day}, read {reading}ly)")
    _print_table(
        ["bar", "holds", "entries", "citation"],
        [
            [
                reason["bar"],
                reason["holds"],
                ", ".join(str(one["ref"] or "?") for one in reason["entries"]),
                reason["cite"],
            ]
            for reason in answer["reasons"]
        ],
    )


@main.group()
def policy() -> None:
    """Look at industry policies and the laws they rest on."""


@policy.command("check")
@AS_JSON
def policy_check(as_json: bool) -> None:
    """Load every law and policy and run the worked examples beside them."""
    from importlib.resources import files

    from policies.documents import DocumentError
    from policies.examples import run_all
    from policies.library import Library

    try:
        examples = list(run_all(Library.shipped(), files("policies")))
    except DocumentError as error:
        fail(str(error))
    wrong = {example.place: list(example.wrong) for example in examples if example.wrong}
    if as_json:
        _print_json({"examples": len(examples), "wrong": wrong})
    else:
        for place, lines in wrong.items():
            click.echo("\n  ".join([place, *lines]))
        click.echo(f"{len(examples)} examples, {len(wrong)} do not come out as written")
    sys.exit(1 if wrong else 0)


# --- a deployment ----------------------------------------------------------------------------------------------


def _settings(data: Path | None) -> None:
    """Put the settings of a deployment's folder into the environment, where they are not there already."""
    from gateway.setup import SETTINGS, SetupError, read_settings

    if data is None or not (data / SETTINGS).exists():
        return
    try:
        for name, value in read_settings(data / SETTINGS).items():
            os.environ.setdefault(name, value)
    except SetupError as error:
        fail(str(error))


@contextmanager
def _deployment(data: Path | None) -> Iterator[Any]:
    """The deployment's parts, opened without a server: database, vault, log. Migrated when it must be."""
    from gateway import audit, logs, vault
    from gateway.config import Config, ConfigError
    from gateway.db import db

    _settings(data)
    try:
        config = Config.from_env(os.environ)
    except ConfigError as error:
        fail(str(error))
    logs.setup("error")
    db.init(config.database_url)
    try:
        db.upgrade()
        vault.init(config.keks, config.index_key)
        audit.init(config.issuer)
        yield config
    finally:
        db.close()


def _errors_told(command: F) -> F:
    @wraps(command)
    def told(*args: Any, **kwargs: Any) -> Any:
        from connectors.base import ConnectorError
        from connectors.embedded.source import SourceError
        from gateway.oauth.register import RegistrationRefused
        from gateway.setup import SetupError

        try:
            return command(*args, **kwargs)
        except (ConnectorError, SourceError, RegistrationRefused, SetupError) as error:
            fail(str(error))

    return told  # type: ignore[return-value]


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--mode", type=click.Choice(["live", "trial"]), default="live", help="Trial: for tests; no real people.")
@click.option("--issuer", required=True, help="The public base URL, such as https://gate.example.")
@_errors_told
def init(folder: Path, mode: str, issuer: str) -> None:
    """Make FOLDER a deployment: fresh keys, a settings file, an empty list of registries."""
    from gateway import setup

    setup.initialise(folder, mode, issuer, {"SEALGATE_PROOF": "particulars"} if mode == "trial" else None)
    click.echo(f"Wrote {folder / setup.SETTINGS} (secrets: keep it, and keep it private).")
    click.echo(f"Next: name your registries in {folder / setup.REGISTRIES}, then: sealgate serve --data {folder}")


@main.command()
@FOLDER
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8400, show_default=True)
@_errors_told
def serve(data: Path | None, host: str, port: int) -> None:
    """Serve the gateway until SIGTERM or Ctrl-C; its durable work runs in the same process."""
    from gateway import serve as server
    from gateway.config import ConfigError

    _settings(data)
    try:
        server.run(host, port)
    except ConfigError as error:
        fail(str(error))


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _print_table(head: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
