"""What is open to everyone: metadata, and the list of all doors."""

from authlib.oauth2.rfc8414 import get_well_known_url
from flask import Flask
from flask.testing import FlaskClient

from gateway.config import Config


def test_every_route_is_one_that_we_list(app: Flask) -> None:
    """A new route of the authorization server must be thought about here."""
    routes = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("oauth.")
        for method in rule.methods or ()
        if method not in ("OPTIONS", "HEAD")
    }
    assert routes == {
        ("/oauth/token", "POST"),
        ("/oauth/revoke", "POST"),
        ("/oauth/introspect", "POST"),
        ("/oauth/jwks", "GET"),
        ("/.well-known/oauth-authorization-server", "GET"),
        ("/.well-known/oauth-protected-resource", "GET"),
        ("/.well-known/oauth-protected-resource/v1", "GET"),
    }


def test_authorization_server_metadata(http: FlaskClient, config: Config) -> None:
    """RFC 8414, at the address that the issuer leads to."""
    here = config.issuer
    answer = http.get(get_well_known_url(here))
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    methods, algorithms = ["private_key_jwt", "client_secret_basic"], ["ES256", "PS256", "Ed25519", "EdDSA"]
    assert answer.get_json() == {
        "issuer": here,
        "token_endpoint": f"{here}/oauth/token",
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint": f"{here}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint": f"{here}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "jwks_uri": f"{here}/oauth/jwks",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": ["checks:write", "checks:read", "reviews:decide", "audit:read"],
        "protected_resources": [f"{here}/v1", here],
    }


def test_resource_metadata_names_the_resource_it_was_asked_about(http: FlaskClient, config: Config) -> None:
    """RFC 9728 §3.3: a client compares the two."""
    for path in ("", "/v1"):
        body = http.get(f"/.well-known/oauth-protected-resource{path}").get_json()
        assert body["resource"] == config.issuer + path
        assert body["authorization_servers"] == [config.issuer]
        assert body["bearer_methods_supported"] == ["header"]


def test_challenge_leads_to_the_metadata(http: FlaskClient, config: Config) -> None:
    """RFC 9728 §5.1: whoever is refused can find out where to get a token."""
    challenge = http.get("/v1/me").headers["WWW-Authenticate"]
    url = challenge.split('resource_metadata="')[1].split('"')[0]
    assert url.startswith(config.issuer)
    assert http.get(url.removeprefix(config.issuer)).get_json()["authorization_servers"] == [config.issuer]


def test_addresses_come_from_the_configuration(http: FlaskClient, config: Config) -> None:
    """A Host header that somebody made up appears nowhere."""
    body = http.get("/.well-known/oauth-authorization-server", headers={"Host": "evil.example"}).get_data(as_text=True)
    assert "evil" not in body
    assert config.issuer in body
