"""What the viewer sees: what was done, the table, and where to go on."""

from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.demo.cast import Asked, Cast
from gateway.demo.story import Told
from policies.library import Library

_SAID = {"yes": "bold green", "no": "bold red", "closed": "bold yellow"}
_WIDTH = 118


def console(*, quiet: bool) -> Console:
    """Where the story is shown: the terminal, or standard error when standard output is for JSON."""
    found = Console(stderr=quiet, highlight=False)
    return found if found.is_terminal else Console(stderr=quiet, highlight=False, width=_WIDTH)


def table(told: list[Told], cast: Cast, day: date) -> Table:
    """The point of it all: the same law, the same facts, and how little of it an institution is told."""
    shown = Table(title="What each institution was told, and what you alone are shown", title_justify="left")
    shown.add_column("Person", no_wrap=True)
    shown.add_column("Asked by, for", max_width=22)
    shown.add_column("On file (you only)", style="dim", max_width=30)
    shown.add_column("The law (you only)", style="dim")
    shown.add_column("Received", no_wrap=True)
    for one in told:
        role = Library.shipped().policy(one.asked.policy, day).role_labels[one.asked.role]["en"].lower()
        shown.add_row(
            f"{one.asked.latin}\n{one.asked.name}",
            f"{cast.short(one.asked.by)}, {role}",
            "\n".join(one.law.on_file) or "nothing",
            Text(_law(one)).append(f"\n{one.asked.story}", "italic"),
            _answer(one, day),
            end_section=True,
        )
    return shown


def _law(one: Told) -> str:
    if one.asked.declines:
        return "not applied"
    return ": ".join((one.law.outcome, *one.law.cites[:1]))


def _answer(one: Told, day: date) -> Text:
    said = one.received or "nothing"
    text = Text(said, _SAID.get(said, ""))
    return text if one.as_expected(day) else text.append("\nnot as expected", "bold red")


def addresses(issuer: str, outbox: Path, yours: Asked, link: str) -> Text:
    """Where to go on looking, with what to type."""
    lines = Text().append("\nIt stays up. Open in a browser:\n", "bold")
    lines.append(f"  {issuer}/            the front page\n")
    lines.append(f"  {issuer}/docs        the API\n")
    lines.append("\nA request for consent is waiting for you:\n", "bold")
    lines.append(f"  {link}\n")
    lines.append(f"  You are {yours.latin} ({yours.name}), born {yours.born.isoformat()}.\n")
    lines.append(f"  The code comes by mail, which here is the last line of {outbox}\n")
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
