"""Reading a regime document: every rule is cited, every word is known, and a mistake is refused by its place."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from policies import cases, scale, vocabulary
from policies.days import ZERO
from policies.documents import Table
from policies.regime import LEVELS, Bound, Interaction, Others, Reader, Regime, SealRule, Tier
from policies.rules import BOUNDARIES, Condition, Points, compile_condition, grace
from policies.source import take_source

_CLOCKS = (*cases.ENTRY_CLOCKS, *cases.SENTENCE_CLOCKS)

Compile = Callable[[Table], Condition]
"""Compiles the conditions in a table by the document's boundary and scale."""

PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "extend": (("of",), ("not_further", "silent")),
    "reopen": (("of",), ()),
    "all-or-nothing": (("of",), ("apart", "silent")),
    "restart": (("of", "by"), ("pass_over",)),
    "stay": (("by",), ("of",)),
    "cap": (("of",), ()),
    "count-tier": (("of",), ()),
    "revoke": (("of", "by"), ("same",)),
}
"""The named interactions between entries: the parts that entries must play in each, and those that they may."""


def read_regime(table: Table, regime_id: str, version: str, digest: str) -> Regime:
    """Compile a regime document. Raises DocumentError with the place and what would be right."""
    boundary = table.take_word("boundary", BOUNDARIES, "anniversary")
    source = take_source(table)
    in_force = table.take_day("in_force")
    if in_force.isoformat() != version:
        raise table.error("in_force", f"is {in_force}, which does not agree with the file's name, {version}.toml")
    compiled = _compiler(boundary, scale.read_scale(table.take_tables("scale"), boundary, source))
    regime = Regime(
        id=regime_id,
        version=version,
        jurisdiction=table.take_word("jurisdiction", vocabulary.words("jurisdiction")),
        title=table.take_label("title"),
        source=source,
        mode=table.take_word("mode", vocabulary.words("mode")),
        checked=table.take_day("checked"),
        digest=digest,
        combined=_combined(table),
        rules=_rules(table, boundary, compiled),
        interactions=tuple(_interaction(one, boundary, compiled) for one in table.take_tables("interaction")),
        readers={
            reader.id: reader for reader in (_reader(one, regime_id, compiled) for one in table.take_tables("reader"))
        },
        amends=table.take_word("amends", vocabulary.words("regime")) if table.has("amends") else None,
        absent_from=table.take_word("absent_from", LEVELS[1:], "erased"),
    )
    if regime.mode == "enacted" and regime.jurisdiction != regime_id:
        problem = f'is "{regime.jurisdiction}", but the folder is {regime_id}; only a proposal has a name of its own'
        raise table.error("jurisdiction", problem)
    if regime.amends and regime.mode != "proposal":
        raise table.error("amends", "is for proposals: an enacted law says itself what it says")
    table.done()
    return regime


def _compiler(boundary: str, points: Points | None) -> Compile:
    return lambda table: compile_condition(table, boundary, points)


def _rules(table: Table, boundary: str, compiled: Compile) -> dict[str, tuple[SealRule, ...]]:
    not_before = table.take_day("not_before", None)
    rules = [_rule(one, boundary, compiled, not_before) for one in table.take_tables("seal")]
    ids = [rule.id for rule in rules]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise table.error("seal", f'two rules have the id "{twice[0]}"')
    ways = {key for rule in rules if rule.level == "erased" for key in rule.condition.says.get("disposition", ())}
    for one in vocabulary.erased_rules():
        common = Table({**one, "level": "erased", "clock": "set-aside"}, table.file, f"erased[{one['id']}]")
        if not ways & set(one["disposition"]):
            rules.append(_rule(common, boundary, compiled, None))
    return {level: tuple(rule for rule in rules if rule.level == level) for level in LEVELS[1:]}


def _combined(table: Table) -> tuple[str, ...]:
    inner = table.take_table("combined")
    if inner is None:
        return ()
    kinds = inner.take_words("sentence", vocabulary.words("sentence"))
    take_source(inner)
    inner.done()
    return kinds


