"""By what a person is known again across requests."""

import json

from gateway.consent import proof


def identifier(kind: str, value: str, born: str) -> str:
    """One of their identifiers, with the birth date (YYYY-MM-DD), so that a number alone finds nothing."""
    return json.dumps(("id", kind, proof.plain(value), born), ensure_ascii=False)
