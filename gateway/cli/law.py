"""The law, offline: seal levels, decisions, and whether the documents come out as their examples say."""

import json
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from gateway.cli.words import AS_JSON, fail, print_json, print_table


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
    except RecordError as error:
        fail("\n".join(f"{file}: {line}" for line in str(error).splitlines()))
    except _TwiceError as error:
        fail(f"{file}: {error}")
    except ValueError:  # a number of thousands of digits
        fail(f"{file}: is not JSON that can be read")


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
        day = date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("must be a day such as 2026-06-01") from None
    if not 1800 <= day.year <= 2999:
        raise click.BadParameter("must be a day between the years 1800 and 2999")
    return day


AS_OF = click.option("--as-of", "day", callback=_day, metavar="DAY", help="The day asked about. Default: today.")


@click.command()
@click.option("--regime", required=True, help="A law of sealing, such as cn or gb-eaw.")
@AS_OF
@AS_JSON
@click.argument("file")
def seal(regime: str, day: date, as_json: bool, file: str) -> None:
    """Seal levels and dates of the entries in FILE (the record format; - for standard input)."""
    from policies.answers import seal_row
    from policies.library import Library, LibraryError, NothingInForce
    from policies.sealing import seal as seal_entries

    record = _read_record(file)
    try:
        law = Library.shipped().regime(regime, day)
    except (NothingInForce, LibraryError) as error:
        fail(str(error))
    for number, entry in enumerate(record.entries):
        if entry.jurisdiction != law.jurisdiction:
            fail(f'{file}: entries[{number}].jurisdiction: "{entry.jurisdiction}" is not judged by the regime {regime}')
    rows = [seal_row(one) for one in seal_entries(record.entries, {law.jurisdiction: law}, day, record.born)]
    if as_json:
        print_json(rows)
        return
    print_table(
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


@click.command()
@click.option("--policy", "policy_id", required=True, help="An industry policy, such as cn/kindergarten.")
@click.option("--role", required=True, help="A role of that policy, such as teacher.")
@AS_OF
@click.option("--reading", type=click.Choice(["strict", "broad"]), default="strict", help="How the law is read.")
@click.option(
    "--simulate", metavar="REGIME", help="As if this law of sealing were in force: a proposal such as cn-tiered."
)
@AS_JSON
@click.argument("file")
def decide(policy_id: str, role: str, day: date, reading: str, simulate: str | None, as_json: bool, file: str) -> None:
    """Outcome and reasons for the record in FILE (- for standard input). Names sealed matters: offline use only."""
    from policies.answers import decision
    from policies.evaluator import adjudicate
    from policies.library import Library, LibraryError, NothingInForce
    from policies.model import Report

    record = _read_record(file)
    try:
        library = Library.shipped()
        policy = library.policy(policy_id, day)
    except (NothingInForce, LibraryError) as error:
        fail(str(error))
    if role not in policy.roles:
        fail(f'{policy_id} has no role "{role}"; its roles are {", ".join(policy.roles)}')
    try:
        regimes = library.regimes(day) if simulate is None else library.simulated(day, simulate)
    except NothingInForce as error:
        fail(str(error))
    named = [replace(entry, ref=entry.ref or f"#{number}") for number, entry in enumerate(record.entries, 1)]
    reports = [Report(entry) for entry in (record.entries if as_json else named)]
    answer = decision(adjudicate(reports, regimes, policy, role, day, reading, record.born), policy)
    if as_json:
        print_json(answer)
        return
    under = f", simulated under {simulate}" if simulate else ""
    click.echo(f"{answer['outcome']}   ({policy.id} of {policy.version}, {role}, on {day}, read {reading}ly{under})")
    print_table(
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
