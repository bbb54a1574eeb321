"""A policy in plain words, generated from its data: what a person who is asked for consent reads."""

from collections.abc import Sequence

from policies import vocabulary
from policies.days import Duration
from policies.policy import Bar, Policy

_JOIN = {"en": ", ", "zh": "、"}
_COLON = {"en": ": ", "zh": "："}
_THEN = {"en": "; ", "zh": "；"}
_CITED = {"en": "{0} ({1}).", "zh": "{0}（{1}）。"}
_STOP = {"en": "{0}.", "zh": "{0}。"}

_TEXT = {
    "any": {"en": "any offence", "zh": "任何违法犯罪"},
    "except": {"en": "except {0}", "zh": "但不包括{0}"},
    "ever": {"en": "at any time", "zh": "不限时间"},
    "within": {"en": "within {0} of {1}", "zh": "自{1}起{0}内"},
    "running": {"en": "while it is in effect", "zh": "在其有效期间"},
    "count": {"en": "{0} or more", "zh": "{0}次或以上"},
    "sentence": {"en": "with {0}", "zh": "并处{0}"},
    "years": {"en": "{0} years", "zh": "{0}年"},
    "one-year": {"en": "one year", "zh": "一年"},
    "months": {"en": "{0} months", "zh": "{0}个月"},
    "days": {"en": "{0} days", "zh": "{0}天"},
}

_CLOCKS = {
    "act": {"en": "the act", "zh": "行为发生之日"},
    "decision": {"en": "the decision", "zh": "决定之日"},
    "ended": {"en": "the day it ended", "zh": "终止之日"},
    "release": {"en": "release", "zh": "释放之日"},
    "start": {"en": "the start of the sentence", "zh": "执行开始之日"},
}
_SENTENCE_END = {"en": "the end of the sentence", "zh": "执行完毕之日"}


def looked_at(policy: Policy, role: str, language: str) -> list[str]:
    """What would lead to a *no* for this role, one line a bar, with its citation. `language` is `en` or `zh`.

    Raises KeyError for a role or language that does not exist.
    """
    return [describe(bar, language) for bar in policy.bars_for(role)]


def looked_at_by_law(policy: Policy, role: str, language: str) -> dict[str, list[str]]:
    """The same for a page: under each citation, in the order of the policy, its bars without it.

    Raises KeyError for a role or language that does not exist.
    """
    lines: dict[str, list[str]] = {}
    for bar in policy.bars_for(role):
        lines.setdefault(bar.source.cited(language), []).append(_STOP[language].format(_says(bar, language)))
    return lines


def describe(bar: Bar, language: str) -> str:
    """One bar in plain words, with its citation."""
    return _CITED[language].format(_says(bar, language), bar.source.cited(language))


def _says(bar: Bar, language: str) -> str:
    says = bar.condition.says
    kinds = _labels("kind", says.get("kind", ()), language)
    what = _labels("offence", says.get("offence", ()), language) or _TEXT["any"][language]
    parts = [what]
    if "except_offence" in says:
        parts.append(_TEXT["except"][language].format(_labels("offence", says["except_offence"], language)))
    if "sentence" in says:
        parts.append(_TEXT["sentence"][language].format(_labels("sentence", says["sentence"], language)))
    if "traits" in says:
        parts.append(_labels("trait", says["traits"], language))
    if bar.at_least > 1:
        parts.append(_TEXT["count"][language].format(bar.at_least))
    text = f"{_JOIN[language].join(parts)}{_THEN[language]}{_time(bar, language)}"
    head = f"{kinds}{_COLON[language]}{text}" if kinds else text
    return f"{head[:1].upper()}{head[1:]}"


def _labels(kind: str, words: Sequence[str], language: str) -> str:
    labels = {word: vocabulary.label(kind, word, language) for word in words}
    for first, second, together in vocabulary.said_together():
        if first in labels and second in labels:
            labels[first] = together[language]
            del labels[second]
    return _JOIN[language].join(labels.values())


def _time(bar: Bar, language: str) -> str:
    within = bar.condition.says.get("within")
    if within is None:
        return _TEXT["ever"][language]
    length = Duration.parse(within["period"])
    if length == Duration(0, 0):
        return _TEXT["running"][language]
    clock = _CLOCKS.get(within["clock"], _SENTENCE_END)[language]
    return _TEXT["within"][language].format(_length(length, language), clock)


def _length(length: Duration, language: str) -> str:
    years, months = divmod(length.months, 12)
    if length.days or not length.months:
        return _TEXT["days"][language].format(length.days)
    if months:
        return _TEXT["months"][language].format(length.months)
    return _TEXT["one-year"][language] if years == 1 else _TEXT["years"][language].format(years)
