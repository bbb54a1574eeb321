"""How bytes are sealed: AES-256-GCM (NIST SP 800-38D), under a fresh random nonce, bound to where they lie."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
TAG = 16


def seal(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """Encrypt; opens only together with the same `bound`."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Decrypt. Raises InvalidTag for bytes that were changed, moved or sealed under another key."""
    if len(sealed) < NONCE + TAG:
        raise InvalidTag
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound)


def bound(*parts: str) -> bytes:
    """Associated data that no two different lists of parts share."""
    return b"sealgate vault 1" + b"".join(len(raw).to_bytes(4, "big") + raw for raw in (p.encode() for p in parts))
