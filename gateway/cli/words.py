"""What the commands share: how they print, how they fail, how they find a deployment."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SEALGATE_DATA",
    help="The deployment's folder, as made by `sealgate init`. Default: $SEALGATE_DATA.",
)


def fail(message: str) -> NoReturn:
    """End with exit status 2 and one line on standard error."""
    click.echo(f"sealgate: {message}", err=True)
    sys.exit(2)


def print_json(value: Any) -> None:
    """Print one JSON value on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(head: list[str], rows: list[list[str]]) -> None:
    """Print a table without lines; wide when it goes into a file."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def use_settings(data: Path | None) -> None:
    """Put the settings of a deployment's folder into the environment, where they are not there already."""
    from gateway.setup import SETTINGS, SetupError, read_settings

    if data is None or not (data / SETTINGS).exists():
        return
    try:
        settings = read_settings(data / SETTINGS)
    except SetupError as error:
        fail(str(error))
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    for kept in {settings.get("SEALGATE_DATA", ""), os.environ.get("SEALGATE_DATA", "")} - {""}:
        _refuse_a_copy(data, Path(kept))


def _refuse_a_copy(data: Path, kept: Path) -> None:
    """A copied folder names the one it was copied from: whoever tries a backup would change what is in use."""
    from gateway.setup import SETTINGS

    if kept.resolve() != data.resolve() and (kept / SETTINGS).exists():
        fail(
            f"SEALGATE_DATA is {kept}, a deployment of its own, and not {data}. If {data} is a copy, change every path "
            f"in {data / SETTINGS} first, or it works with the data and keys of the other; if SEALGATE_DATA is set in "
            "the environment, take it away"
        )


def use_deployment(data: Path | None) -> None:
    """As `use_settings`, and end with one line instead of a list of all settings where there are none at all."""
    from gateway.setup import SETTINGS

    use_settings(data)
    if "SEALGATE_MODE" in os.environ:
        return
    if data is None:
        fail("which deployment? Give --data FOLDER, or set SEALGATE_DATA; `sealgate init` makes one")
    if not (data / SETTINGS).exists():
        fail(f"{data} has no {SETTINGS}, and no SEALGATE_… variables are set; `sealgate init` makes a deployment")


@contextmanager
def deployment(data: Path | None, *, keys_fit: bool = True) -> Iterator[Any]:
    """The deployment's parts, opened without a server: database (migrated), vault, log. Yields the Config.

    Ends with exit status 2 if the keys are not those of the data, unless the command is there to mend that.
    """
    from gateway import audit, logs, retention, vault
    from gateway.config import Config, ConfigError
    from gateway.db import db

    use_deployment(data)
    try:
        config = Config.from_env(os.environ)
    except ConfigError as error:
        fail(str(error))
    logs.setup("error")
    db.init(config.database_url)
    try:
        db.upgrade()
        vault.init(config.keks, config.index_key, config.key_file)
        with db.write() as session:
            if keys_fit and (wrong := vault.wrong_keys(session)):
                fail("; ".join(wrong))
        audit.init(config.issuer)
        retention.init(config)
        yield config
    finally:
        db.close()


def errors_told(command: F) -> F:
    """Tell the errors that a person can mend in one line, with exit status 2."""

    @wraps(command)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Exception as error:
            if isinstance(error, _told()):
                fail(str(error))
            from gateway.db import why_no_connection

            if (why := why_no_connection(error)) is not None:
                fail(f"the database does not answer: {why}")
            raise

    return told  # type: ignore[return-value]


def _told() -> tuple[type[Exception], ...]:
    """The errors that a person can mend; loaded only when there is one, for they stand all over the house."""
    from connectors.base import ConnectorError
    from connectors.codes.table import CodeTableError
    from connectors.embedded.source import SourceError
    from gateway.config import ConfigError
    from gateway.oauth.register import RegistrationRefused
    from gateway.retention.keys import KeyKept
    from gateway.serve import CannotListen
    from gateway.setup import SetupError
    from gateway.staff.people import Refused
    from gateway.vault.keyfile import KeyFileError

    return (
        CannotListen,
        CodeTableError,
        ConfigError,
        ConnectorError,
        KeyFileError,
        KeyKept,
        Refused,
        RegistrationRefused,
        SetupError,
        SourceError,
    )
