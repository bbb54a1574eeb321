"""An industry policy version: one document that says what makes a person ineligible for a role, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from policies import vocabulary
from policies.cases import Case
from policies.days import Duration
from policies.documents import Table
from policies.rules import BOUNDARIES, Condition, compile_condition
from policies.source import Source, take_source
from policies.truth import Truth

_TIME_UNITS = {"H": "hours", "M": "minutes", "S": "seconds"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One rule that makes a person ineligible: at least so many entries that it may read and that it means."""

    id: str
    source: Source
    rank: str
    basis: tuple[str, ...]
    roles: tuple[str, ...]
    at_least: int
    condition: Condition
    dispositions: frozenset[str]

    def means(self, case: Case) -> Truth:
        """Does this entry, read, satisfy the bar's conditions?"""
        if case.entry.disposition in vocabulary.meaning("set_aside"):
            return False if self.condition.holds(case) is False else None
        return False if case.entry.disposition not in self.dispositions else self.condition.holds(case)


@dataclass(frozen=True, slots=True)
class Release:
    """When and how a result may leave: the same for everybody, counted from consent."""

    hold: timedelta
    grid: timedelta
    refusal: str
    review_share: float


@dataclass(frozen=True, slots=True)
class Lease:
    """The law orders or allows the check to be repeated: how often, and for how long a person may agree to that."""

    every: Duration
    term: Duration
    source: Source


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of an industry policy, compiled. Texts are in `en` and `zh`."""

    id: str
    version: str
    jurisdiction: str
    title: Mapping[str, str]
    source: Source
    checked: date
    digest: str
    roles: tuple[str, ...]
    role_labels: Mapping[str, Mapping[str, str]]
    registries: tuple[str, ...]
    not_covered: tuple[Mapping[str, str], ...]
    assurance: str
    release: Release
    bars: tuple[Bar, ...]
    lease: Lease | None = None

    @property
    def cite(self) -> str:
        """The norm on which the policy rests."""
        return self.source.cite

    def bars_for(self, role: str) -> tuple[Bar, ...]:
        """The bars that concern a role. Raises KeyError for a role that the policy does not have."""
        if role not in self.roles:
            raise KeyError(role)
        return tuple(bar for bar in self.bars if role in bar.roles)


def jurisdiction_of(name: str) -> str:
    """Whose law a policy (or a reader) belongs to: `cn` for `cn/kindergarten`."""
    return name.partition("/")[0]


def read_policy(table: Table, policy_id: str, version: str, digest: str) -> Policy:
    """Compile a policy document. Raises DocumentError with the place and what would be right."""
    boundary = table.take_word("boundary", BOUNDARIES, "anniversary")
    source = take_source(table)
    in_force = table.take_day("in_force")
    if in_force.isoformat() != version:
        raise table.error("in_force", f"is {in_force}, which does not agree with the file's name, {version}.toml")
    labels = vocabulary.words("role").get(policy_id)
    if labels is None:
        raise table.error("", f"{policy_id} is not a policy of the vocabulary")
    roles = table.take_words("roles", labels)
    rank = table.take_word("rank", vocabulary.words("rank"))
    basis = _basis(table, ())
    bars = tuple(_bar(one, boundary, source, rank, basis, roles) for one in table.take_tables("bar"))
    _check_bars(table, bars)
    policy = Policy(
        id=policy_id,
        version=version,
        jurisdiction=jurisdiction_of(policy_id),
        title=table.take_label("title"),
        source=source,
        checked=table.take_day("checked"),
        digest=digest,
        roles=roles,
        role_labels={role: labels[role] for role in roles},  # type: ignore[misc]
        registries=table.take_words("registries", None),
        not_covered=table.take_labels("not_covered"),
        assurance=table.take_word("assurance", vocabulary.words("assurance"), "substantial"),
        release=_release(table),
        bars=bars,
        lease=_lease(table),
    )
    table.done()
    return policy


def _check_bars(table: Table, bars: tuple[Bar, ...]) -> None:
    if not bars:
        raise table.error("bar", "is missing: a policy without a bar would say yes to everybody")
    ids = [bar.id for bar in bars]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise table.error("bar", f'two bars have the id "{twice[0]}"')


def _basis(table: Table, default: tuple[str, ...]) -> tuple[str, ...]:
    basis = table.take_words("basis", None, list(default))
    regimes = [jurisdiction_of(reader) for reader in basis]
    if len(set(regimes)) != len(regimes):
        raise table.error("basis", "names two readers of one regime")
    return basis


def _bar(table: Table, boundary: str, policy: Source, rank: str, basis: tuple[str, ...], roles: tuple[str, ...]) -> Bar:
    known = vocabulary.words("disposition")
    dispositions = frozenset(table.take_words("disposition", known) if table.has("disposition") else ())
    conditions = Table({k: v for k, v in table.data.items() if k != "disposition"}, table.file, table.place)
    bar = Bar(
        id=conditions.take_text("id"),
        source=take_source(conditions, policy),
        rank=conditions.take_word("rank", vocabulary.words("rank"), rank),
        basis=_basis(conditions, basis),
        roles=conditions.take_words("roles", roles, list(roles)),
        at_least=conditions.take_number("at_least", 1),
        condition=compile_condition(conditions, boundary),
        dispositions=(dispositions or vocabulary.meaning("counted")) - vocabulary.meaning("never_counted"),
    )
    conditions.done()
    if bar.at_least < 1:
        raise table.error("at_least", "must be 1 or more")
    if not bar.condition.says:
        raise table.error("", "has no condition: it would bar everybody with any entry")
    return bar


def _release(table: Table) -> Release:
    inner = table.take_table("release")
    if inner is None:
        raise table.error("release", "is missing")
    refusal = inner.take_word("refusal", ("reviewed", "automatic"), "reviewed")
    if refusal == "automatic":
        inner.take_text("refusal_cite")
    release = Release(
        hold=_time(inner, "hold"),
        grid=_time(inner, "grid"),
        refusal=refusal,
        review_share=inner.take_share("review_share"),
    )
    inner.done()
    if release.grid <= timedelta(0):
        raise inner.error("grid", "must be longer than nothing")
    return release


def _lease(table: Table) -> Lease | None:
    inner = table.take_table("lease")
    if inner is None:
        return None
    lease = Lease(inner.take_duration("every"), inner.take_duration("term"), take_source(inner))
    inner.done()
    for key, length in (("every", lease.every), ("term", lease.term)):
        if length.days or not length.months:
            raise inner.error(key, "must be whole months or years, such as P1Y")
    if lease.term.months < lease.every.months:
        raise inner.error("term", "is shorter than every: nothing would be repeated")
    return lease


def _time(table: Table, key: str) -> timedelta:
    text: Any = table.take_text(key)
    day, _, clock = text.partition("T")
    try:
        days = Duration.parse(day) if day != "P" else Duration(0, 0)
        if days.months or (not clock and day == "P") or (clock and clock[-1] not in _TIME_UNITS):
            raise ValueError
        time = timedelta(**{_TIME_UNITS[clock[-1]]: int(clock[:-1])}) if clock else timedelta(0)
    except ValueError:
        raise table.error(key, "must be a duration such as P1D, PT1H or PT30M") from None
    return timedelta(days=days.days) + time
