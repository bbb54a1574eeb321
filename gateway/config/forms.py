"""The forms that configuration values come in, each read by one function.

A function takes the text of a variable and returns its value, or raises `Wrong` saying what would be
right. The text itself is never repeated in the message: it may be a secret.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_DURATION = re.compile(r"P(?:(\d{1,4})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?)")
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
_CLAIM = re.compile(r"(name|born|id\.[a-z0-9-]{1,40})")


class Wrong(ValueError):
    """A value does not have its form; the message says what would be right."""


def one_of(*words: str) -> Callable[[str], str]:
    """Read a word from a closed list."""

    def read(text: str) -> str:
        if text not in words:
            raise Wrong(f"must be {' or '.join(words)}")
        return text

    return read


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number within bounds, both included."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text) or not low <= int(text) <= high:
            raise Wrong(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def url(text: str) -> str:
    """Read a base URL: scheme, host and perhaps a port; https unless the host is this machine."""
    try:
        parts = urlsplit(text)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_ok = urlsplit(""), False
    bare = not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    if not (port_ok and parts.hostname and bare and parts.scheme in ("http", "https")):
        raise Wrong("must be a base URL such as https://gate.example, without path or slash at the end")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise Wrong("must begin with https:// (http:// only for this machine itself)")
    return text


def provider_url(text: str) -> str:
    """Read the issuer of an OpenID Connect provider: as `url`, but it may have a path."""
    parts = urlsplit(text)
    if parts.query or parts.fragment:
        raise Wrong("must be an issuer URL without query or fragment")
    try:
        url(f"{parts.scheme}://{parts.netloc}")
    except Wrong as wrong:
        raise Wrong("must be an issuer URL such as https://id.example/realm") from wrong
    return text


def folder(text: str) -> Path:
    """Read a folder that exists, or that can be made because its parent exists."""
    path = Path(text).absolute()
    if not (path.is_dir() or (not path.exists() and path.parent.is_dir())):
        raise Wrong("must be a folder, or the name of a new one in a folder that exists")
    return path


def file(text: str) -> Path:
    """Read the path of a file that exists."""
    path = Path(text).absolute()
    if not path.is_file():
        raise Wrong("must be the path of a file that exists")
    return path


def database_url(text: str) -> str:
    """Read the URL of a PostgreSQL database or of a SQLite file. One in memory would lose everything and is refused."""
    file = re.fullmatch(r"sqlite:///[^?#]+", text) and text != "sqlite:///:memory:"
    if not file and not re.fullmatch(r"postgresql://[^/?#\s]*/[^/?#\s]+(\?[^#\s]*)?", text):
        raise Wrong("must be postgresql://user:password@host:port/name, or sqlite:/// and the path of a file")
    return text


def long_secret(text: str) -> str:
    """Read a secret of at least 32 characters."""
    if len(text) < 32:
        raise Wrong("must be at least 32 random characters")
    return text


def secret(text: str) -> str:
    """Read a secret that somebody else has chosen."""
    return text


def key(text: str) -> bytes:
    """Read a 256-bit key in base64url, with or without padding."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != 32:
        raise Wrong("must be 32 random bytes in base64url (43 characters)")
    return value


def key_text(key: bytes) -> str:
    """A key in the form that `key` reads."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def keys(text: str) -> Mapping[str, bytes]:
    """Read named keys, `id:key[,id:key…]`; the first is the current one."""
    found: dict[str, bytes] = {}
    for item in text.split(","):
        name, colon, value = item.strip().partition(":")
        if not colon or not _KEY_ID.fullmatch(name) or name in found:
            raise Wrong("must be id:key[,id:key…], the current one first, each id once")
        found[name] = key(value)
    if len(set(found.values())) != len(found):
        raise Wrong("must hold a different key for each id")
    return MappingProxyType(found)


def duration(text: str) -> timedelta:
    """Read an ISO 8601 duration in weeks, days, hours, minutes and seconds."""
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise Wrong("must be an ISO 8601 duration such as P2D, PT6H or PT30S")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def inner_address(text: str) -> tuple[str, int]:
    """Read an address and port to listen at that is not open to the world: of this machine or of an inner network."""
    host, _, port = text.rpartition(":")
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]"))
    except ValueError:
        address = None
    if address is None or address.is_unspecified or address.is_global or not re.fullmatch(r"[1-9]\d{0,4}", port):
        raise Wrong("must be an address of this machine or of an inner network and a port, such as 127.0.0.1:9464")
    return str(address), whole_number(1, 65535)(port)


def outbox(text: str) -> str:
    """Read where messages to people go: `file:PATH` or `smtp://user:pass@host:port?from=a@b`."""
    if re.fullmatch(r"file:.+", text) and Path(text[5:]).absolute().parent.is_dir():
        return text
    try:
        parts = urlsplit(text)
        complete = bool(parts.scheme == "smtp" and parts.hostname and parts.port)
    except ValueError:
        complete = False
    if not complete or "@" not in parse_qs(parts.query).get("from", [""])[0]:
        raise Wrong("must be file:PATH (in a folder that exists) or smtp://user:password@host:port?from=a@b")
    return text


def claims(text: str) -> Mapping[str, str]:
    """Read which claim of the provider gives which particular: `name=claim,born=claim[,id.TYPE=claim]`."""
    pairs = [item.strip().partition("=") for item in text.split(",")]
    found = {ours: theirs for ours, _, theirs in pairs}
    sound = all(_CLAIM.fullmatch(ours) and theirs for ours, theirs in found.items())
    if not sound or len(found) != len(pairs) or not {"name", "born"} <= set(found):
        raise Wrong("must be name=CLAIM,born=CLAIM and perhaps id.TYPE=CLAIM, each once")
    return MappingProxyType(found)
