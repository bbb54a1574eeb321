"""Places: every combination of jurisdiction, kind, disposition and offence that a matter can have, as bits of a number.

A set of places is one integer, so that what two policies have in common is one `&`. The offences are the words that a
full record uses: those that are not merely the beginning of others. A *cell* is an offence and a kind, whatever the
jurisdiction and the disposition: what somebody learns from an answer is said in cells.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from policies import vocabulary
from policies.analysis import usual


@dataclass(frozen=True, slots=True)
class Place:
    """Where a matter stands: what the conditions about membership ask of it."""

    jurisdiction: str
    kind: str
    disposition: str
    offence: str


Cell = tuple[str, str]
"""An offence and a kind."""


@cache
def full_words() -> tuple[str, ...]:
    """The offences that say all there is to say: no word below them, or plain beside their sub-kinds."""
    words = vocabulary.words("offence")
    plain = vocabulary.meaning("plain_offences")
    above = {word[: word.index(".", at)] for word in words for at in range(len(word)) if word[at] == "."}
    return tuple(word for word in words if (word not in above or word in plain) and word != "unknown")


@cache
def coarse_words() -> tuple[str, ...]:
    """The offences that are only the beginning of others: a registry may know no more than that."""
    return tuple(word for word in vocabulary.words("offence") if word not in full_words() and word != "unknown")


def thought_of(cells: Iterable[Cell], kinds: Iterable[str]) -> list[Cell]:
    """The cells without those of kinds that nobody thinks of, unless `kinds` names them or there are no others."""
    seldom = set(_occurs()["seldom"]["kinds"]) - set(kinds)
    every = list(cells)
    return [cell for cell in every if cell[1] not in seldom] or every


@cache
def _occurs() -> dict[str, Any]:
    return tomllib.loads(files("policies.analysis").joinpath("occurs.toml").read_text("utf-8"))


class Grid:
    """The places of some jurisdictions."""

    def __init__(self, jurisdictions: Iterable[str]) -> None:
        self.jurisdictions = tuple(jurisdictions)
        self.kinds = tuple(vocabulary.words("kind"))
        never = vocabulary.meaning("never_counted")
        self.dispositions = tuple(word for word in vocabulary.words("disposition") if word not in never)
        self.words = full_words()
        self._width = len(self.kinds) * len(self.words)
        self._of_word: dict[str, int] = {}

    def mask(
        self, says: Mapping[str, Any], dispositions: Iterable[str] | None = None, jurisdiction: str | None = None
    ) -> int:
        """The places that a condition's words let in. `dispositions` beside those that the condition names itself."""
        named = says.get("disposition")
        wanted = set(self.dispositions if dispositions is None else dispositions)
        wanted &= set(wanted if named is None else named)
        cells = self._cells(says)
        found = 0
        for number, (law, disposition) in enumerate(self._slots()):
            if disposition in wanted and jurisdiction in (None, law):
                found |= cells << (number * self._width)
        return found

    def _slots(self) -> Iterator[tuple[str, str]]:
        return ((law, disposition) for law in self.jurisdictions for disposition in self.dispositions)

    def _cells(self, says: Mapping[str, Any]) -> int:
        words = 0
        for number, word in enumerate(self.words):
            inside = "offence" not in says or vocabulary.offence_within(word, says["offence"]) is True
            outside = vocabulary.offence_within(word, says.get("except_offence", ())) is True
            words |= (inside and not outside) << number
        kinds = says.get("kind", self.kinds)
        return sum(words << (number * len(self.words)) for number, kind in enumerate(self.kinds) if kind in kinds)

    def possible(self, conditions: Iterable[Mapping[str, Any]]) -> int:
        """The places that can be by the meaning of the kinds, and those of which a condition names kind and offence."""
        found = 0
        for kind in self.kinds:
            words = _occurs()["only"].get(kind)
            found |= self.mask({"kind": [kind], "offence": words} if words else {"kind": [kind]})
        for word, kinds in _occurs()["kinds"].items():
            found &= ~self.of_word(word) | self.mask({"kind": kinds})
        for condition in conditions:
            if "kind" in condition and "offence" in condition:
                found |= self.mask(condition)
        return found

    def cells_of(self, places: int) -> int:
        """The cells of some places, as bits of a number."""
        full = (1 << self._width) - 1
        cells = 0
        while places:
            cells |= places & full
            places >>= self._width
        return cells

    def cells(self, cells: int) -> list[Cell]:
        """The offence and the kind of each bit."""
        found = []
        while cells:
            bit = cells & -cells
            kind, word = divmod(bit.bit_length() - 1, len(self.words))
            found.append((self.words[word], self.kinds[kind]))
            cells ^= bit
        return found

    def places_in(self, cells: int) -> int:
        """All places of some cells."""
        count = len(self.jurisdictions) * len(self.dispositions)
        return sum(cells << (number * self._width) for number in range(count))

    def place(self, number: int) -> Place:
        """The place of a bit."""
        slot, cell = divmod(number, self._width)
        law, disposition = divmod(slot, len(self.dispositions))
        kind, word = divmod(cell, len(self.words))
        return Place(self.jurisdictions[law], self.kinds[kind], self.dispositions[disposition], self.words[word])

    def bit(self, place: Place) -> int:
        """The bit of a place."""
        law, disposition = self.jurisdictions.index(place.jurisdiction), self.dispositions.index(place.disposition)
        cell = self.kinds.index(place.kind) * len(self.words) + self.words.index(place.offence)
        return 1 << ((law * len(self.dispositions) + disposition) * self._width + cell)

    def usual(self, places: int) -> Place:
        """The one of some places that one meets most. There must be one."""
        found = next(there for tier in self._tiers if (there := places & tier))
        return self.place((found & -found).bit_length() - 1)

    def some(self, places: int, own: Place, most: int = 20) -> Iterator[Place]:
        """Some of the places: the most usual one, one's own if it is among them, then others."""
        yield self.usual(places)
        if places & self.bit(own):
            yield own
        for _ in range(most):
            if places:
                yield self.place((places & -places).bit_length() - 1)
                places &= places - 1

    def oddness(self, places: int) -> int:
        """How far the most usual of some places is from what one meets."""
        place = self.usual(places)
        return usual.oddness(place.kind, place.disposition, place.offence)

    def of_word(self, word: str) -> int:
        """The places of an offence word, whatever else; of the empty word, all."""
        if word not in self._of_word:
            self._of_word[word] = self.mask({"offence": [word]} if word else {})
        return self._of_word[word]

    @cached_property
    def _tiers(self) -> list[int]:
        """The places from the most usual to the oddest."""
        tiers: dict[int, int] = {}
        for number in range(len(self.jurisdictions) * len(self.dispositions) * self._width):
            place = self.place(number)
            rank = usual.oddness(place.kind, place.disposition, place.offence)
            tiers[rank] = tiers.get(rank, 0) | 1 << number
        return [tiers[rank] for rank in sorted(tiers)]


def split(atoms: dict[tuple[int, ...], int], number: int, mask: int) -> dict[tuple[int, ...], int]:
    """Split disjoint sets of places by whether they lie in `mask`; the key of an atom says which masks it lies in."""
    found: dict[tuple[int, ...], int] = {}
    for key, places in atoms.items():
        for name, part in (((*key, number), places & mask), (key, places & ~mask)):
            if part:
                found[name] = part
    return found
