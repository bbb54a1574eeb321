"""POST /oauth/token: what a client gets, and what it is told when it gets nothing."""

import base64
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway import clock

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def refusal(answer: Any, status: int, error: str) -> str:
    """Check that an answer is an RFC 6749 §5.2 error, and return its description."""
    assert (answer.status_code, answer.get_json()["error"]) == (status, error), answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.get_json()) <= {"error", "error_description"}
    return str(answer.get_json()["error_description"])


def test_token_answer_is_that_of_the_standard(hr: Any) -> None:
    """The answer has the members of RFC 6749 §5.1 and must not be stored."""
    answer = hr.ask()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    assert body.pop("access_token").count(".") == 2
    assert body == {"token_type": "Bearer", "expires_in": 600, "scope": "checks:write checks:read"}


def test_token_carries_the_claims_of_rfc_9068(hr: Any, claims_of: Any) -> None:
    """Issuer, subject, client, audience, scope, id and times are in the token, and nothing else."""
    with clock.stopped(START):
        claims = claims_of(hr.token())
    assert len(claims.pop("jti")) >= 22
    assert claims == {
        "iss": hr.issuer,
        "sub": hr.id,
        "client_id": hr.id,
        "aud": f"{hr.issuer}/v1",
        "scope": "checks:write checks:read",
        "iat": 1795165200,
        "exp": 1795165800,
    }


def test_token_has_the_scopes_asked_for(hr: Any) -> None:
    """A client may ask for less than it is registered for."""
    assert hr.ask(scope="checks:read").get_json()["scope"] == "checks:read"
    assert hr.ask(scope="checks:read checks:write checks:read").get_json()["scope"] == "checks:write checks:read"


@pytest.mark.parametrize("scope", ["audit:read", "checks:read audit:read", "reviews:decide", " ", "checks", '"\\x'])
def test_scope_beyond_the_registration_is_refused(hr: Any, scope: str) -> None:
    """One scope too many and there is no token at all."""
    refusal(hr.ask(scope=scope), 400, "invalid_scope")


@pytest.mark.parametrize("path", ["/v1", ""])
def test_resource_becomes_the_audience(hr: Any, claims_of: Any, path: str) -> None:
    """RFC 8707: the token is for the resource that was asked for."""
    assert claims_of(hr.token(resource=hr.issuer + path))["aud"] == hr.issuer + path


@pytest.mark.parametrize("resource", ["https://other.example/v1", "/v1", "x"])
def test_resource_that_is_not_ours_is_refused(hr: Any, resource: str) -> None:
    """RFC 8707 §2: invalid_target."""
    refusal(hr.ask(resource=resource), 400, "invalid_target")


def test_two_resources_are_refused(hr: Any) -> None:
    """One token, one audience."""
    refusal(hr.ask(resource=[f"{hr.issuer}/v1", hr.issuer]), 400, "invalid_target")


@pytest.mark.parametrize(
    "key", [ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519"), RSAKey.generate_key(2048)]
)
def test_every_kind_of_key_works(enrol: Any, key: Any) -> None:
    """ES256, Ed25519 and PS256 assertions are accepted."""
    assert enrol(key=key).ask().status_code == 200


@pytest.mark.parametrize("aud", ["issuer", "token endpoint", "a list of one"])
def test_audience_is_us(hr: Any, aud: str) -> None:
    """The issuer (FAPI) or the token endpoint's URL (RFC 7523), as a string or a list of one."""
    values = {"issuer": hr.issuer, "token endpoint": f"{hr.issuer}/oauth/token", "a list of one": [hr.issuer]}
    assert hr.ask(hr.assertion(aud=values[aud])).status_code == 200


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"iss": "cli_other"}, "'iss'"),
        ({"iss": None}, "'iss'"),
        ({"aud": None}, "'aud'"),
        ({"aud": "https://other.example"}, "'aud'"),
        ({"aud": "http://127.0.0.1/oauth/introspect"}, "'aud'"),
        ({"aud": []}, "'aud'"),
        ({"aud": {"a": 1}}, "'aud'"),
        ({"exp": None}, "'exp'"),
        ({"exp": 0}, "'exp'"),
        ({"exp": -(10**400)}, "'exp'"),
        ({"exp": 10**400}, "'exp'"),
        ({"exp": True}, "'exp'"),
        ({"exp": "1795165260"}, "'exp'"),
        ({"jti": None}, "'jti'"),
        ({"jti": ""}, "'jti'"),
        ({"jti": 5}, "'jti'"),
        ({"jti": "x" * 257}, "'jti'"),
        ({"iat": [1]}, "'iat'"),
        ({"nbf": 99999999999}, "'nbf'"),
    ],
)
def test_wrong_claim_is_refused_by_name(hr: Any, changes: dict[str, Any], about: str) -> None:
    """Each claim of an assertion is checked, and the one that is wrong is named."""
    assert about in refusal(hr.ask(hr.assertion(**changes)), 400, "invalid_client")


