"""The file of an embedded registry: its tables, its seal, and how it is opened.

A SQLite file of four tables, keyed by 16-byte keyed hashes. `person` holds, under the hash of a person's first
identifier (or of name and birth date where there is none), all that is known of them, encrypted. `alias` leads
from further identifiers, `name` from a name with a birth date (kept for people with entries only) to the person.
The file is never changed once built, only replaced; so it is opened as immutable, without locks.
"""

import json
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.embedded.identity import Keys

APPLICATION_ID = 0x5EA16A7E
FORMAT = 1
SALT_BYTES = 16
_NONCE_BYTES = 12
_HEADER_BYTES = 100

TABLES = """
CREATE TABLE meta (salt BLOB NOT NULL, about BLOB NOT NULL);
CREATE TABLE person (blind BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE alias (blind BLOB, person BLOB, PRIMARY KEY (blind, person)) WITHOUT ROWID;
CREATE TABLE name (blind BLOB, person BLOB, PRIMARY KEY (blind, person)) WITHOUT ROWID;
"""


class FileError(Exception):
    """A file that is not a registry which this key opens. The text says what is wrong, without the path."""


class Seal:
    """Encrypts what the file holds. Every text is bound to its row, so that rows cannot be exchanged."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = AESGCM(keys.content)

    def close(self, row: bytes, content: dict[str, Any]) -> bytes:
        """The encrypted form of `content` for the row `row`."""
        nonce = os.urandom(_NONCE_BYTES)
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return nonce + self._cipher.encrypt(nonce, text, row)

    def open(self, row: bytes, sealed: bytes) -> dict[str, Any]:
        """What `close` was given. Raises FileError when the key is another one or the row was altered."""
        try:
            text = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], row)
        except (InvalidTag, ValueError):
            raise FileError("was altered, or the key is not the one that it was built with") from None
        content: dict[str, Any] = json.loads(text)
        return content


@dataclass(frozen=True, slots=True)
class Stamp:
    """Tells one build of a file from the next at the same path."""

    inode: int
    changed: int
    size: int

    @classmethod
    def of(cls, path: Path) -> "Stamp":
        """The stamp of the file that is there now. Raises OSError."""
        status = path.stat()
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)


@dataclass(frozen=True)
class Opened:
    """A file opened for asking, with its keys and the identifier types of which a person has one only.

    Keys and connection belong together: a connection to a newer file under older keys would find nobody.
    """

    stamp: Stamp
    connection: sqlite3.Connection
    keys: Keys
    seal: Seal
    single: frozenset[str]


def open_file(path: Path, key: bytes) -> Opened:
    """Open a registry file for any thread to use in turn.

    Raises FileError when it is not whole, not a registry or not for this key; OSError when it cannot be read.
    """
    stamp = Stamp.of(path)
    _look_at_header(path, stamp.size)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        salt, about = connection.execute("SELECT salt, about FROM meta").fetchone()
        keys = Keys.derive(key, salt)
        seal = Seal(keys)
        return Opened(stamp, connection, keys, seal, frozenset(seal.open(b"meta", about)["single"]))
    except FileError:
        connection.close()
        raise
    except (sqlite3.Error, TypeError, KeyError):
        connection.close()
        raise FileError("is damaged: its first table cannot be read") from None


def _look_at_header(path: Path, size: int) -> None:
    """Read SQLite's own header (sqlite.org/fileformat2.html, section 1.3): far cheaper than a check of the file."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(b"SQLite format 3\0"):
        raise FileError("is not a SQLite file")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise FileError("is a SQLite file, but not a registry built by `sealgate registry build`")
    if int.from_bytes(header[60:64], "big") != FORMAT:
        raise FileError("was built by another version; build it again")
    page = int.from_bytes(header[16:18], "big")
    whole = int.from_bytes(header[28:32], "big") * (65536 if page == 1 else page)
    if size != whole:
        raise FileError(f"is truncated: {size} bytes of {whole}" if size < whole else "is longer than it was built")
