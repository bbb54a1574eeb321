"""What the questions about policies answer, as a person reads it at a terminal. The JSON forms hold all of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from gateway.cli.words import print_table
from policies.analysis.bars import LACKS
from policies.vocabulary import label

Told = Mapping[str, Any]

_ROWS = 20
_NAMES = 12


def _names(category: Told) -> list[str]:
    """The offences of a category: its word if all of it is meant, else those that are."""
    words = [category["category"]] if category["whole"] else category["words"]
    return [label("offence", word, "en") for word in words]


def _listed(categories: Iterable[Told]) -> str:
    """Categories by the kinds that they come in."""
    by_kinds: dict[tuple[str, ...], list[str]] = {}
    for one in categories:
        by_kinds.setdefault(tuple(one["kinds"]), []).extend(_names(one))
    return "; ".join(f"{_few(names)} ({_kinds(kinds)})" for kinds, names in by_kinds.items())


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def _kinds(kinds: Iterable[str]) -> str:
    return ", ".join(label("kind", kind, "en") for kind in kinds)


def tell_check(told: Told) -> None:
    """The examples, then for each policy what was found, one line a finding."""
    for place, lines in told["wrong"].items():
        click.echo("\n  ".join([place, *lines]))
    click.echo(f"{told['examples']} examples, {len(told['wrong'])} do not come out as written")
    for name in told["drafts"]:
        click.echo(f"{name} is a draft: not published yet")
    for one in told["policies"]:
        click.echo(f"\n{one['policy']} of {one['version']}, on {one['day']}: {one['cases']} cases looked at")
        for name in one["no_law"]:
            click.echo(f"  there is no law of sealing of {name} on this day: every entry waits for a person")
        rows = list(_findings(one))
        if rows:
            print_table(["what", "reading", "bar", "found"], rows)
        helps = "HELPS" if one["monotone"]["broken"] else "never helps"
        click.echo(f"  one more matter {helps} ({one['monotone']['pairs']} pairs of cases)")


def _findings(one: Told) -> Iterator[list[str]]:
    for idle in one["never_decide"]:
        covered = f"covered by {', '.join(idle['covered_by'])}" if idle["covered_by"] else "it never holds"
        sure = ", less sure than it is" if idle["covered_by_doubtful"] else ""
        yield ["never decides", idle["reading"], idle["bar"], f"{covered}{sure} ({', '.join(idle['roles'])})"]
    for blind in one["cannot_see"]:
        what = "cannot see" if blind["never"] else "cannot always see"
        yield [
            what,
            blind["reading"],
            blind["bar"],
            f"{_listed(blind['never'] or blind['sometimes'])}: {_hidden(blind)}",
        ]
    for found in one["undetermined"]:
        asked = found["witness"]["asked"][0]
        yield ["stays open", asked["reading"], ", ".join(found["bars"]), found["witness"]["said"]]
    coarse: dict[str, list[str]] = {}
    for word, bars in one["too_coarse"].items():
        coarse.setdefault(", ".join(bars), []).append(label("offence", word, "en"))
    for bars, words in coarse.items():
        yield ["too coarse", "both", bars, f"open if a record says no more than {' or '.join(words)}"]
    for found in one["reads_beyond_basis"]:
        yield ["READS TOO MUCH", found["witness"]["asked"][0]["reading"], found["bar"], found["witness"]["said"]]
    for found in one["monotone"]["broken"]:
        yield ["HELPS TO HAVE MORE", found["reading"], found["role"], " to ".join(found["outcomes"])]


def _hidden(blind: Told) -> str:
    return "; ".join(
        f"{one['level']} by {', '.join(one['rules'])} of {one['jurisdiction']}, and {LACKS[one['lacks']]}"
        for one in blind["why"]
    )


def tell_differences(pairs: Iterable[Told]) -> None:
    """For each two asks, who refuses what the other does not; of differences told alike, one witness."""
    for pair in pairs:
        click.echo(f"A  {_ask(pair['a'])}\nB  {_ask(pair['b'])}")
        if not pair["differences"]:
            click.echo("  no record was found that one of them refuses and the other does not\n")
            continue
        for side in "ab":
            _side(side, [one for one in pair["differences"] if one["refuses"] == side])
        click.echo()


def _ask(told: Told) -> str:
    under = f", under {told['law']}" if told["law"] else ""
    return f"{told['policy']} of {told['version']}, {', '.join(told['roles'])}, read {told['reading']}ly{under}"


def _side(side: str, differences: list[Told]) -> None:
    nobody = f"  {side.upper()} refuses nobody whom the other does not"
    click.echo(f"  only {side.upper()} refuses:" if differences else nobody)
    groups: dict[tuple[Any, ...], list[Told]] = {}
    for one in differences:
        groups.setdefault((one["bar"], tuple(one["kinds"]), tuple(one["unread"])), []).append(one)
    rows = []
    for (bar, kinds, unread), group in groups.items():
        words = [name for one in group for name in (_names(one["category"]) if one["category"] else ["any offence"])]
        why = f"; the other's {', '.join(unread)} may not read it" if unread else ""
        rows.append([bar, f"{_few(words)} ({_kinds(kinds)})", group[0]["witness"]["said"] + why])
    if rows:
        print_table(["  bar", "offences", "for instance"], [[f"  {row[0]}", *row[1:]] for row in rows])


def tell_leaks(told: Told) -> None:
    """The asks, the pairs that give away most, and what is below the threshold with what would help."""
    click.echo(f"On {told['day']}, read {told['reading']}ly. An answer must leave {told['threshold']} categories open.")
    click.echo(f"Looked at: {told['looked_at']}.")
    click.echo(f"Rates: {told['rates']}\n" if told["rates"] else "No base rates were given (--rates FILE): no bits.\n")
    print_table(["ask", "roles", "behind a no", *_head(told)], [_ask_row(one, told) for one in told["asks"]])
    pairs = sorted((one for one in told["pairs"] if one["smallest"]), key=lambda one: int(one["smallest"]["size"]))
    if pairs:
        click.echo(f"\n{len(told['pairs'])} pairs of asks; those that give away most:")
        print_table(["asks", "answers", "behind them", *_head(told)], [_pair_row(one, told) for one in pairs[:_ROWS]])
    click.echo(f"\n{len(told['below'])} answers leave fewer than {told['threshold']} categories open")
    for one in told["below"]:
        _below(one)


def _head(told: Told) -> list[str]:
    return ["bits", "most probable then"] if told["rates"] else []


def _ask_row(one: Told, told: Told) -> list[str]:
    size = str(one["sets"][0]["size"]) if one["sets"] else "never"
    row = [one["ask"], ", ".join(one["roles"]), size]
    return [*row, f"{one['bits']['entropy']:.3f}", _largest(one["bits"]["largest"])] if told["rates"] else row


def _pair_row(one: Told, told: Told) -> list[str]:
    smallest = one["smallest"]
    found = next(each for each in one["sets"] if each["answers"] == smallest["answers"])
    behind = f"{smallest['size']}: {_listed(found['categories'])}"
    row = [" and ".join(one["asks"]), ", ".join(smallest["answers"]), behind]
    if not told["rates"]:
        return row
    bits = one["bits"]
    return [*row, f"{bits['joint']:.3f} ({bits['extra'][1]:.3f} by the second)", _largest(bits["largest"])]


def _largest(told: Told | None) -> str:
    if told is None:
        return "-"
    answers = f"{', '.join(told['answers'])}: " if "answers" in told else ""
    return f"{answers}{label('offence', told['category'], 'en')} {told['prior']:.2%} → {told['posterior']:.2%}"


def _below(one: Told) -> None:
    asks = " and ".join(one["asks"])
    click.echo(f"\n{asks}: {', '.join(one['answers'])} → {_listed(one['categories'])}")
    click.echo(f"  for instance {one['witness']['said']}")
    for piece in one["advice"]:
        click.echo(f"  - {_advised(piece)}")


def _advised(piece: Told) -> str:
    what = "; ".join(
        f"{', '.join(label('offence', word, 'en') for word in one['offence'])} ({_kinds(one['kind'])})"
        for one in piece["what"]
    )
    where = f"{piece['policy']} ({', '.join(piece['roles'])})"
    bars, other = ", ".join(piece.get("bars", [])), piece.get("with_ask")
    beside, differ = ", ".join(piece.get("with_bars", [])), ", ".join(piece.get("differ", []))
    text = {
        "add": f"let {where} refuse {what} too",
        "drop": f"drop {what} from {where}" + (f", {bars}" if bars else ""),
        "merge": f"answer {where} and {other} as one",
        "align": f"let {bars} of {where} and {beside} of {other} ask the same of {what}: they differ in {differ}",
    }[piece["do"]]
    return f"{text}; then {_count(piece['then'])}"


def _count(categories: int) -> str:
    if categories == 0:
        return "no one matter brings this about"
    return f"{categories} categories" if categories > 1 else "1 category"
