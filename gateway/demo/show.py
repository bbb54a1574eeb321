"""What the viewer sees: what was done, the table, and where to go on."""

from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from gateway.demo.cast import Asked, Cast
from gateway.demo.story import Told
from policies.library import Library

_TITLE = "What each institution was told, and what you alone are shown"
_SAID = {"yes": "bold green", "no": "bold red", "closed": "bold yellow"}
_WIDTH = 118
_NARROW = 100
"""A terminal of fewer columns gets a list: the table would wrap each cell to a word or two a line."""


def console(*, quiet: bool) -> Console:
    """Where the story is shown: the terminal, or standard error when standard output is for JSON."""
    found = Console(stderr=quiet, highlight=False)
    return found if found.is_terminal else Console(stderr=quiet, highlight=False, width=_WIDTH)


def told(checks: list[Told], cast: Cast, day: date, width: int) -> RenderableType:
    """The table, or in a narrow terminal the list, which says the same without the story."""
    return table(checks, cast, day) if width >= _NARROW else stacked(checks, cast, day)


def stacked(told: list[Told], cast: Cast, day: date) -> Text:
    """A few lines for each person: what is on file, then what each institution received, beside the law."""
    shown = Text().append(f"{_TITLE}\n", "italic")
    for (latin, name, on_file), checks in groupby(told, lambda one: (one.asked.latin, one.asked.name, one.law.on_file)):
        shown.append(f"\n{latin} {name}\n", "bold")
        for line in on_file or ("nothing",):
            shown.append(f"  on file (you only): {line}\n", "dim")
        for one in checks:
            shown.append(f"  {cast.short(one.asked.by)}, {_role(one, day)}: ")
            shown.append(_answer(one, day, " "))
            shown.append(f"\n    the law (you only): {_law(one)}\n", "dim")
    return shown


def table(told: list[Told], cast: Cast, day: date) -> Table:
    """The point of it all: the same law, the same facts, and how little of it an institution is told."""
    shown = Table(title=_TITLE, title_justify="left")
    shown.add_column("Person", no_wrap=True)
    shown.add_column("Asked by, for", max_width=22)
    shown.add_column("On file (you only)", style="dim", max_width=30)
    shown.add_column("The law (you only)", style="dim")
    shown.add_column("Received", no_wrap=True)
    for one in told:
        shown.add_row(
            f"{one.asked.latin}\n{one.asked.name}",
            f"{cast.short(one.asked.by)}, {_role(one, day)}",
            "\n".join(one.law.on_file) or "nothing",
            Text(_law(one)).append(f"\n{one.asked.story}", "italic"),
            _answer(one, day, "\n"),
            end_section=True,
        )
    return shown


def _role(one: Told, day: date) -> str:
    return Library.shipped().policy(one.asked.policy, day).role_labels[one.asked.role]["en"].lower()


def _law(one: Told) -> str:
    if one.asked.declines:
        return "not applied"
    return ": ".join((one.law.outcome, *one.law.cites[:1]))


def _answer(one: Told, day: date, between: str) -> Text:
    said = one.received or "nothing"
    text = Text(said, _SAID.get(said, ""))
    return text if one.as_expected(day) else text.append(f"{between}not as expected", "bold red")


def addresses(issuer: str, outbox: Path, yours: Asked, link: str, seat: str) -> Text:
    """Where to go on looking, with what to type."""
    lines = Text().append("\nIt stays up. Open in a browser:\n", "bold")
    lines.append(f"  {issuer}/            the front page\n")
    lines.append(f"  {issuer}/docs        the API\n")
    lines.append("\nA request for consent is waiting for you:\n", "bold")
    lines.append(f"  {link}\n")
    lines.append(f"  You are {yours.latin} ({yours.name}), born {yours.born.isoformat()}.\n")
    lines.append("  The code comes by mail, which here means: it is printed below as soon as you ask for it.\n")
    lines.append(f"  All mail is in {outbox}\n")
    lines.append("\nA seat at the adjudicators' desk, under the name “you”:\n", "bold")
    lines.append(f"  {seat}\n")
    lines.append("  Their software decides all but contests: those go to another one than before.\n")
    lines.append("\nCtrl-C ends it.\n", "bold")
    return lines


def document(told: list[Told], day: date, issuer: str, link: str | None) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "checks": [
            {
                "person": one.asked.name,
                "latin": one.asked.latin,
                "institution": one.asked.by,
                "policy": one.asked.policy,
                "role": one.asked.role,
                "on_file": list(one.law.on_file),
                "law": one.law.outcome,
                "cites": list(one.law.cites),
                "received": one.received,
                "as_expected": one.as_expected(day),
            }
            for one in told
        ],
        "address": issuer,
        "consent": link,
    }
