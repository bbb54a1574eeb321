"""What a client can find out about us by itself: RFC 8414 and RFC 9728 metadata."""

from typing import Any

from gateway.oauth import clients, jose, tokens

SERVER_PATH = "/.well-known/oauth-authorization-server"
RESOURCE_PATH = "/.well-known/oauth-protected-resource"


def authorization_server(issuer: str) -> dict[str, Any]:
    """RFC 8414 §2. There is no authorization endpoint, so there are no response types."""
    methods, algorithms = list(clients.AUTH_METHODS), list(jose.ALGORITHMS)
    endpoints = {
        f"{name}_endpoint{what}": value
        for name, path in (("token", "token"), ("revocation", "revoke"), ("introspection", "introspect"))
        for what, value in (
            ("", f"{issuer}/oauth/{path}"),
            ("_auth_methods_supported", methods),
            ("_auth_signing_alg_values_supported", algorithms),
        )
    }
    return {
        "issuer": issuer,
        **endpoints,
        "jwks_uri": f"{issuer}/oauth/jwks",
        "grant_types_supported": [clients.GRANT],
        "response_types_supported": [],
        "scopes_supported": list(clients.SCOPES),
        "protected_resources": list(tokens.resources(issuer)),
    }


def protected_resource(issuer: str, path: str) -> dict[str, Any]:
    """RFC 9728 §2, for the API as a whole (`/v1`) or for the host (no path): the name is the one asked about."""
    return {
        "resource": issuer + path,
        "resource_name": "Sealgate",
        "authorization_servers": [issuer],
        "jwks_uri": f"{issuer}/oauth/jwks",
        "scopes_supported": list(clients.SCOPES),
        "bearer_methods_supported": ["header"],
    }


def resource_metadata_url(issuer: str) -> str:
    """Where the metadata of the API is, for `WWW-Authenticate` (RFC 9728 §5.1)."""
    return f"{issuer}{RESOURCE_PATH}/v1"
