"""A policy explained at a terminal, in English or in Chinese."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from policies.vocabulary import label

Told = Mapping[str, Any]

_TEXT = {
    "rests": {"en": "rests on {0}; checked {1}", "zh": "依据：{0}；核对日期：{1}"},
    "asked": {"en": "asks: {0}", "zh": "查询：{0}"},
    "no": {"en": "What leads to a no", "zh": "下列情形不予通过"},
    "sure": {"en": "{0}; {1}", "zh": "{0}；{1}"},
    "contested": {"en": "; contested", "zh": "；存在争议"},
    "only": {"en": "; only for {0}", "zh": "；仅限：{0}"},
    "open": {"en": "reads what is not sealed", "zh": "可查看未封存的记录"},
    "sealed": {
        "en": "{0}: also what is sealed in {1}, by {2} ({3})",
        "zh": "{0}：还可查看{1}已封存的记录，依据{2}（{3}）",
    },
    "part": {"en": "; only what that opens", "zh": "；以其开放的范围为限"},
    "either": {"en": "either reading", "zh": "无论从严或从宽解释"},
    "refused": {
        "en": "{0}: nothing sealed in {1}: {2} admits {3}; this rests on: {4}",
        "zh": "{0}：不得查看{1}已封存的记录：{2}仅限{3}，而本条属于{4}",
    },
    "nobody": {"en": "no norm", "zh": "无任何规范"},
    "none": {"en": "{0}: nothing sealed: it names no reader", "zh": "{0}：不得查看已封存的记录：未指明查询依据"},
    "again": {"en": "Repeated checks", "zh": "复查"},
    "yes": {"en": "What a yes does not say", "zh": "“通过”不代表已核查"},
    "note": {"en": "note: {0}", "zh": "说明：{0}"},
}
_COMMA = {"en": ", ", "zh": "、"}


def tell_explained(told: Told, language: str) -> None:
    """The whole of it."""
    click.echo(f"{told['title'][language]}  ({told['policy']}, {told['version']})")
    click.echo("  " + _say("rests", language, told["cite"][language], told["checked"]))
    click.echo("  " + _say("asked", language, _join(told["registries"], language)))
    click.echo("  " + _join((one[language] for one in told["roles"].values()), language))
    click.echo(f"\n{_say('no', language)}")
    for law in told["laws"]:
        click.echo(f"\n{law['cite'][language]}")
        for bar in law["bars"]:
            _bar(bar, told, language)
    if told["lease"] is not None:
        click.echo(f"\n{_say('again', language)}")
        click.echo(f"  - {told['lease']['says'][language]}")
    click.echo(f"\n{_say('yes', language)}")
    for one in told["not_covered"]:
        click.echo(f"  - {one[language]}")


def _bar(bar: Told, told: Told, language: str) -> None:
    click.echo(f"  - {bar['says'][language]}  [{bar['id']}]")
    sure = _say(
        "sure", language, label("rank", bar["rank"], language), label("confidence", bar["confidence"], language)
    )
    sure += _say("contested", language) if bar["contested"] else ""
    if not bar["for_all_roles"]:
        roles = (told["roles"][role][language] for role in bar["roles"])
        sure += _say("only", language, _join(roles, language))
    click.echo(f"      {sure}")
    click.echo(f"      {_say('open', language)}")
    readings: dict[str, list[str]] = {}
    for reading, found in bar["reads"].items():
        for line in _reads(bar, found, language):
            readings.setdefault(line, []).append(label("reading", reading, language))
    for line, named in readings.items():
        click.echo(f"      {line.format(_TEXT['either'][language] if len(named) > 1 else named[0])}")
    if bar["note"] and language == "en":
        click.echo(f"      {_say('note', language, bar['note'])}")


def _reads(bar: Told, found: Told, language: str) -> Iterable[str]:
    """Lines about what is sealed, with a place for the reading."""
    for one in found["sealed"]:
        where = label("jurisdiction", one["jurisdiction"], language)
        yield _say("sealed", language, "{0}", where, one["reader"], _sure(one, language))
    for one in found["refused"]:
        where = label("jurisdiction", one["jurisdiction"], language)
        ranks = _join((label("rank", rank, language) for rank in one["admits"]), language) or _say("nobody", language)
        yield _say("refused", language, "{0}", where, one["reader"], ranks, label("rank", bar["rank"], language))
    if not found["sealed"] and not found["refused"]:
        yield _say("none", language, "{0}")


def _sure(reader: Told, language: str) -> str:
    text = _say("sure", language, reader["cite"][language], label("confidence", reader["confidence"], language))
    text += _say("contested", language) if reader["contested"] else ""
    return text + (_say("part", language) if reader["part"] else "")


def _say(what: str, language: str, *parts: str) -> str:
    return _TEXT[what][language].format(*parts)


def _join(parts: Iterable[str], language: str) -> str:
    return _COMMA[language].join(parts)
