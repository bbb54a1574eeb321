"""What the API's document says besides the calls: what this is, how to get a token, which scope opens what."""

from collections.abc import Mapping, Sequence
from typing import Any

_ABOUT = """
An institution asks whether a person may do a job. The person agrees. The record holders are asked, the law of sealing
and the policy of the industry are applied, and the institution learns yes or no, and nothing else.

Get an access token first: `POST {issuer}/oauth/token` with `grant_type=client_credentials`, authenticated as your
client is registered (`private_key_jwt`, or `client_secret_basic`). Send it as `Authorization: Bearer …`. It lasts
ten minutes.

    curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials {issuer}/oauth/token

A check then goes its way: `awaiting_consent` until the person decides, `in_progress` until the release time that is
fixed at that moment, then `completed` with `eligible` true or false. `closed` says that no answer will come, and never
why. An answer leaves at its release time, whatever it is: asking more often does not make it come sooner.
"""

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
        "API_SPEC_OPTIONS": {"info": {"description": _ABOUT.format(issuer=issuer)}, "servers": [{"url": issuer}]},
    }


def security(issuer: str) -> dict[str, Any]:
    """The security scheme: OAuth 2.0, client credentials."""
    flow = {"tokenUrl": f"{issuer}/oauth/token", "scopes": dict(_SCOPES)}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def with_scopes(document: Mapping[str, Any], scopes: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
    """The document with the scopes that each tag's guard wants."""
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "tags" in operation:
                operation["security"] = [{"oauth2": list(scopes[operation["tags"][0]])}]
    return document
