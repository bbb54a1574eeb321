"""Advice: what to merge, widen or drop so that an answer leaves more categories open, or tells nothing at all.

Each piece says what to `do` to the bars of which policy and roles, with `what` (offences by kinds), and how many
categories lie behind the answer `then`: 0 if no matter brings it about any more.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from policies.analysis.asks import Ask
from policies.analysis.categories import Category, categories, named
from policies.analysis.leaks import Leak, Leaks, bars_on
from policies.analysis.places import Cell
from policies.policy import Bar


def advice(leaks: Leaks, leak: Leak, others: Sequence[Leak], threshold: int) -> list[dict[str, Any]]:
    """What would help. `others` are the sets behind the other answers of the same two asks; for one ask, none."""
    if len(leak.asks) == 1:
        return list(_wider(leaks, leak, threshold))
    if all(leak.answers):
        return [*_unshared(leak), *_shared(leak, others, threshold)]
    return [*_closed(leaks, leak), *_given_up(leak, others, threshold)]


def _one(do: str, ask: Ask, what: Sequence[Category], then: int, **more: Any) -> dict[str, Any]:
    by_kinds: dict[tuple[str, ...], list[str]] = {}
    for one in what:
        by_kinds.setdefault(one.kinds, []).extend((one.word,) if one.whole else one.words)
    return {
        "do": do,
        "policy": ask.policy.id,
        "roles": list(ask.roles),
        "what": [{"offence": words, "kind": list(kinds)} for kinds, words in by_kinds.items()],
        "then": then,
        **more,
    }


def _wider(leaks: Leaks, leak: Leak, threshold: int) -> Iterator[dict[str, Any]]:
    """Answer one ask together with another, or refuse some of what that one refuses as well."""
    ask = leak.asks[0]
    own = {one.word for one in leak.categories}
    found = []
    for other in leaks.asks:
        single = leaks.single(other) if other.policy.jurisdiction == ask.policy.jurisdiction else None
        new = [one for one in single.categories if one.word not in own] if single else []
        if len(own) + len(new) >= threshold:
            found.append((len(new), other, new))
    if found:
        count, other, new = min(found, key=lambda one: one[0])
        missing = new[: threshold - len(own)]
        yield _one("merge", ask, leak.categories, len(own) + count, with_ask=other.name)
        yield _one("add", ask, missing, len(own) + len(missing), as_in=other.name)


def _closed(leaks: Leaks, leak: Leak) -> Iterator[dict[str, Any]]:
    """Let the two asks treat alike what lies between them: words that one has, conditions of words that both have."""
    yes, no = (leak.asks[leak.answers.index(said)] for said in (False, True))
    other = leaks.single(yes)
    refused: set[Cell] = set(other.cells) if other else set()
    names = named((*yes.bars, *no.bars))
    alone = [cell for cell in leak.cells if cell not in refused]
    shared = [cell for cell in leak.cells if cell in refused]
    words, conditions = categories(alone, names), categories(shared, names)
    if words:
        yield _one("add", yes, words, len(conditions))
        yield _one("drop", no, words, len(conditions), bars=[bar.id for bar in bars_on(no, alone)])
    if conditions:
        bars, beside = bars_on(no, shared), bars_on(yes, shared)
        told = {"bars": [bar.id for bar in bars], "with_ask": yes.name, "with_bars": [bar.id for bar in beside]}
        yield _one("align", no, conditions, len(words), **told, differ=_differ(bars, beside))


def _differ(bars: Sequence[Bar], others: Sequence[Bar]) -> list[str]:
    """What bars of the same words ask differently: conditions, the rank of the norm, the basis, how many, the ways in
    which a matter ended."""
    found: dict[str, None] = {}
    for bar in bars:
        for other in others:
            says, said = bar.condition.says, other.condition.says
            of_words = ("offence", "except_offence", "kind")
            found |= {key: None for key in {**says, **said} if key not in of_words and says.get(key) != said.get(key)}
            for name in ("rank", "basis", "at_least", "dispositions"):
                if getattr(bar, name) != getattr(other, name):
                    found[name] = None
    return list(found)


def _unshared(leak: Leak) -> Iterator[dict[str, Any]]:
    """Let one of the two not refuse what both do."""
    for ask in leak.asks:
        yield _one("drop", ask, leak.categories, 0, bars=[bar.id for bar in bars_on(ask, leak.cells)])


def _given_up(leak: Leak, others: Sequence[Leak], threshold: int) -> Iterator[dict[str, Any]]:
    """Let the ask that says yes give up some of what both refuse, so that more lies in the difference."""
    both = next((other for other in others if all(other.answers)), None)
    if both is not None:
        yield from _moved("drop", leak.asks[leak.answers.index(False)], leak, both.categories, threshold)


def _shared(leak: Leak, others: Sequence[Leak], threshold: int) -> Iterator[dict[str, Any]]:
    """Let one of the two refuse more of what the other alone refuses, so that more is common to both."""
    for other in others:
        if not all(other.answers):
            yield from _moved("add", other.asks[other.answers.index(False)], leak, other.categories, threshold)


def _moved(do: str, ask: Ask, leak: Leak, what: Sequence[Category], threshold: int) -> Iterator[dict[str, Any]]:
    own = {one.word for one in leak.categories}
    new = [one for one in what if one.word not in own][: threshold - leak.size]
    if leak.size + len(new) >= threshold:
        yield _one(do, ask, new, leak.size + len(new))
