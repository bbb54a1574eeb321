"""Client authentication by a secret: `client_secret_basic` (RFC 6749 §2.3.1), where a regulator allows it.

Secrets are ours: 256 random bits, shown once, kept as an argon2id hash.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from urllib.parse import unquote_plus

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from gateway.limits import Gate, Lane
from gateway.oauth.clients import RegisteredClient
from gateway.oauth.errors import Busy, ClientChallenged, TooManyFailures
from gateway.oauth.failures import Failures, admit
from gateway.oauth.request import FormRequest

METHOD = "client_secret_basic"

_NOT_VERIFIED = "The client is unknown or revoked, or the secret is not its secret."
# OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

HASHES = max(1, min(4, os.cpu_count() or 1))
"""How many secrets a process checks at a time. Each takes 19 MiB and a core for some 20 milliseconds."""
PATIENCE_SECONDS = 2.0
_HASHING = "hashing"


def new() -> tuple[str, str]:
    """A new secret and the hash to keep of it."""
    secret = secrets.token_urlsafe(32)
    return secret, HASHER.hash(secret)


class SecretBasic:
    """The method `client_secret_basic` for Authlib's registry of client authentication methods."""

    def __init__(self, failures: Failures, gate: Gate | None = None) -> None:
        self._failures = failures
        self._gate = gate or Gate(HASHES, {_HASHING: Lane(HASHES, 2 * HASHES)}, PATIENCE_SECONDS)
        self._process_key = secrets.token_bytes(32)
        self._proved: dict[str, bytes] = {}

    def __call__(
        self, query_client: Callable[[str], RegisteredClient | None], request: FormRequest
    ) -> RegisteredClient:
        """The client whose id and secret are in the Authorization header. Raises Busy, ClientChallenged, TooManyCalls,
        TooManyFailures."""
        client_id, secret = credentials(request.headers.get("Authorization", ""))
        client = query_client(client_id)
        if client is None or client.secret_hash is None:
            raise ClientChallenged(_NOT_VERIFIED)
        if request.form.get("client_id", client.id) != client.id:
            raise ClientChallenged("client_id names another client than the Authorization header.")
        self._check(client, client.secret_hash, secret)
        admit(client.id)
        return client

    def _check(self, client: RegisteredClient, secret_hash: str, secret: str) -> None:
        """A secret that was proved before is known again without argon2id, so that somebody else's failures
        do not keep the client out. What is remembered is a digest under a key of this process alone."""
        digest = hmac.digest(self._process_key, f"{secret_hash}\0{secret}".encode(), hashlib.sha256)
        if hmac.compare_digest(self._proved.get(client.id, b""), digest):
            return
        if not self._gate.enter(_HASHING):
            raise Busy
        try:
            self._prove(client, secret_hash, secret)
        finally:
            self._gate.leave(_HASHING)
        self._proved[client.id] = digest

    def _prove(self, client: RegisteredClient, secret_hash: str, secret: str) -> None:
        if seconds := self._failures.spend(client.id):
            raise TooManyFailures(seconds)
        try:
            HASHER.verify(secret_hash, secret)
        except (Argon2Error, InvalidHashError):
            raise ClientChallenged(_NOT_VERIFIED) from None
        self._failures.refund(client.id)


def credentials(header: str) -> tuple[str, str]:
    """Id and secret out of a Basic Authorization header. Raises ClientChallenged."""
    _, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        pair = ""
    client_id, colon, secret = pair.partition(":")
    if not colon:
        raise ClientChallenged("The Authorization header is not well-formed Basic.")
    return unquote_plus(client_id), unquote_plus(secret)
