"""Signed notes and checkpoints in the forms of C2SP (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint).

A checkpoint is a note of three lines, the origin of the log, its size and its root, signed with Ed25519, so
that outside witnesses and monitors can follow the log with the tools they have.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_DASH = "\u2014"


class BadNote(Exception):
    """A note is malformed, or none of its signatures is the one asked for."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: this log had so many entries and this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(name: str, public: Ed25519PublicKey) -> bytes:
    """The four bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public.public_bytes_raw()).digest()[:4]


def verifier_key(name: str, public: Ed25519PublicKey) -> str:
    """The public key in the form that verifiers are configured with: `name+id+key`."""
    encoded = base64.b64encode(_ED25519 + public.public_bytes_raw()).decode()
    return f"{name}+{key_id(name, public).hex()}+{encoded}"


def sign(text: str, name: str, private: Ed25519PrivateKey) -> str:
    """The note of `text`, which ends with a newline, with one signature. Raises ValueError."""
    if not text.endswith("\n") or not name or any(part.isspace() or part == "+" for part in name):
        raise ValueError("a note ends with a newline and a key's name has neither spaces nor plus signs")
    signature = key_id(name, private.public_key()) + private.sign(text.encode())
    return f"{text}\n{_DASH} {name} {base64.b64encode(signature).decode()}\n"


def opened(note: str, name: str, public: Ed25519PublicKey) -> str:
    """The text of a note, if it is signed by this key. Raises BadNote."""
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise BadNote("not a signed note")
    text += "\n"
    wanted = key_id(name, public)
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        if dash != _DASH:
            raise BadNote("not a signature line")
        raw = _decode(encoded)
        if signer == name and raw[:4] == wanted:
            try:
                public.verify(raw[4:], text.encode())
            except InvalidSignature:
                raise BadNote("the signature does not fit the text") from None
            return text
    raise BadNote("not signed by this key")


def _decode(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise BadNote("not base64") from None


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint; lines after the third are extensions. Raises BadNote."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not lines[1].isdecimal() or str(int(lines[1])) != lines[1]:
        raise BadNote("not a checkpoint")
    return Checkpoint(lines[0], int(lines[1]), _decode(lines[2]))
