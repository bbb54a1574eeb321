"""Questions about policies: do they come out as their examples say, what do they say, how do they differ, what do
they give away? Each answer has a witness: a record that `sealgate decide` confirms."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import click

from gateway.cli.law import AS_OF
from gateway.cli.publish import publish
from gateway.cli.words import AS_JSON, fail, print_json

READING = click.option(
    "--reading",
    type=click.Choice(["strict", "broad"]),
    default="strict",
    help="How the law is read where its wording is open. Default: strict.",
)
SHELF = click.option(
    "--shelf",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of `regimes` and `industries`. Default: the shelf of this installation.",
)


@click.group()
def policy() -> None:
    """Look at industry policies and the laws they rest on."""


policy.add_command(publish)


@policy.command("check")
@click.argument("policy_id", metavar="[POLICY]", required=False)
@AS_OF
@SHELF
@AS_JSON
def policy_check(policy_id: str | None, day: date, shelf: Path | None, as_json: bool) -> None:
    """Run the worked examples beside every law and policy (or of POLICY), and ask what is wrong with it.

    Which bars never decide, which may not read what they name, what stays open though every fact is known, and
    whether one more matter ever helps or a bar reads what nothing opens to it (then the exit status is 1).
    """
    from gateway.cli.policy_text import tell_check
    from policies.analysis.checks import check

    library = _library(shelf)
    _read_ages(shelf)
    asked = _in_force(library, day, [policy_id] if policy_id else [])
    examples, wrong = _run_examples(library, shelf, asked[0].id if policy_id else None)
    law = library.regimes(day)
    checks = [check(one, day, law) for one in asked]
    drafts = list(library.drafts)
    told = {"examples": examples, "wrong": wrong, "drafts": drafts, "policies": [one.told() for one in checks]}
    if as_json:
        print_json(told)
    else:
        tell_check(told)
    sys.exit(1 if wrong or any(one.wrong for one in checks) else 0)


@policy.command("explain")
@click.argument("policy_id", metavar="POLICY")
@click.option("--role", help="A role of that policy. Default: all.")
@AS_OF
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Default: en. JSON has both.")
@SHELF
@AS_JSON
def policy_explain(
    policy_id: str, role: str | None, day: date, language: str, shelf: Path | None, as_json: bool
) -> None:
    """What leads to a no under POLICY (or POLICY@VERSION), by which law, and what a yes does not say."""
    from gateway.cli.policy_explained import tell_explained
    from policies.analysis.explain import explain

    library = _library(shelf)
    version = _version(library, policy_id, day)
    if role is not None:
        _known_role(version, role)
    told = explain(version, (role,) if role else version.roles, library.regimes(day))
    if as_json:
        print_json(told)
    else:
        tell_explained(told, language)


@policy.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@AS_OF
@click.option("--role", "roles", multiple=True, help="Once: of both. Twice: of A and of B. Default: all.")
@click.option("--reading", "readings", multiple=True, type=click.Choice(["strict", "broad"]), help="Once or twice.")
@click.option("--simulate", "proposals", multiple=True, metavar="REGIME", help="B as if this law of sealing held.")
@SHELF
@AS_JSON
def policy_compare(
    first: str,
    second: str | None,
    day: date,
    roles: tuple[str, ...],
    readings: tuple[str, ...],
    proposals: tuple[str, ...],
    shelf: Path | None,
    as_json: bool,
) -> None:
    """Does B refuse anybody whom A does not, or the reverse? A and B are policies, or POLICY@VERSION.

    Without B, A is compared with itself: under another reading, for another role or under a simulated law.
    """
    from gateway.cli.policy_text import tell_differences
    from policies.analysis.differences import differences

    if len(roles) > 2 or len(readings) > 2:
        fail("--role and --reading: once for both, or twice, for A and for B")
    library = _library(shelf)
    law = library.regimes(day)
    ours = _asks(library, first, day, (readings or ("strict",))[0], law, roles[:1])
    simulated = _simulated(library, day, proposals) if proposals else law
    theirs = _asks(library, second or first, day, (readings or ("strict",))[-1], simulated, roles[-1:])
    told = []
    for one, other in _paired(ours, theirs):
        found = differences(one, other)
        told.append({"a": one.told(), "b": other.told(), "differences": [each.told() for each in found]})
    if as_json:
        print_json({"day": day.isoformat(), "pairs": told})
    else:
        tell_differences(told)


@policy.command("leak")
@click.argument("policies", metavar="[POLICY]...", nargs=-1)
@click.option("--rates", type=click.Path(path_type=Path, dir_okay=False), help="Base rates (TOML): then bits as well.")
@click.option("--threshold", type=click.IntRange(min=1), help="The fewest categories that an answer must leave open.")
@AS_OF
@READING
@SHELF
@AS_JSON
def policy_leak(
    policies: tuple[str, ...],
    rates: Path | None,
    threshold: int | None,
    day: date,
    reading: Literal["strict", "broad"],
    shelf: Path | None,
    as_json: bool,
) -> None:
    """What a no gives away, for each ask of the policies in force (or of those named) and for each two of them.

    The threshold is the file's, else 2. The exit status is 1 if an answer leaves fewer categories open.
    """
    from gateway.cli.policy_text import tell_leaks
    from policies.analysis.asks import asks_of
    from policies.analysis.leakage import report

    library = _library(shelf)
    law = library.regimes(day)
    asks = [ask for one in _in_force(library, day, policies) for ask in asks_of(one, day, reading, law)]
    if not asks:
        fail(f"no policy is in force on {day}")
    told = report(asks, _rates(rates) if rates else None, threshold)
    if as_json:
        print_json(told)
    else:
        tell_leaks(told)
    sys.exit(1 if told["below"] else 0)


def _library(shelf: Path | None) -> Any:
    from policies.documents import DocumentError
    from policies.library import Library

    try:
        return Library.load(shelf) if shelf else Library.shipped()
    except DocumentError as error:
        fail(str(error))


def _run_examples(library: Any, shelf: Path | None, policy_id: str | None) -> tuple[int, dict[str, list[str]]]:
    from importlib.resources import files

    from policies.documents import DocumentError
    from policies.examples import run_all, run_of

    root = shelf or files("policies")
    try:
        examples = list(run_of(library, root, policy_id) if policy_id else run_all(library, root))
    except DocumentError as error:
        fail(str(error))
    return len(examples), {example.place: list(example.wrong) for example in examples if example.wrong}


def _read_ages(shelf: Path | None) -> None:
    """See that the ages of consent can be read: a shelf of one's own may have none."""
    from importlib.resources import files

    from policies import ages
    from policies.documents import DocumentError

    if shelf is not None and not (shelf / ages.FILE).exists():
        return
    try:
        ages.read(shelf or files("policies"))
    except DocumentError as error:
        fail(str(error))


