"""By what a person is known again across requests: an identifier of theirs with the birth date, as a blind index."""

from gateway import vault
from gateway.consent import proof


def identified(kind: str, value: str, born: str) -> str:
    """What is kept of an identifier (its type and value) with the birth date (YYYY-MM-DD)."""
    return vault.index("consent-person", _one(kind, value, born))


def identifiable(kind: str, value: str, born: str) -> tuple[str, ...]:
    """What the same is found by, whichever key of the blind index it was kept under."""
    return vault.indexes("consent-person", _one(kind, value, born))


def _one(kind: str, value: str, born: str) -> str:
    return f"{kind} {proof.plain(value)} {born}"