@pytest.mark.parametrize(
    ("claim", "seconds", "accepted"),
    [
        ("exp", 1, True),
        ("exp", 0, False),
        ("exp", -1, False),
        ("exp", 3600, True),
        ("exp", 3660, True),
        ("exp", 3661, False),
        ("iat", 60, True),
        ("iat", 61, False),
        ("nbf", 60, True),
        ("nbf", 61, False),
    ],
)
def test_times_of_an_assertion_have_bounds(hr: Any, claim: str, seconds: int, accepted: bool) -> None:
    """It is not expired, expires within an hour, and was not made more than a minute in the future."""
    with clock.stopped(START):
        answer = hr.ask(hr.assertion(**{claim: int(START.timestamp()) + seconds}))
    assert answer.status_code == (200 if accepted else 400), answer.get_data(as_text=True)


def test_infinite_expiry_is_refused(hr: Any) -> None:
    """1e999 is a number to JSON and infinite to Python."""
    payload = json.dumps(hr.claims(exp=1)).replace('"exp": 1', '"exp": 1e999').encode()
    assert "'exp'" in refusal(hr.ask(hr.sign(payload)), 400, "invalid_client")


def test_expired_assertion_is_told_so(hr: Any) -> None:
    """The description says that it is expired."""
    with clock.stopped(START) as at:
        old = hr.assertion()
        at.forward(timedelta(minutes=5))
        assert "expired" in refusal(hr.ask(old), 400, "invalid_client")


@pytest.mark.both_databases
def test_assertion_works_once(hr: Any) -> None:
    """The second use of a jti is refused."""
    assertion = hr.assertion()
    assert hr.ask(assertion).status_code == 200
    assert "used before" in refusal(hr.ask(assertion), 400, "invalid_client")


def test_assertion_works_once_whatever_it_was_used_for(hr: Any) -> None:
    """A refused request uses the assertion up as well, and so do the other endpoints."""
    assertion = hr.assertion()
    refusal(hr.ask(assertion, scope="audit:read"), 400, "invalid_scope")
    refusal(hr.post("/oauth/introspect", assertion, token="x"), 400, "invalid_client")


def test_same_jti_of_another_client_is_no_replay(enrol: Any) -> None:
    """A jti is unique for its client only (RFC 7519 §4.1.7)."""
    one, other = enrol("One"), enrol("Other")
    assert one.ask(one.assertion(jti="1")).status_code == 200
    assert other.ask(other.assertion(jti="1")).status_code == 200


@pytest.mark.both_databases
def test_assertion_is_remembered_until_it_expires(hr: Any) -> None:
    """After an hour, the longest that an assertion may live, it is still refused; later it is forgotten."""
    with clock.stopped(START) as at:
        assertion = hr.assertion(jti="1", exp=int(START.timestamp()) + 3600)
        assert hr.ask(assertion).status_code == 200
        at.forward(timedelta(seconds=3599))
        hr.token()  # what has expired is cleared away at each use
        assert "used before" in refusal(hr.ask(assertion), 400, "invalid_client")
        at.forward(timedelta(hours=2))
        assert hr.ask(hr.assertion(jti="1")).status_code == 200


@pytest.mark.both_databases
def test_concurrent_use_of_one_assertion_gives_one_token(app: Flask, hr: Any) -> None:
    """However close the race, one request wins."""
    form = {"grant_type": "client_credentials", "client_assertion": hr.assertion()}
    form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    hr.token()  # our keys are made now, not in the race
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.test_client().post("/oauth/token", data=form).status_code, range(16)))
    assert sorted(answers) == [200] + [400] * 15


def test_assertion_of_another_key_is_refused(hr: Any) -> None:
    """A signature that the client's key did not make is no authentication."""
    refusal(hr.ask(hr.assertion(key=ECKey.generate_key("P-256"))), 400, "invalid_client")


