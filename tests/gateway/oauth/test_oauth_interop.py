"""Clients that we did not write, over a real port: Authlib's, plain requests, and one in another language."""

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, OKPKey, RSAKey

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NODE = shutil.which("node")


def session_of(software: Any, method: PrivateKeyJWT) -> OAuth2Session:
    """Authlib's stock client with the software's key."""
    session = OAuth2Session(
        software.id,
        software.key,
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
        scope="checks:read",
    )
    session.register_client_auth_method(method)
    return session


@pytest.mark.parametrize(("kind", "algorithm"), [("EC", "ES256"), ("OKP", "Ed25519"), ("RSA", "PS256")])
def test_authlibs_client_gets_a_token_and_calls_the_api(enrol: Any, gate: str, kind: str, algorithm: str) -> None:
    """The stock OAuth2Session with PrivateKeyJWT: token, call, a second token, introspection, revocation."""
    key = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}[kind].generate_key()
    hr = enrol(key=key)
    url = f"{gate}/oauth/token"
    with session_of(hr, PrivateKeyJWT(url, alg=algorithm)) as session:
        token = session.fetch_token(url, grant_type="client_credentials")
        assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 600, "checks:read")
        assert session.get(f"{gate}/v1/me").json()["client_id"] == hr.id
        assert session.fetch_token(url, grant_type="client_credentials")["access_token"] != token["access_token"]
        asked = session.introspect_token(f"{gate}/oauth/introspect", token=token["access_token"])
        assert asked.json()["active"] is True
        assert session.revoke_token(f"{gate}/oauth/revoke", token=token["access_token"]).status_code == 200
        session.token = token
        assert session.get(f"{gate}/v1/me").status_code == 401


def test_authlibs_client_without_an_audience_of_its_own(hr: Any, gate: str) -> None:
    """Not told a token endpoint, it puts the URL that it calls: works at every endpoint."""
    with session_of(hr, PrivateKeyJWT(alg="ES256")) as session:
        token = session.fetch_token(f"{gate}/oauth/token", grant_type="client_credentials")
        asked = session.introspect_token(f"{gate}/oauth/introspect", token=token["access_token"])
        assert asked.json()["active"] is True


def test_authlibs_client_with_its_default_algorithm_is_told_what_to_do(enrol: Any, gate: str) -> None:
    """RS256 is refused, and the answer says what is accepted."""
    hr, url = enrol(key=RSAKey.generate_key(2048)), f"{gate}/oauth/token"
    with session_of(hr, PrivateKeyJWT(url)) as session, pytest.raises(OAuthError, match="ES256, PS256"):
        session.fetch_token(url, grant_type="client_credentials")


def test_authlibs_client_with_a_secret(enrol: Any, gate: str) -> None:
    """client_secret_basic, as the session does it by default."""
    hr = enrol(secret=True)
    with OAuth2Session(hr.id, hr.secret) as session:
        session.fetch_token(f"{gate}/oauth/token", grant_type="client_credentials")
        assert session.get(f"{gate}/v1/me").json()["client_id"] == hr.id


def test_plain_requests_get_a_token_and_call_the_api(hr: Any, gate: str) -> None:
    """A form, an answer, a header: no OAuth library at all."""
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": hr.assertion()}
    token = requests.post(f"{gate}/oauth/token", data=form, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{gate}/v1/me", headers=headers, timeout=10).json()["client_id"] == hr.id
    assert requests.post(f"{gate}/oauth/token", data=form, timeout=10).json()["error"] == "invalid_client"


def test_one_assertion_sent_many_times_at_once_gives_one_token(hr: Any, gate: str) -> None:
    """Over the network as well, one request wins."""
    hr.token()  # our keys are made now, not in the race
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": hr.assertion()}

    def ask(_: int) -> int:
        return requests.post(f"{gate}/oauth/token", data=form, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(16))) == [200] + [400] * 15


def test_oversized_body_over_the_network_is_answered(gate: str) -> None:
    """The refusal reaches the client; a body that does not say how long it is, is not read as an empty one."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(f"{gate}/oauth/token", data="x=" + "y" * 20000, headers=form, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")
    chunks = iter([b"x=", b"y" * 20000])
    answer = requests.post(f"{gate}/oauth/token", data=chunks, headers=form, timeout=10)
    assert (answer.status_code, "Content-Length" in answer.json()["error_description"]) == (400, True)


@pytest.mark.skipif(
    NODE is None, reason="NOT TESTED: a client in another language. Install Node 18 or newer to run this."
)
@pytest.mark.parametrize(
    ("kind", "algorithm"), [("EC", "ES256"), ("OKP", "Ed25519"), ("OKP", "EdDSA"), ("RSA", "PS256")]
)
@pytest.mark.parametrize("audience", ["issuer", "token endpoint"])
def test_client_in_javascript_gets_a_token_and_calls_the_api(
    enrol: Any, gate: str, kind: str, algorithm: str, audience: str
) -> None:
    """Node with its own crypto and fetch: metadata, assertion, token, call; a second token with a new assertion."""
    hr = enrol(key={"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}[kind].generate_key())
    told = {
        "issuer": gate,
        "client_id": hr.id,
        "alg": algorithm,
        "key": hr.key.as_dict(private=True) | {"kid": "k1"},
        "audience": {"issuer": gate, "token endpoint": f"{gate}/oauth/token"}[audience],
    }
    script = Path(__file__).with_name("client.mjs")
    done = subprocess.run([str(NODE), str(script)], input=json.dumps(told), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["token"]["status"], said["token"]["body"]["scope"]) == (200, "checks:read")
    assert (said["me"]["status"], said["me"]["body"]["client_id"]) == (200, hr.id)
    assert said["again"]["status"] == 200
