"""Each hole that Authlib leaves open by default (STACK §1, 1 to 10) is closed; one or more tests for each."""

import base64
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import OKPKey, RSAKey
from werkzeug.test import TestResponse

from gateway import clock
from gateway.db import Database
from gateway.oauth import signing

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def forge(database: Database, claims: dict[str, Any], **header: str | None) -> str:
    """A token signed by our own current key, with any header."""
    with database.read() as session:
        kid, algorithm, key = signing.current(session)
    whole = {"alg": algorithm, "kid": kid, "typ": "at+jwt"} | header
    kept = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(kept, claims, key, algorithms=[algorithm], default_type=None)


@pytest.mark.parametrize("typ", [None, "JWT", "at", "secevent+jwt"])
def test_hole_1_token_without_its_type_is_refused(hr: Any, claims_of: Any, database: Database, typ: str | None) -> None:
    """RFC 9068 §4: without `typ: at+jwt` it is no access token, whoever signed it."""
    claims = claims_of(hr.token())
    assert hr.get("/v1/me", forge(database, claims)).status_code == 200
    assert hr.get("/v1/me", forge(database, claims, typ=typ)).status_code == 401
    assert not hr.active(forge(database, claims, typ=typ))


def test_hole_1_token_always_says_what_it_is(hr: Any, header_of: Any) -> None:
    """Every token of ours has the type."""
    assert header_of(hr.token())["typ"] == "at+jwt"


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS384", "PS512"])
def test_hole_2_assertion_by_another_algorithm_is_refused(enrol: Any, algorithm: str) -> None:
    """RS256 is Authlib's default and is not taken."""
    hr = enrol(key=RSAKey.generate_key(2048))
    answer = hr.ask(hr.assertion(header={"alg": algorithm}))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client")
    assert "ES256, PS256, Ed25519, EdDSA" in answer.get_json()["error_description"]


def test_hole_2_ps256_assertion_is_taken(enrol: Any) -> None:
    """PS256 is what joserfc calls not recommended, and FAPI 2.0 wants."""
    assert enrol(key=RSAKey.generate_key(2048)).ask().status_code == 200


def test_hole_2_assertion_for_ten_years_is_refused(hr: Any) -> None:
    """An assertion that lives for years is a password."""
    answer = hr.ask(hr.assertion(exp=int(time.time()) + 10 * 365 * 86400))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client")
    assert "3600 seconds" in answer.get_json()["error_description"]


def test_hole_2_assertion_for_two_servers_is_refused(hr: Any) -> None:
    """A server that it is also meant for could use it here."""
    for audience in ([hr.issuer, "https://other.example"], ["https://other.example", hr.issuer], [hr.issuer] * 2):
        answer = hr.ask(hr.assertion(aud=audience))
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client")
        assert "'aud'" in answer.get_json()["error_description"]


def test_hole_3_token_lives_ten_minutes(hr: Any, claims_of: Any) -> None:
    """Authlib's default is ten days."""
    answer = hr.ask().get_json()
    claims = claims_of(answer["access_token"])
    assert (answer["expires_in"], claims["exp"] - claims["iat"]) == (600, 600)


def test_hole_3_token_ends_after_ten_minutes(hr: Any) -> None:
    """The last second counts, the next does not."""
    with clock.stopped(START) as at:
        token = hr.token()
        at.at = datetime(2026, 11, 20, 9, 9, 59, tzinfo=UTC)
        assert hr.get("/v1/me", token).status_code == 200
        at.at = datetime(2026, 11, 20, 9, 10, tzinfo=UTC)
        assert hr.get("/v1/me", token).status_code == 401


def test_hole_4_token_names_the_current_key(hr: Any, header_of: Any, database: Database, http: FlaskClient) -> None:
    """Publishing the next key does not start using it: forty tokens, one kid, and two keys published."""
    kids = {header_of(hr.token())["kid"] for _ in range(40)}
    with database.read() as session:
        assert kids == {signing.current(session)[0]}
    assert len(http.get("/oauth/jwks").get_json()["keys"]) == 2


