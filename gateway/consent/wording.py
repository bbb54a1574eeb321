"""Words, days and times as the subject reads them: in their language, in the time of the policy's country."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from policies import vocabulary

_HAN = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_KEPT = "\ue000"  # stands for a space inside a fact meanwhile; no text and no fact has it
_BETWEEN_HAN = re.compile(f"(?<={_HAN}) (?={_HAN})")
_FOLDER = Path(__file__).parent / "texts"

LANGUAGES: Mapping[str, str] = {"en": "en", "zh": "zh-Hans"}
"""The languages of the pages, each with its tag for `lang` (BCP 47); the first stands in for any other."""


def known(language: str | None) -> str:
    """The language itself if the pages have it, else the first."""
    return language if language is not None and language in LANGUAGES else next(iter(LANGUAGES))


class Wording:
    """The texts of one language, with times in the zone of one jurisdiction (UTC where none is known)."""

    folders: tuple[Path, ...] = (_FOLDER,)
    """Where the texts stand; other pages have theirs in a folder of their own, under other names."""

    def __init__(self, language: str, where: str | None = None) -> None:
        self.language = known(language)
        self._texts = _read(self.language, self.folders)
        self._zone = vocabulary.zone(where or "")

    def __call__(self, place: str, **facts: str) -> str:
        """The text at a dotted place, with its facts. Raises KeyError when the text or a fact is missing."""
        text: Any = self._texts
        for step in place.split("."):
            text = text[step]
        kept = {name: fact.replace(" ", _KEPT) for name, fact in facts.items()}
        return _tidy(Template(text).substitute(kept))

    def has(self, place: str) -> bool:
        """Whether there is a text at this dotted place."""
        text: Any = self._texts
        for step in place.split("."):
            text = text.get(step) if isinstance(text, Mapping) else None
        return isinstance(text, str)

    def moment(self, at: datetime) -> str:
        """A moment to the minute, with the name of its time: `Saturday 21 November 2026, 15:00 (Beijing time)`."""
        zone, name = _zone(self._zone)
        local = at.astimezone(zone)
        times = self._texts["times"]
        return Template(times["moment"]).substitute(
            weekday=times["weekdays"][local.weekday()], day=str(local.day), month=times["months"][local.month - 1],
            year=str(local.year), time=f"{local:%H:%M}", zone=times["zones"][name],
        )  # fmt: skip

    def day(self, day: date) -> str:
        """A day of the calendar: `21 November 2026`."""
        times = self._texts["times"]
        return Template(times["day"]).substitute(
            day=str(day.day), month=times["months"][day.month - 1], year=str(day.year)
        )

    def span(self, length: timedelta) -> str:
        """A length of time in its largest whole unit: `2 days`, `1 hour`."""
        seconds = max(1, int(length.total_seconds()))
        units = self._texts["times"]["units"]
        for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
            if seconds % size == 0:
                count = seconds // size
                return Template(units[name] if count == 1 else units[f"{name}s"]).substitute(count=str(count))
        raise AssertionError("seconds divide by one")


def _tidy(text: str) -> str:
    """Take out the spaces that came to stand between two Chinese characters or marks, but for those inside a fact."""
    return _BETWEEN_HAN.sub("", text).replace(_KEPT, " ")


def _zone(name: str) -> tuple[tzinfo, str]:
    return (UTC if name == "UTC" else ZoneInfo(name)), name


@cache
def _read(name: str, folders: tuple[Path, ...]) -> Mapping[str, Any]:
    texts: dict[str, Any] = {}
    for folder in folders:
        texts |= tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
    return texts
