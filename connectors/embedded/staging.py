"""From people in the order of the source to the tables of a registry file, in the order of their keys.

The source is taken into a staging file first, since lines of one person may stand anywhere in it; then it is sorted
once, so that tens of millions of rows go in one after the other. What is staged is encrypted like the rest.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from connectors.embedded.identity import Keys, plain_id, plain_type
from connectors.embedded.source import Person
from connectors.embedded.store import APPLICATION_ID, FORMAT, SALT_BYTES, TABLES, Seal
from connectors.ids import ID_TYPES

_BATCH = 2_000
_STAGING = """
CREATE TABLE staging.fragment (person BLOB, body BLOB, matters INTEGER);
CREATE TABLE staging.alias (blind BLOB, person BLOB);
CREATE TABLE staging.name (blind BLOB, person BLOB);
"""
_INSERTS = {
    "fragment": "INSERT INTO staging.fragment VALUES (?, ?, ?)",
    "alias": "INSERT INTO staging.alias VALUES (?, ?)",
    "name": "INSERT INTO staging.name VALUES (?, ?)",
}
_SORTED = "INSERT INTO {0} SELECT DISTINCT blind, person FROM staging.{0} ORDER BY blind, person"
_FAST = "PRAGMA {0}.journal_mode=OFF; PRAGMA {0}.synchronous=OFF;"

Fragment = dict[str, Any]
"""What one line says of a person: `line`, `born`, `types` (of identifiers), `matters`, `held`."""


class Contradiction(Exception):
    """Two lines about one person that cannot both be true: the later line, the field and what is wrong."""

    def __init__(self, line: int, field: str, problem: str) -> None:
        super().__init__(f"line {line}, {field}: {problem}")
        self.line = line
        self.field = field
        self.problem = problem


@dataclass
class Written:
    """How much went into the file."""

    people: int = 0
    entries: int = 0


class Staging:
    """Takes people in any order with `add`, then writes them with `write`. Both files need no journal: a build that
    does not end is thrown away."""

    def __init__(self, target: Path, beside: Path, key: bytes, single: Iterable[str]) -> None:
        salt = os.urandom(SALT_BYTES)
        self._keys = Keys.derive(key, salt)
        self._seal = Seal(self._keys)
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _INSERTS}
        self._connection = sqlite3.connect(target, isolation_level=None)
        self._run(f"PRAGMA page_size=4096; PRAGMA cache_size=-131072; {_FAST.format('main')}")
        self._run(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT}; {TABLES}")
        self._connection.execute("ATTACH ? AS staging", (str(beside),))
        self._run(f"{_FAST.format('staging')} {_STAGING}")
        self._connection.execute("BEGIN")
        about = self._seal.close(b"meta", {"single": sorted(map(plain_type, single))})
        self._connection.execute("INSERT INTO meta VALUES (?, ?)", (salt, about))

    def _run(self, script: str) -> None:
        self._connection.executescript(script)

    def add(self, person: Person, line: int, *, held: bool) -> None:
        """One line's person. `held`: the line was refused, so that the registry must not answer about them."""
        blinds = [self._keys.of_id(each, value) for kind, value in person.ids for each in _meant(kind)]
        names = [self._keys.of_name(name, person.born) for name in person.names if person.born]
        row, *others = blinds or names
        fragment: Fragment = {"line": line}
        if person.born:
            fragment["born"] = person.born.isoformat()
        if names:  # whoever is met by a number is surely meant only if a name is theirs too
            fragment["names"] = sorted(name.hex() for name in names)
        if held:
            fragment["held"] = True
        if person.matters or held:
            # Only a person with something on file can be a candidate: only they are found by name.
            fragment["types"] = sorted({plain_type(kind) for kind, value in person.ids if _fits(kind, value)})
            fragment["matters"] = [] if held else person.matters
            self._rows["name"] += [(name, row) for name in names]
        self._rows["alias"] += [(blind, row) for blind in (others if blinds else ())]
        self._rows["fragment"].append((row, self._seal.close(row, fragment), len(person.matters)))
        if len(self._rows["fragment"]) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        for table, rows in self._rows.items():
            self._connection.executemany(_INSERTS[table], rows)
            rows.clear()

    def write(self, refuse: Callable[[Contradiction], None], progress: Callable[[float], None]) -> Written:
        """Write the tables. `refuse` is told of each contradiction and may raise; if it does not, the person is held.

        `progress` is told the share done, from 0 to 1.
        """
        self._flush()
        written = Written()
        (total,) = self._connection.execute("SELECT count(*) FROM staging.fragment").fetchone()
        done = 0
        batch: list[tuple[bytes, bytes]] = []
        for row, fragments in self._people():
            done += len(fragments)
            batch.append((row, self._whole(row, fragments, refuse, written)))
            if len(batch) >= _BATCH:
                self._insert(batch)
                progress(done / total)
        self._insert(batch)
        for table in ("alias", "name"):
            self._connection.execute(_SORTED.format(table))
        self._connection.execute("COMMIT")
        return written

    def _people(self) -> Iterator[tuple[bytes, list[tuple[bytes, int]]]]:
        rows = self._connection.execute("SELECT person, body, matters FROM staging.fragment ORDER BY person, rowid")
        for row, group in groupby(rows, key=itemgetter(0)):
            yield row, [(body, matters) for _, body, matters in group]

    def _whole(
        self,
        row: bytes,
        sealed: list[tuple[bytes, int]],
        refuse: Callable[[Contradiction], None],
        written: Written,
    ) -> bytes:
        """The sealed form of all that the lines of one person say."""
        written.people += 1
        if len(sealed) == 1 and sealed[0][1] < 2:  # the rule, and nothing to put together
            written.entries += sealed[0][1]
            return sealed[0][0]
        fragments = [self._seal.open(row, body) for body, _ in sealed]
        try:
            person = merge(fragments)
        except Contradiction as error:
            refuse(error)
            types = {kind for fragment in fragments for kind in fragment.get("types", ())}
            person = {"held": True, "types": sorted(types)}
        written.entries += len(person.get("matters", ()))
        return self._seal.close(row, person)

    def _insert(self, batch: list[tuple[bytes, bytes]]) -> None:
        self._connection.executemany("INSERT INTO person VALUES (?, ?)", batch)
        batch.clear()

    def close(self) -> None:
        """Let go of both files."""
        self._connection.close()