def _in_force(library: Any, day: date, names: Sequence[str]) -> list[Any]:
    """The versions in force on the day: of every policy, or of those named (each of which must have one)."""
    from policies.library import NothingInForce

    if names:
        return [_version(library, name, day) for name in dict.fromkeys(names)]
    found = []
    for name in library.policies():
        try:
            found.append(library.policy(name, day))
        except NothingInForce:
            continue
    return found


def _version(library: Any, name: str, day: date) -> Any:
    from policies.library import NothingInForce

    policy_id, _, version = name.partition("@")
    try:
        return library.version(policy_id, version) if version else library.policy(policy_id, day)
    except NothingInForce as error:
        fail(str(error))


def _simulated(library: Any, day: date, proposals: Sequence[str]) -> Any:
    from policies.library import NothingInForce

    try:
        return library.simulated(day, *proposals)
    except NothingInForce as error:
        fail(str(error))


def _known_role(version: Any, role: str) -> None:
    if role not in version.roles:
        fail(f'{version.id} has no role "{role}"; its roles are {", ".join(version.roles)}')


def _asks(library: Any, name: str, day: date, reading: str, law: Any, roles: Sequence[str]) -> list[Any]:
    from policies.analysis.asks import asks_of

    version = _version(library, name, day)
    for role in roles:
        _known_role(version, role)
    asks = asks_of(version, day, reading, law)
    return [ask for ask in asks if not roles or roles[0] in ask.roles]


def _paired(ours: list[Any], theirs: list[Any]) -> list[tuple[Any, Any]]:
    """Of one policy, the asks of the same roles; of two, or of roles that were named, every one with every other."""
    if len(ours) == 1 or len(theirs) == 1 or ours[0].policy.id != theirs[0].policy.id:
        return [(one, other) for one in ours for other in theirs]
    return [(one, other) for one in ours for other in theirs if set(one.roles) & set(other.roles)]


def _rates(file: Path) -> Any:
    from policies.analysis.rates import read_rates
    from policies.documents import DocumentError

    try:
        return read_rates(file.read_text("utf-8"), str(file))
    except DocumentError as error:
        fail(str(error))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file}: cannot be read ({type(error).__name__})")
