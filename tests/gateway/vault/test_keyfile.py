"""The key file: read by name of its faults, changed at once or not at all, overwritten where it lay, read anew."""

import os
import stat
import threading
from pathlib import Path

import pytest

from gateway import vault
from gateway.config import ConfigError
from gateway.vault import keyfile
from gateway.vault.keyfile import KeyFileError, Line
from gateway.vault.ring import ring
from tests.stage import key
from tests.visitors import wait_for

KEKS = [keyfile.new("kek", "standing-1"), keyfile.new("kek", "2026-11")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A key file with two keys."""
    path = tmp_path / "sealgate.keys"
    keyfile.create(path, KEKS)
    return path


def test_what_is_written_is_read(file: Path) -> None:
    """Every kind of line comes back, and the file is its owner's alone."""
    lines = [*KEKS, keyfile.new("index", "2"), keyfile.new("kek", "standing-2", waits=True)]
    keyfile.change(file, lambda _: lines)
    assert list(keyfile.read(file)) == lines
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["sealgate.keys"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kek a", "line 1: must be"),
        (f"# head\n\nkey a {key('a')}", "line 3: must be"),
        ("kek a AAAA", "line 1: the key must be 32 random bytes"),
        (f"kek a {key('a')}\nkek a {key('b')}", "names a key twice"),
        (f"kek a {key('a')}\nkek b {key('a')}", "a different key on each line"),
        (f"kek a {key('a')}\nindex 3 {key('b')}", "from 2 on"),
        (f"kek a {key('a')}\nnext index 2 {key('b')}\nindex 3 {key('c')}", "only its last key"),
        (f"kek a {key('a')}\nkek b {key('i')}", "must not hold SEALGATE_INDEX_KEY"),
        (f"kek 2026-11 {key('a')}", "has no standing key"),
        ("", "has no standing key"),
    ],
)
def test_a_wrong_file_is_refused_without_repeating_it(tmp_path: Path, text: str, says: str) -> None:
    """The line and what it should be are named; no key is in the message."""
    path = tmp_path / "keys"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refused:
        vault.init({}, b"i" * 32, path)
    assert says in str(refused.value)
    assert str(refused.value).count("SEALGATE_KEY_FILE") == 1
    assert not [letter for letter in "abci" if key(letter) in str(refused.value)]


def test_keys_do_not_show(file: Path) -> None:
    """Neither a line nor the ring prints a key."""
    vault.init({}, b"i" * 32, file)
    shown = repr(keyfile.read(file)) + repr(ring())
    assert not [line for line in KEKS if repr(line.key)[2:20] in shown]


def test_a_key_that_is_taken_out_is_overwritten_where_it_lay(file: Path) -> None:
    """Whoever held the old file open, or reads its blocks, finds zeros."""
    with file.open("rb") as old:
        keyfile.change(file, lambda lines: keyfile.without(lines, "kek", "2026-11"))
        assert set(old.read()) == {0}
    assert [line.id for line in keyfile.read(file)] == ["standing-1"]


def test_what_a_killed_change_left_is_overwritten_and_removed(file: Path) -> None:
    """It holds every key of its time, and nobody would ever take one out of it."""
    left = file.with_name(f".{file.name}.0123456789abcdef")
    left.write_text(file.read_text("utf-8"), "utf-8")
    other = file.with_name(f".{file.name}.kept")
    other.touch()
    with left.open("rb") as still_open:
        keyfile.change(file, lambda lines: lines)
        assert set(still_open.read()) == {0}
    assert not left.exists()
    assert other.exists()


def test_a_change_that_fails_changes_nothing(file: Path) -> None:
    """The old file stays, and nothing else does."""
    before = file.read_bytes()

    def fails(_lines: tuple[Line, ...]) -> list[Line]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        keyfile.change(file, fails)
    assert file.read_bytes() == before
    file.write_text("damaged", "utf-8")
    with pytest.raises(KeyFileError):
        keyfile.change(file, lambda lines: lines)
    assert [path.name for path in file.parent.iterdir()] == ["sealgate.keys"]


def test_a_link_to_the_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    """Secrets are often mounted by links; the file behind is changed."""
    folder = tmp_path / "etc"
    folder.mkdir()
    link = folder / "keys"
    link.symlink_to(file)
    keyfile.change(link, lambda lines: [*lines, keyfile.new("kek", "2026-12")])
    assert link.is_symlink()
    assert len(keyfile.read(file)) == 3


def test_changes_at_the_same_time_lose_nothing(file: Path) -> None:
    """One change after the other; whoever reads meanwhile never sees half a file."""
    vault.init({}, b"i" * 32, file)
    months = [f"2030-{number:02}" for number in range(1, 13)]
    seen: list[int] = []

    def add(month: str) -> None:
        keyfile.change(file, lambda lines: [*lines, keyfile.new("kek", month)])

    threads = [threading.Thread(target=add, args=(month,)) for month in months]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.append(len(ring().keks))
    assert seen == sorted(seen)
    assert {line.id for line in keyfile.read(file)} == {"standing-1", "2026-11", *months}
    assert len(ring().keks) == 14


def test_a_running_process_reads_the_file_anew(file: Path) -> None:
    """A key that was added is there at once, one that was taken out is gone; a damaged file stops nothing."""
    vault.init({}, b"i" * 32, file)
    keyfile.change(file, lambda lines: [*lines, keyfile.new("kek", "2026-12")])
    assert "2026-12" in ring().keks
    keyfile.change(file, lambda lines: keyfile.without(lines, "kek", "2026-11"))
    assert set(ring().keks) == {"standing-1", "2026-12"}
    file.write_text("damaged", "utf-8")
    assert set(ring().keks) == {"standing-1", "2026-12"}
    file.unlink()
    assert set(ring().keks) == {"standing-1", "2026-12"}


def test_a_file_that_cannot_be_read_is_tried_again(file: Path) -> None:
    """What is in the way may go without a change that shows: an owner is set, say, after it was copied."""
    vault.init({}, b"i" * 32, file)
    keyfile.change(file, lambda lines: [*lines, keyfile.new("kek", "2026-12")])
    good = file.read_text("utf-8")
    keyfile.change(file, lambda lines: keyfile.without(lines, "kek", "2026-12"))
    assert "2026-12" not in ring().keks
    file.write_text("x" * len(good), "utf-8")
    stamp = file.stat()
    assert "2026-12" not in ring().keks
    file.write_text(good, "utf-8")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    wait_for("the file to be read", lambda: "2026-12" in ring().keks, 10)


def test_whether_the_file_may_be_changed_is_known_beforehand(file: Path) -> None:
    """A server that may not change it leaves that to `sealgate keys turn`, run elsewhere."""
    assert keyfile.writable(file)
    assert not keyfile.writable(file.parent / "missing")