def _meant(kind: str) -> Iterable[str]:
    """A type that is none may be any, so that whoever is asked for by that number is told of the refused line."""
    return (kind,) if plain_type(kind) in ID_TYPES else ID_TYPES


def _fits(kind: str, value: str) -> bool:
    """A number that cannot be right does not show that its person is another one than the subject."""
    test = ID_TYPES.get(plain_type(kind))
    return test is not None and test(plain_id(value)) is None


def merge(fragments: list[Fragment]) -> Fragment:
    """One person from their lines: matters with the same `ref` are one matter with the sentences of all its lines.

    Raises Contradiction where two lines give different birth dates, or differ about one matter.
    """
    merged: Fragment = {}
    matters: dict[str, tuple[int, Fragment]] = {}
    for fragment in fragments:
        line = fragment["line"]
        if fragment.get("born", merged.get("born")) != merged.get("born", fragment.get("born")):
            raise Contradiction(line, "born", "is not the birth date given before for the same person")
        merged |= {name: fragment[name] for name in ("born", "held") if name in fragment}
        merged["names"] = sorted({*merged.get("names", ()), *fragment.get("names", ())})
        merged["types"] = sorted({*merged.get("types", ()), *fragment.get("types", ())})
        for place, matter in enumerate(fragment.get("matters", ())):
            ref = matter["entry"].get("ref")
            key = f"{line}.{place}" if ref is None else f"ref {ref}"
            earlier = matters.get(key)
            matters[key] = (line, matter if earlier is None else _joined(earlier, line, matter))
    return merged | {"matters": [matter for _, matter in matters.values()]}


def _joined(earlier: tuple[int, Fragment], line: int, matter: Fragment) -> Fragment:
    """Two lines about one matter. If either does not know its sentences, all of them are not known."""
    before, known = earlier
    first, second = ({**each, **each["entry"]} for each in (known, matter))
    for field in sorted(first.keys() | second.keys() - {"entry", "sentences"}):
        if field not in ("entry", "sentences") and first.get(field) != second.get(field):
            raise Contradiction(line, field, f"differs from line {before}, which has the same ref")
    entry = {name: value for name, value in known["entry"].items() if name != "sentences"}
    if "sentences" in first and "sentences" in second:
        entry["sentences"] = first["sentences"] + second["sentences"]
    return known | {"entry": entry}
