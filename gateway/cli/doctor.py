"""`sealgate doctor`."""

import os
import sys
from pathlib import Path

import click

from gateway.cli.words import AS_JSON, DATA, errors_told, print_json, use_deployment

_MARKS = {"ok": "ok   ", "hint": "hint ", "fault": "FAULT"}


@click.command()
@DATA
@AS_JSON
@errors_told
def doctor(data: Path | None, as_json: bool) -> None:
    """Look at the whole deployment, say what is wrong and what to do. Exit status 1 on a fault. Changes nothing."""
    from gateway import logs
    from gateway.config import Config, ConfigError
    from gateway.doctor import Finding, examine

    use_deployment(data)
    logs.setup("critical")
    try:
        findings = list(examine(Config.from_env(os.environ)))
    except ConfigError as error:
        do = "set it in the environment or in sealgate.env (--data FOLDER)"
        findings = [Finding("configuration", "fault", problem, do) for problem in error.problems]
    if as_json:
        print_json([one.as_json() for one in findings])
    else:
        for one in findings:
            click.echo(f"{_MARKS[one.level]} {one.about}: {one.found}" + (f"\n      → {one.do}" if one.do else ""))
    sys.exit(1 if any(one.level == "fault" for one in findings) else 0)
