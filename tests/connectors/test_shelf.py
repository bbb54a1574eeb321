"""The shelf reads registries.toml, or says where it is wrong."""

import base64
from pathlib import Path

import pytest

from connectors import shelf
from connectors.base import ConfigurationError
from connectors.codes.table import NO_CODES
from connectors.embedded import build

KEY = bytes(range(32))
TEXT = base64.urlsafe_b64encode(KEY).decode()
ENVIRON = {"KEY": TEXT, "SHORT": "abcd", "OTHER": base64.urlsafe_b64encode(b"x" * 32).decode()}
GOOD = '[police]\nconnector = "embedded"\npath = "people.sqlite"\nkey_env = "KEY"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    (folder / "people.csv").write_text("id_type,id\npassport,E1\n")
    build(folder / "people.csv", folder / "people.sqlite", KEY, NO_CODES, lambda done, total: None)
    (folder / "half.sqlite").write_bytes((folder / "people.sqlite").read_bytes()[:5000])
    (folder / "text.sqlite").write_text("not a database" * 100)
    return folder


def test_the_registries_of_the_file_are_there_by_name(folder: Path) -> None:
    """A relative path is beside the file, and the key without padding will do."""
    (folder / "registries.toml").write_text(GOOD + GOOD.replace("police", "courts"))
    shelf_ = shelf.load(folder / "registries.toml", {"KEY": TEXT.rstrip("=")})
    assert {name: connector.name for name, connector in shelf_.items()} == {"police": "police", "courts": "courts"}
    assert all(connector.ready() for connector in shelf_.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": names no registry"),
        ("[police", ": is not TOML: .*"),
        ("police = 1", ", police: must be a table of settings"),
        ('[police]\npath = "x"', r", \[police\], connector: is missing"),
        (
            '[police]\nconnector = "embeded"',
            r', \[police\], connector: "embeded" is not a connector; there is: embedded',
        ),
        (GOOD.replace("path", "file"), r", \[police\], file: is not a setting; path, key_env are"),
        (GOOD.replace('"people.sqlite"', "7"), r", \[police\], path: must be text"),
        (
            GOOD.replace("people.sqlite", "gone.sqlite"),
            r", \[police\], path: the registry file /.*/gone.sqlite cannot be opened: No such file or directory",
        ),
        (GOOD.replace("people.sqlite", "half.sqlite"), r", \[police\], path: .* is truncated: 5000 bytes of \d+"),
        (GOOD.replace("people.sqlite", "text.sqlite"), r", \[police\], path: .* is not a SQLite file"),
        (GOOD.replace('"KEY"', '"NONE"'), r", \[police\], key_env: the environment has no NONE"),
        (GOOD.replace('"KEY"', '"SHORT"'), r", \[police\], key_env: SHORT must be 32 bytes in base64url"),
        (GOOD.replace('"KEY"', '"OTHER"'), r", \[police\], path: .* the key is not the one that it was built with"),
    ],
)
def test_a_wrong_file_is_refused_by_table_and_key(folder: Path, text: str, message: str) -> None:
    """The message names file, table and key, and never a key's value."""
    path = folder / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=f"^{path}{message}$") as caught:
        shelf.load(path, ENVIRON)
    assert not any(secret in str(caught.value) for secret in ENVIRON.values())


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A deployment without registries does not start."""
    with pytest.raises(ConfigurationError, match=r"none.toml: cannot be read"):
        shelf.load(tmp_path / "none.toml")