def test_one_client_cannot_speak_for_another(enrol: Any) -> None:
    """The key of one institution signs for no other."""
    one, other = enrol("One"), enrol("Other")
    refusal(one.as_client(other.id).ask(), 400, "invalid_client")


def test_unknown_client_and_wrong_key_are_told_alike(hr: Any) -> None:
    """The answer does not tell whether a client exists."""
    stranger = hr.as_client("cli_" + "a" * 26)
    wrong_key = hr.ask(hr.assertion(key=ECKey.generate_key("P-256")))
    assert stranger.ask().get_data() == wrong_key.get_data()
    assert hr.ask(hr.assertion(header={"kid": "k2"})).get_data() == wrong_key.get_data()


@pytest.mark.parametrize("sub", ["", "cli_x", "\ud800", "' or 1=1 --", 5, None, ["cli_x"], {"a": 1}])
def test_strange_subject_is_an_unknown_client(hr: Any, sub: Any) -> None:
    """Whatever stands in `sub`, there is an answer."""
    refusal(hr.ask(hr.assertion(sub=sub)), 400, "invalid_client")


def test_key_without_kid_is_found_when_it_is_the_only_fitting_one(enrol: Any) -> None:
    """A token that names no key is verified by the only key that its algorithm fits."""
    key, other = ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")
    public = [key.as_dict(private=False), other.as_dict(private=False)]
    hr = enrol(key=key, jwks={"keys": public})
    assert hr.ask(hr.assertion(header={"kid": None})).status_code == 200


def test_key_must_be_named_when_several_fit(enrol: Any) -> None:
    """With two keys of one kind, a token that names none is refused and told how to do better."""
    key, other = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    public = [key.as_dict(private=False) | {"kid": "k1"}, other.as_dict(private=False) | {"kid": "k2"}]
    hr = enrol(key=key, jwks={"keys": public})
    assert hr.ask().status_code == 200
    assert "'kid'" in refusal(hr.ask(hr.assertion(header={"kid": None})), 400, "invalid_client")
    refusal(hr.ask(hr.assertion(header={"kid": "k2"})), 400, "invalid_client")


def test_key_of_another_algorithm_is_not_taken(enrol: Any) -> None:
    """The algorithm must fit the key that `kid` names."""
    hr = enrol(key=RSAKey.generate_key(2048))
    refusal(hr.ask(hr.assertion(key=ECKey.generate_key("P-256"))), 400, "invalid_client")


def test_public_key_is_no_shared_secret(hr: Any) -> None:
    """The old trick of signing HS256 with the public key does not work."""
    parts = (json.dumps({"alg": "HS256", "kid": "k1"}), json.dumps(hr.claims()))
    signed = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
    mac = hmac.digest(hr.key.as_pem(private=False), signed.encode(), "sha256")
    forged = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    assert "'alg'" in refusal(hr.ask(forged), 400, "invalid_client")


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "secevent+jwt", "DPOP+JWT"])
def test_token_of_another_kind_is_no_assertion(hr: Any, typ: str) -> None:
    """A token signed for another purpose does not authenticate."""
    assert "'typ'" in refusal(hr.ask(hr.assertion(header={"typ": typ})), 400, "invalid_client")


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "client-authentication+jwt"])
def test_assertion_may_say_what_it_is(hr: Any, typ: str | None) -> None:
    """The types that clients use are accepted."""
    assert hr.ask(hr.assertion(header={"typ": typ})).status_code == 200


def test_header_that_we_do_not_know_is_ignored(hr: Any) -> None:
    """RFC 7515 §4: unknown header parameters are ignored, an embedded key is never used."""
    stranger = ECKey.generate_key("P-256")
    assert hr.ask(hr.assertion(header={"x-made-by": "HR 3000"})).status_code == 200
    embedded = {"jwk": stranger.as_dict(private=False), "kid": None}
    refusal(hr.ask(hr.assertion(key=stranger, header=embedded)), 400, "invalid_client")


def test_header_may_carry_a_certificate(hr: Any) -> None:
    """A long header that we have no use for is no reason to refuse."""
    assert hr.ask(hr.assertion(header={"x5c": ["A" * 3000]})).status_code == 200


def test_longest_rsa_key_works(enrol: Any) -> None:
    """4096 bits, and a signature as long."""
    assert enrol(key=RSAKey.generate_key(4096)).ask().status_code == 200


