"""What the API's document says besides the calls: what this is, how to make the first call, which scope opens what."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.front.guide import GUIDE

_SCOPES = {
    "checks:write": "ask for checks and cancel them",
    "checks:read": "see checks and their answers",
    "reviews:decide": "decide reviews, for clients of a desk",
}


def settings(issuer: str, version: str) -> dict[str, Any]:
    """flask-smorest's settings for the document."""
    return {
        "API_TITLE": "Sealgate API",
        "API_VERSION": version,
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {
            "info": {"description": GUIDE.replace("{issuer}", issuer)},
            "servers": [{"url": issuer}],
        },
    }


def security(issuer: str) -> dict[str, Any]:
    """The security scheme: OAuth 2.0, client credentials."""
    flow = {"tokenUrl": f"{issuer}/oauth/token", "scopes": dict(_SCOPES)}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def with_scopes(document: Mapping[str, Any], scopes: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
    """The document with the scopes that each tag's guard wants; what has no guard is open."""
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "tags" in operation:
                wanted = scopes.get(operation["tags"][0])
                operation["security"] = [] if wanted is None else [{"oauth2": list(wanted)}]
    return document
