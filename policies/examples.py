"""The worked examples that stand beside each law and each policy: run them, and say what does not come out.

An example beside a policy has a title, a literal day, a record, the role, the expected outcome and the id of the
bar that decides. One beside a regime has the expected level of each entry with its days, all literal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from policies import documents, vocabulary
from policies.answers import seal_row
from policies.documents import DocumentError, Table
from policies.evaluator import adjudicate
from policies.library import Library, NothingInForce
from policies.model import Record, RecordError, Report, read_record
from policies.regime import Regime
from policies.sealing import Sealed, seal

_EXPECTED = ("level", "between", "since", "until", "rule", "timeline", "readers")
_LISTS = ("timeline", "between", "readers")


@dataclass(frozen=True)
class Example:
    """One example: where it stands, what it is called, and what did not come out as written (empty: all did)."""

    place: str
    title: str
    wrong: tuple[str, ...]


def run_all(library: Library, root: Traversable | Path) -> Iterator[Example]:
    """Run every example under `root` (the folder of `regimes` and `industries`). Raises DocumentError."""
    for regime_id in sorted(library.regime_versions):
        place = f"regimes/{regime_id}/examples.toml"
        yield from _run(library, root.joinpath(*place.split("/")), place, regime_id, _regime_example)
    for policy_id in library.policies():
        yield from run_of(library, root, policy_id)


def run_of(library: Library, root: Traversable | Path, policy_id: str) -> Iterator[Example]:
    """Run the examples of one policy under `root`. Raises DocumentError."""
    place = f"industries/{policy_id}/examples.toml"
    yield from _run(library, root.joinpath(*place.split("/")), place, policy_id, _policy_example)


def _run(library: Library, file: Traversable | Path, place: str, name: str, one: Any) -> Iterator[Example]:
    if not file.is_file():
        raise DocumentError(place, "", "is missing: every law and policy has worked examples")
    table, _ = documents.read(file, place)
    titles: set[str] = set()
    for example in table.take_tables("example"):
        title = example.take_text("title")
        if title in titles:
            raise example.error("title", f'"{title}" is the title of two examples')
        titles.add(title)
        try:
            yield Example(f"{place}: {title}", title, tuple(one(library, name, example)))
        except NothingInForce as error:
            raise example.error("day", str(error)) from None
        example.done()
    table.done()


def _record(example: Table, jurisdiction: str) -> Record:
    document = example.take_any("record")
    entries = document.get("entries", []) if isinstance(document, dict) else []
    try:
        return read_record({**document, "entries": [{"jurisdiction": jurisdiction, **entry} for entry in entries]})
    except (RecordError, TypeError) as error:
        raise example.error("record", str(error)) from None


def _regime_example(library: Library, regime_id: str, example: Table) -> Iterator[str]:
    day = example.take_day("day")
    regime = library.regime(regime_id, day)
    record = _record(example, regime.jurisdiction)
    sealed = seal(record.entries, {regime.jurisdiction: regime}, day, record.born)
    rows = [{**seal_row(one), "readers": sorted(_readers(one, regime))} for one in sealed]
    rules = {rule.id for rules in regime.rules.values() for rule in rules}
    expected = example.take_tables("expect")
    if len(expected) != len(rows):
        yield f"{len(expected)} entries are expected, {len(rows)} are there on the day"
    for number, (want, row) in enumerate(zip(expected, rows, strict=False), 1):
        for key in _EXPECTED:
            if not want.has(key):
                continue
            wanted = _wanted(want, key, rules)
            found = [f"{phase['level']} {phase['from']}" for phase in row[key]] if key == "timeline" else row.get(key)
            if wanted != found:
                yield f"entry {number}: {key} is {found}, expected {wanted}"
        want.done()


def _readers(sealed: Sealed, regime: Regime) -> Iterator[str]:
    """Who may surely read an entry on the day: nobody what is deep or erased, every reader what is open."""
    for name, reader in regime.readers.items():
        opened = sealed.level == "open" or (sealed.level == "shallow" and reader.opens_case(sealed.case))
        if opened:
            yield name


def _wanted(want: Table, key: str, rules: set[str]) -> Any:
    value = want.take_any(key)
    if key == "rule":
        want.known(key, value, rules)
    return value if key in _LISTS else str(value)


def _policy_example(library: Library, policy_id: str, example: Table) -> Iterator[str]:
    day = example.take_day("day")
    policy = library.policy(policy_id, day)
    record = _record(example, policy.jurisdiction)
    role = example.take_word("role", policy.roles, policy.roles[0])
    reading = example.take_word("reading", vocabulary.words("reading"), "strict")
    outcome = example.take_word("outcome", vocabulary.words("outcome"))
    bars = [bar.id for bar in policy.bars]
    bar = example.take_word("bar", bars) if example.has("bar") else None
    reports = [Report(entry) for entry in record.entries]
    answer = adjudicate(reports, library.regimes(day), policy, role, day, reading, record.born)
    if answer.outcome != outcome:
        yield f"the outcome is {answer.outcome}, expected {outcome}"
    says = "yes" if outcome == "ineligible" else "unknown"
    deciding = [reason.bar for reason in answer.reasons if reason.holds == says]
    if (bar is None) != (outcome == "eligible"):
        raise example.error("bar", "names the bar that decides, unless the outcome is eligible")
    if bar is not None and bar not in deciding:
        yield f"{bar} does not decide; {', '.join(deciding) or 'no bar'} does"