def test_critical_header_is_refused(hr: Any) -> None:
    """RFC 7515 §4.1.11: what is critical and not understood ends it."""
    header = base64.urlsafe_b64encode(b'{"alg":"ES256","kid":"k1","crit":["x"],"x":1}').decode().rstrip("=")
    forged = f"{header}.{hr.assertion().split('.', 1)[1]}"
    assert "Critical" in refusal(hr.ask(forged), 400, "invalid_client")


def test_client_id_may_come_along(hr: Any) -> None:
    """RFC 7521 §4.2: client_id is optional, and must be the assertion's."""
    assert hr.ask(client_id=hr.id).status_code == 200
    assert "client_id" in refusal(hr.ask(client_id="cli_" + "a" * 26), 400, "invalid_client")


def test_no_authentication_is_refused(http: FlaskClient) -> None:
    """Without an assertion or a secret there is nothing, and a challenge says so."""
    answer = http.post("/oauth/token", data={"grant_type": "client_credentials"})
    assert "private_key_jwt or client_secret_basic" in refusal(answer, 401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="sealgate", charset="UTF-8"'


def test_two_ways_to_authenticate_are_refused(hr: Any, http: FlaskClient) -> None:
    """RFC 6749 §2.3: one method in each request."""
    form = {"grant_type": "client_credentials", "client_assertion": hr.assertion()}
    answer = http.post("/oauth/token", data=form, headers={"Authorization": hr.basic("secret")})
    refusal(answer, 400, "invalid_request")
    refusal(hr.ask(client_secret="x"), 400, "invalid_client")


def test_assertion_of_another_type_is_refused(hr: Any) -> None:
    """Only JWT assertions are known."""
    saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    assert "client_assertion_type" in refusal(hr.ask(client_assertion_type=saml), 400, "invalid_client")


@pytest.mark.parametrize(
    "grant",
    ["authorization_code", "password", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer", '"\n\x00é'],
)
def test_other_grants_are_not_there(hr: Any, grant: str) -> None:
    """Only client_credentials is registered, and what was asked for is not repeated."""
    assert refusal(hr.ask(grant_type=grant), 400, "unsupported_grant_type").endswith("client_credentials.")


def test_grant_type_must_be_there(hr: Any) -> None:
    """A missing or empty parameter is named."""
    assert "grant_type" in refusal(hr.ask(grant_type=""), 400, "invalid_request")


def test_repeated_parameter_is_refused(hr: Any) -> None:
    """RFC 6749 §3.2: parameters must not be repeated."""
    refusal(hr.ask(scope=["checks:read", "checks:write"]), 400, "invalid_request")


def test_parameters_in_the_url_are_refused(hr: Any) -> None:
    """What stands in a URL ends in logs."""
    assert "URL" in refusal(hr.post("/oauth/token?grant_type=client_credentials"), 400, "invalid_request")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_body_must_be_a_form(http: FlaskClient, kind: str) -> None:
    """A wrong content type is named, not read as an empty form."""
    answer = http.post("/oauth/token", data=b'{"grant_type": "client_credentials"}', content_type=kind)
    assert "x-www-form-urlencoded" in refusal(answer, 400, "invalid_request")


def test_oversized_form_is_refused(hr: Any) -> None:
    """More than 16 KiB is read by nobody."""
    assert "16384 bytes" in refusal(hr.ask(scope="x" * 20000), 413, "invalid_request")


def test_oversized_assertion_is_refused(hr: Any) -> None:
    """An assertion has at most 8192 characters."""
    assert "8192" in refusal(hr.ask(hr.assertion(padding="x" * 7000)), 400, "invalid_client")


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_there(http: FlaskClient, method: str) -> None:
    """A token is asked for by POST."""
    answer = getattr(http, method)("/oauth/token")
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


def test_suspended_institution_gets_no_token(hr: Any, suspend: Any) -> None:
    """Once it has proved who it is, it is told why."""
    suspend(hr)
    assert "suspended" in refusal(hr.ask(), 400, "invalid_client")
    assert "suspended" not in refusal(hr.ask(hr.assertion(key=ECKey.generate_key())), 400, "invalid_client")


def test_revoked_client_gets_no_token(hr: Any, revoke: Any) -> None:
    """A revoked client is as good as unknown."""
    revoke(hr)
    assert "revoked" in refusal(hr.ask(), 400, "invalid_client")
