"""A regime version: one document that says which entries a law seals, from when, and who may read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from policies import cases, vocabulary
from policies.cases import Case, Slot
from policies.days import NO_DAY, ZERO, Duration, Span
from policies.documents import Table
from policies.rules import BOUNDARIES, Condition, compile_condition, grace

LEVELS = ("open", "shallow", "deep", "erased")
"""Seal levels, from the one that anybody may be told of to the one that nobody may."""

INTERACTION_CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "extend": ("of", "not_further", "silent"),
    "reopen": ("of",),
}
"""The named interactions between entries, and the conditions that a document must give each."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from and how sure we are of it."""

    cite: str
    confidence: str = "high"
    contested: bool = False
    note: str = ""
    cite_zh: str = ""

    def cited(self, language: str) -> str:
        """The citation in `en` or `zh`, where the document gives both; else as it stands."""
        return self.cite_zh if language == "zh" and self.cite_zh else self.cite

    @property
    def doubtful(self) -> bool:
        """Must a person confirm a live refusal that rests on this rule?"""
        return self.confidence == "low" or self.contested


def take_source(table: Table, default: Source | None = None) -> Source:
    """Read the citation that every rule carries, or take the document's. Raises DocumentError for a rule without."""
    inherits = default is not None and not table.has("cite")
    cite = table.take_text("cite", default.cite) if default else table.take_text("cite")
    cite_zh = table.take_text("cite_zh", default.cite_zh if default and inherits else "")
    confidence = table.take_word(
        "confidence", vocabulary.words("confidence"), default.confidence if default else "high"
    )
    contested = table.take_flag("contested", default.contested if default else False)
    return Source(cite, confidence, contested, table.take_text("note", ""), cite_zh)


@dataclass(frozen=True, slots=True)
class SealRule:
    """One rule that seals: which entries, to which level, how long after which day; or never."""

    id: str
    level: str
    source: Source
    condition: Condition
    clock: str
    period: Duration
    never: bool
    or_earlier: str | None
    not_before: date | None
    no_other: Condition | None
    grace: Duration

    def start(self, case: Case, slot: Slot) -> Span:
        """The first day of the level for this sentence, if the rule fits."""
        if self.never:
            return NO_DAY
        day = case.clock(self.clock, slot).plus(self.period)
        if self.period != ZERO:
            day = day.plus(self.grace)
        if self.or_earlier:
            day = day.or_earlier(case.clock(self.or_earlier, slot))
        return day.or_later(Span.on(self.not_before)) if self.not_before else day


@dataclass(frozen=True, slots=True)
class Reader:
    """Who may read `shallow` entries: a legal ground that a bar may name as its basis, and what the bar must show.

    `ranks` gives, for each reading of the law, the ranks of norm that open the seal; None: any rank does.
    `opens` says which shallow entries are opened; None: all.
    """

    id: str
    source: Source
    ranks: Mapping[str, frozenset[str]] | None
    opens: Condition | None

    def admits(self, rank: str, reading: str) -> bool:
        """Does a bar whose norm has this rank pass, under this reading?"""
        return self.ranks is None or rank in self.ranks.get(reading, frozenset())


@dataclass(frozen=True, slots=True)
class Interaction:
    """One of the named ways in which entries act on each other, tied to a level, with its conditions."""

    name: str
    level: str
    source: Source
    conditions: Mapping[str, tuple[Condition, ...]]


@dataclass(frozen=True, slots=True)
class Regime:
    """One version of a jurisdiction's law of sealing, compiled."""

    id: str
    version: str
    jurisdiction: str
    title: Mapping[str, str]
    source: Source
    mode: str
    checked: date
    digest: str
    combined: tuple[str, ...]
    rules: Mapping[str, tuple[SealRule, ...]]
    interactions: tuple[Interaction, ...]
    readers: Mapping[str, Reader] = field(default_factory=dict)


