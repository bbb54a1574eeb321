"""A registry file keeps its secrets, notices damage, and can be replaced while it is asked."""

import sqlite3
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from connectors.base import BadAnswer, ConnectorError, Id, Misconfigured, Name, Query, Unavailable
from connectors.codes.table import NO_CODES
from connectors.embedded import EmbeddedRegistry, build

KEY = bytes(range(32))
SOURCE = """\
id_type,id,name,born,ref,case,jurisdiction,kind,offence,disposition
passport,E1234567,Lin Zhou,1990-05-20,P-1,No. 12,cn,administrative,drugs.use,penalised
passport,E7654321,He Yi,1991-01-02,P-2,No. 13,cn,administrative,gambling,penalised
"""
QUESTION = Query((Name("Lin Zhou"),), date(1990, 5, 20), (Id("passport", "E1234567"),), "hiring", "con_a", "cn/x")


def make(folder: Path, text: str = SOURCE, key: bytes = KEY) -> Path:
    (folder / "people.csv").write_text(text)
    build(folder / "people.csv", folder / "people.sqlite", key, NO_CODES, lambda done, total: None)
    return folder / "people.sqlite"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path)


@pytest.fixture
def registry(path: Path) -> Iterator[EmbeddedRegistry]:
    registry = EmbeddedRegistry("police", path, KEY)
    yield registry
    registry.close()


def write(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_stolen_file_tells_nothing(path: Path) -> None:
    """No name, number, day, offence or case stands in it, and only its owner may read it."""
    content = path.read_bytes()
    for secret in ("Lin", "Zhou", "E1234567", "1990", "drugs", "P-1", "No. 12", "penalised", "passport"):
        assert secret.encode() not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_person_has_another_index_in_every_build(tmp_path: Path) -> None:
    """Two files cannot be laid side by side."""
    rows = []
    for _ in range(2):
        connection = sqlite3.connect(make(tmp_path))
        rows.append({row[0] for row in connection.execute("SELECT blind FROM person")})
        connection.close()
    assert rows[0].isdisjoint(rows[1])


def test_a_new_build_is_asked_from_then_on(registry: EmbeddedRegistry, tmp_path: Path) -> None:
    """A running server need not be told."""
    assert [each.entry.offence for each in registry.ask(QUESTION).reports] == ["drugs.use"]
    make(tmp_path, SOURCE.replace("drugs.use", "theft"))
    assert [each.entry.offence for each in registry.ask(QUESTION).reports] == ["theft"]


def test_a_file_that_is_gone_is_unavailable_and_comes_back(registry: EmbeddedRegistry, path: Path) -> None:
    """Silence is an error, not an answer, and nothing else is needed once the file is there again."""
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(Unavailable):
        registry.ask(QUESTION)
    path.write_bytes(content)
    assert len(registry.ask(QUESTION).reports) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not a SQLite file"),
        (b"people,entries\n" * 100, "is not a SQLite file"),
        (slice(0, 90), "is not a SQLite file"),
        (slice(0, 8192), "is truncated: 8192 bytes of"),
        (slice(0, -1), "is truncated"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(path: Path, content: bytes | slice, problem: str) -> None:
    """Its people would look clean."""
    path.write_bytes(path.read_bytes()[content] if isinstance(content, slice) else content)
    registry = EmbeddedRegistry("police", path, KEY)
    assert not registry.ready()
    with pytest.raises(Misconfigured, match=f"police: the registry file {problem}"):
        registry.ask(QUESTION)


def test_another_sqlite_file_is_refused(tmp_path: Path) -> None:
    """Only what the build command made is a registry."""
    write(tmp_path / "other.sqlite", "CREATE TABLE person (blind, body)")
    with pytest.raises(Misconfigured, match="not a registry"):
        EmbeddedRegistry("police", tmp_path / "other.sqlite", KEY).ask(QUESTION)


def test_a_file_of_another_format_is_refused(path: Path) -> None:
    """An older or newer build is never half understood."""
    write(path, "PRAGMA user_version = 7")
    with pytest.raises(Misconfigured, match="was built by another version"):
        EmbeddedRegistry("police", path, KEY).ask(QUESTION)


def test_a_wrong_key_is_refused(path: Path) -> None:
    """With another key every index would miss, and everybody look clean."""
    with pytest.raises(Misconfigured, match="the key is not the one that it was built with"):
        EmbeddedRegistry("police", path, b"x" * 32).ask(QUESTION)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE person SET body = zeroblob(80)",
        "UPDATE person SET body = x''",
        "REPLACE INTO person SELECT b.blind, a.body FROM person AS a JOIN person AS b ON a.blind != b.blind",
        "DROP TABLE alias",
    ],
)
def test_an_altered_row_is_a_bad_answer(path: Path, change: str) -> None:
    """Rewritten or exchanged, it does not open."""
    write(path, change)
    with pytest.raises(BadAnswer):
        EmbeddedRegistry("police", path, KEY).ask(QUESTION)


def test_a_person_who_is_led_to_and_not_there_is_a_bad_answer(path: Path) -> None:
    """A row taken away is noticed where another row leads to it."""
    write(path, "DELETE FROM person")
    with pytest.raises(BadAnswer, match="a person who is not there"):
        EmbeddedRegistry("police", path, KEY).ask(QUESTION)


def test_a_file_without_its_first_row_is_refused(path: Path) -> None:
    """Without its salt nothing can be looked up."""
    write(path, "DELETE FROM meta")
    with pytest.raises(ConnectorError, match="its first table cannot be read"):
        EmbeddedRegistry("police", path, KEY).ask(QUESTION)