def test_hole_4_token_without_kid_is_refused(hr: Any, claims_of: Any, database: Database) -> None:
    """A key is never guessed."""
    claims = claims_of(hr.token())
    assert hr.get("/v1/me", forge(database, claims, kid=None)).status_code == 401


@pytest.mark.parametrize(
    "garbage",
    ["x", "a.b.c", "....", "\x00", "é", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiJ9.W10.AA", "x" * 9000],
)
def test_hole_5_introspecting_garbage_is_answered(hr: Any, garbage: str) -> None:
    """RFC 7662 §2.2: what is no token is not active."""
    answer = hr.post("/oauth/introspect", token=garbage)
    assert (answer.status_code, answer.get_json()) == (200, {"active": False})


def test_hole_6_reused_jti_of_authlibs_client_is_refused(hr: Any, gate: str) -> None:
    """`PrivateKeyJWT(claims={…})` sends one jti twice: the second request is refused, and told why."""
    url = f"{gate}/oauth/token"
    with OAuth2Session(hr.id, hr.key, token_endpoint_auth_method="private_key_jwt") as session:
        session.register_client_auth_method(PrivateKeyJWT(url, claims={}, headers={"kid": "k1"}, alg="ES256"))
        assert session.fetch_token(url, grant_type="client_credentials")["token_type"] == "Bearer"
        with pytest.raises(Exception, match="used before"):
            session.fetch_token(url, grant_type="client_credentials")


def test_hole_6_assertion_of_authlibs_length_is_accepted(hr: Any) -> None:
    """Authlib's client asks for 3,600 seconds and cannot be told otherwise."""
    now = int(time.time())
    assert hr.ask(hr.assertion(iat=now, exp=now + 3600)).status_code == 200


def standard_challenge(answer: TestResponse, code: str | None) -> None:
    """Check that a challenge is one of RFC 6750 §3, with this code or none."""
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="sealgate"')
    assert (f'error="{code}"' in challenge) if code else ("error" not in challenge)
    assert "missing_authorization" not in challenge + answer.get_data(as_text=True)
    assert 'resource_metadata="' in challenge


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic eDp5", "Digest x", "bearer", "Token abc"])
def test_hole_7_no_token_is_told_without_a_code(http: FlaskClient, header: str | None) -> None:
    """RFC 6750 §3.1: no error code when no token came along, and never `missing_authorization`."""
    answer = http.get("/v1/me", headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    standard_challenge(answer, None)


@pytest.mark.parametrize("header", ["Bearer x", "bearer a.b.c", "Bearer a b", "Bearer é"])
def test_hole_7_bad_token_is_told_as_invalid(http: FlaskClient, header: str) -> None:
    """What came as a token and is none is `invalid_token`."""
    answer = http.get("/v1/me", headers={"Authorization": header})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    standard_challenge(answer, "invalid_token")


def test_hole_7_missing_scope_is_told(hr: Any) -> None:
    """403 with the scopes that are needed."""
    answer = hr.get("/v1/both", hr.token())
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    standard_challenge(answer, "insufficient_scope")
    assert 'scope="checks:read audit:read"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["/oauth/par", "/oauth/revoke", "/oauth/introspect", "/v1", "/"])
def test_hole_8_audience_is_issuer_or_token_endpoint(hr: Any, path: str) -> None:
    """At the token endpoint no other URL of ours will do: our choice, in DIVERGENCES.md."""
    answer = hr.ask(hr.assertion(aud=hr.issuer + path))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client")
    assert "'aud'" in answer.get_json()["error_description"]


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
def test_hole_8_other_endpoints_also_take_their_own_url(hr: Any, path: str) -> None:
    """Authlib's client puts the URL that it calls; what is meant for one endpoint works at no other."""
    other = {"/oauth/revoke": "/oauth/introspect", "/oauth/introspect": "/oauth/revoke"}[path]
    for audience in (hr.issuer, f"{hr.issuer}/oauth/token", hr.issuer + path):
        assert hr.post(path, hr.assertion(aud=audience), token="x").status_code == 200
    assert hr.post(path, hr.assertion(aud=hr.issuer + other), token="x").status_code == 400


def test_hole_9_all_the_scopes_are_needed(enrol: Any) -> None:
    """A guard that names two scopes wants both; Authlib's list would be content with one."""
    reader = enrol("Reader", scopes=["checks:read"])
    auditor = enrol("Auditor", scopes=["audit:read"])
    both = enrol("Both", scopes=["audit:read", "checks:read"])
    assert [hr.get("/v1/both", hr.token()).status_code for hr in (reader, auditor, both)] == [403, 403, 200]


def test_hole_10_we_sign_as_ed25519(hr: Any, header_of: Any, database: Database, http: FlaskClient) -> None:
    """RFC 9864: the name EdDSA is deprecated, a new key signs as Ed25519."""
    hr.token()
    with database.write() as session:
        signing.rotate(session, "Ed25519", at_once=True)
        signing.rotate(session, "Ed25519", at_once=True)
    token = hr.token()
    assert header_of(token)["alg"] == "Ed25519"
    assert hr.get("/v1/me", token).status_code == 200
    assert {key["alg"] for key in http.get("/oauth/jwks").get_json()["keys"]} == {"Ed25519"}


def by_the_older_name(claims: dict[str, Any], key: Any, kid: str = "k1", typ: str = "JWT") -> str:
    """A token that says `EdDSA`, signed by the bare key: joserfc would sign it with a warning."""
    parts = (json.dumps({"alg": "EdDSA", "kid": kid, "typ": typ}), json.dumps(claims))
    signed = ".".join(b64(part.encode()) for part in parts)
    return f"{signed}.{b64(key.private_key.sign(signed.encode()))}"


def b64(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def test_hole_10_assertion_that_says_eddsa_is_verified_without_a_warning(enrol: Any, recwarn: Any) -> None:
    """Clients still send the old name: it verifies as Ed25519, quietly."""
    hr = enrol(key=OKPKey.generate_key("Ed25519"))
    assert hr.ask(by_the_older_name(hr.claims(), hr.key)).status_code == 200
    assert not recwarn.list


def test_hole_10_eddsa_is_never_another_curve(enrol: Any) -> None:
    """The old name also meant Ed448; here it does not."""
    hr = enrol(key=OKPKey.generate_key("Ed25519"))
    assert hr.ask(by_the_older_name(hr.claims(), OKPKey.generate_key("Ed448"))).status_code == 400


def test_hole_10_our_own_tokens_never_say_eddsa(hr: Any, claims_of: Any, database: Database) -> None:
    """A key of ours signs under one name (RFC 8725 §3.1): a token that says another is not ours."""
    hr.token()
    with database.write() as session:
        signing.rotate(session, "Ed25519", at_once=True)
        signing.rotate(session, "Ed25519", at_once=True)
        kid, _, key = signing.current(session)
    claims = claims_of(hr.token())
    assert hr.get("/v1/me", forge(database, claims)).status_code == 200
    assert hr.get("/v1/me", by_the_older_name(claims, key, kid, "at+jwt")).status_code == 401


def test_no_token_is_written_to_a_log(app: Flask, hr: Any, caplog: Any) -> None:
    """Authlib writes each token that it issues to its debug log; here nothing does, at any level."""
    with caplog.at_level(logging.DEBUG):
        token, assertion = hr.token(), hr.assertion()
        hr.ask(assertion)
        hr.get("/v1/me", token)
        hr.post("/oauth/revoke", token=token)
    assert token not in caplog.text
    assert assertion not in caplog.text
