"""Who is the same person: names and identifiers made comparable, and hidden behind keyed hashes.

Two spellings of an identifier are the same when they differ in case, spaces and hyphens only. Two spellings of a
name meet when they have the same letters in any order, without accents, spaces and signs (`Zhang, Xiao-Ming`,
`xiaoming zhang`). That is generous on purpose: a name never makes a report sure, it only makes a candidate.
"""

import base64
import binascii
import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
BLIND_BYTES = 16
"""Length of a blind index: at 128 bits no two of tens of millions of people meet by chance."""


def plain_id(value: str) -> str:
    """An identifier's value with full-width forms, case, spaces and hyphens evened out."""
    return "".join(unicodedata.normalize("NFKC", value).split()).replace("-", "").upper()


def plain_type(kind: str) -> str:
    """An identifier's type, spelled one way."""
    return kind.strip().lower()


def plain_name(name: str) -> str:
    """The letters and digits of a name, accents and case evened out, in alphabetical order."""
    parts = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sorted(sign for sign in parts if sign.isalnum()))


@dataclass(frozen=True, repr=False)
class Keys:
    """The keys of one registry file, all derived from the registry's key and the file's own salt."""

    index: bytes
    content: bytes

    @classmethod
    def derive(cls, key: bytes, salt: bytes) -> "Keys":
        """Raises ValueError when `key` is not 32 bytes long."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a registry key has {KEY_BYTES} bytes")

        def part(info: bytes) -> bytes:
            return HKDF(SHA256(), KEY_BYTES, salt, b"sealgate embedded registry " + info).derive(key)

        return cls(part(b"index"), part(b"content"))

    def of_id(self, kind: str, value: str) -> bytes:
        """The blind index of an identifier."""
        return self._blind(f"id\0{plain_type(kind)}\0{plain_id(value)}")

    def of_name(self, name: str, born: date) -> bytes:
        """The blind index of a name with a birth date."""
        return self._blind(f"name\0{plain_name(name)}\0{born.isoformat()}")

    def _blind(self, text: str) -> bytes:
        return hmac.digest(self.index, text.encode("utf-8", "surrogatepass"), hashlib.sha256)[:BLIND_BYTES]


def read_key(text: str) -> bytes:
    """A registry key from its written form, 32 bytes in base64url. Raises ValueError, without the text."""
    try:
        key = base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be {KEY_BYTES} bytes in base64url")
    return key