def read_regime(table: Table, regime_id: str, version: str, digest: str) -> Regime:
    """Compile a regime document. Raises DocumentError with the place and what would be right."""
    boundary = table.take_word("boundary", BOUNDARIES, "anniversary")
    source = take_source(table)
    if table.take_day("in_force").isoformat() != version:
        raise table.error("in_force", f"does not agree with the file's name, {version}.toml")
    not_before = table.take_day("not_before", None)
    rules = [_rule(one, boundary, not_before) for one in table.take_tables("seal")]
    _unique(table, [rule.id for rule in rules])
    ways = {key for rule in rules if rule.level == "erased" for key in rule.condition.says.get("disposition", ())}
    for one in vocabulary.erased_rules():
        common = Table({**one, "level": "erased", "clock": "set-aside"}, table.file, f"erased[{one['id']}]")
        if not ways & set(one["disposition"]):
            rules.append(_rule(common, boundary, None))
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
        rules={level: tuple(rule for rule in rules if rule.level == level) for level in LEVELS[1:]},
        interactions=tuple(_interaction(one, boundary) for one in table.take_tables("interaction")),
        readers={
            reader.id: reader for reader in (_reader(one, regime_id, boundary) for one in table.take_tables("reader"))
        },
    )
    table.done()
    return regime


def _combined(table: Table) -> tuple[str, ...]:
    inner = table.take_table("combined")
    if inner is None:
        return ()
    kinds = inner.take_words("sentence", vocabulary.words("sentence"))
    take_source(inner)
    inner.done()
    return kinds


def _unique(table: Table, ids: list[str]) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise table.error("seal", f'two rules have the id "{twice[0]}"')


def _rule(table: Table, boundary: str, not_before: date | None) -> SealRule:
    never = table.take_flag("never")
    clocks = (*cases.ENTRY_CLOCKS, *cases.SENTENCE_CLOCKS)
    if never and (table.has("clock") or table.has("period")):
        raise table.error("never", "is true, so there is no clock and no period")
    no_other = table.take_table("no_other")
    rule = SealRule(
        id=table.take_text("id"),
        level=table.take_word("level", LEVELS[1:]),
        source=take_source(table),
        condition=compile_condition(table, boundary),
        clock="decision" if never else table.take_word("clock", clocks),
        period=table.take_duration("period", ZERO),
        never=never,
        or_earlier=table.take_word("or_earlier", clocks) if table.has("or_earlier") else None,
        not_before=table.take_day("not_before", not_before),
        no_other=compile_condition(no_other, boundary) if no_other else None,
        grace=grace(boundary),
    )
    table.done()
    if no_other:
        no_other.done()
    return rule


def _reader(table: Table, regime_id: str, boundary: str) -> Reader:
    reader_id = table.take_text("id")
    if not reader_id.startswith(f"{regime_id}/"):
        raise table.error("id", f'must begin with "{regime_id}/"')
    ranks = table.take_table("ranks")
    opens = table.take_table("opens")
    reader = Reader(
        id=reader_id,
        source=take_source(table),
        ranks=_ranks(ranks) if ranks else None,
        opens=compile_condition(opens, boundary) if opens else None,
    )
    table.done()
    if opens:
        opens.done()
    return reader


def _ranks(table: Table) -> dict[str, frozenset[str]]:
    found = {
        reading: frozenset(table.take_words(reading, vocabulary.words("rank")))
        for reading in vocabulary.words("reading")
    }
    table.done()
    return found


def _interaction(table: Table, boundary: str) -> Interaction:
    name = table.take_word("name", INTERACTION_CONDITIONS)
    conditions: dict[str, tuple[Condition, ...]] = {}
    for key in INTERACTION_CONDITIONS[name]:
        tables = table.take_tables(key)
        conditions[key] = tuple(compile_condition(one, boundary) for one in tables)
        for one in tables:
            one.done()
    interaction = Interaction(name, table.take_word("level", LEVELS[1:]), take_source(table), conditions)
    table.done()
    return interaction