def _rule(table: Table, boundary: str, compiled: Compile, not_before: date | None) -> SealRule:
    never = table.take_flag("never")
    if never and (table.has("clock") or table.has("period")):
        raise table.error("never", "is true, so there is no clock and no period")
    level = table.take_word("level", LEVELS[1:])
    lower = LEVELS[1 : LEVELS.index(level)]
    floor = table.take_day("not_before", not_before)
    rule = SealRule(
        id=table.take_text("id"),
        level=level,
        source=take_source(table),
        condition=compiled(table),
        clock="decision" if never else table.take_word("clock", (*_CLOCKS, *lower)),
        period=table.take_duration("period", ZERO),
        plus=table.take_word("plus", cases.PLUS) if table.has("plus") else None,
        never=never,
        or_earlier=_bound(table, "or_earlier", floor),
        or_later=_bound(table, "or_later", None),
        not_before=floor,
        no_other=_others(table, compiled),
        grace=grace(boundary),
    )
    table.done()
    return rule


def _bound(table: Table, key: str, not_before: date | None) -> Bound | None:
    inner = table.take_table(key)
    if inner is None:
        return None
    bound = Bound(
        clock=inner.take_word("clock", _CLOCKS),
        period=inner.take_duration("period", ZERO),
        not_before=inner.take_day("not_before", not_before),
    )
    inner.done()
    return bound


def _others(table: Table, compiled: Compile) -> Others | None:
    inner = table.take_table("no_other")
    if inner is None:
        return None
    others = Others(compiled(inner), inner.take_number("at_least", 1), inner.take_flag("before"))
    inner.done()
    if others.at_least < 1:
        raise inner.error("at_least", "must be 1 or more")
    return others


def _conditions(table: Table, key: str, compiled: Compile) -> tuple[Condition, ...]:
    tables = table.take_tables(key)
    found = tuple(compiled(one) for one in tables)
    for one in tables:
        one.done()
    return found


def _reader(table: Table, regime_id: str, compiled: Compile) -> Reader:
    reader_id = table.take_text("id")
    if not reader_id.startswith(f"{regime_id}/"):
        raise table.error("id", f'must begin with "{regime_id}/"')
    if table.has("ranks") and not isinstance(table.data["ranks"], dict):
        raise table.error("ranks", 'must be a table such as { strict = ["law"], broad = ["law", "department-rule"] }')
    ranks = table.take_table("ranks")
    reader = Reader(
        id=reader_id,
        source=take_source(table),
        ranks=_ranks(ranks) if ranks else None,
        opens=_conditions(table, "opens", compiled),
    )
    table.done()
    return reader


def _ranks(table: Table) -> dict[str, frozenset[str]]:
    found = {
        reading: frozenset(table.take_words(reading, vocabulary.words("rank")))
        for reading in vocabulary.words("reading")
    }
    table.done()
    return found


def _interaction(table: Table, boundary: str, compiled: Compile) -> Interaction:
    name = table.take_word("name", PARTS)
    must, may = PARTS[name]
    conditions = {key: _conditions(table, key, compiled) for key in (*must, *may)}
    for key in must:
        if not conditions[key]:
            raise table.error(key, f"is missing: [[interaction.{key}]] says which entries are meant")
    level = table.take_word("level", LEVELS[1:])
    interaction = Interaction(name, level, take_source(table), conditions, **_settings(table, name, boundary, compiled))
    table.done()
    return interaction


def _settings(table: Table, name: str, boundary: str, compiled: Compile) -> dict[str, Any]:
    match name:
        case "all-or-nothing":
            until = table.take_word("until", LEVELS[2:]) if table.has("until") else None
            return {"stays": _stays(table), "until": until}
        case "restart":
            return {"stays": _stays(table), "clock": table.take_word("clock", _CLOCKS)}
        case "stay":
            return {"stays": _stays(table)}
        case "cap":
            return {"most": table.take_number("most")}
        case "count-tier":
            person = table.take_word("scope", ("person", "record")) == "person"
            return {
                "person": person,
                "tiers": tuple(_tier(one, boundary, compiled) for one in table.take_tables("tier")),
            }
        case "revoke":
            return {"same_times": table.take_number("same_times", 1)}
    return {}


def _stays(table: Table) -> bool:
    return table.take_word("reached", ("stays", "returns")) == "stays"


def _tier(table: Table, boundary: str, compiled: Compile) -> Tier:
    never = table.take_flag("never")
    period = table.take_duration("period", ZERO)
    tier = Tier(
        least=table.take_number("from"),
        never=never,
        clock="decision" if never else table.take_word("clock", _CLOCKS),
        period=period if period == ZERO else period + grace(boundary),
        alike=_conditions(table, "or", compiled),
    )
    table.done()
    return tier
