"""Introspection and revocation: a client asks about its own tokens, and about no other's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from gateway import clock

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def test_introspection_tells_a_client_of_its_token(hr: Any, claims_of: Any) -> None:
    """RFC 7662 §2.2: active, with the token's own claims."""
    token = hr.token(scope="checks:read")
    answer = hr.post("/oauth/introspect", token=token, token_type_hint="access_token")
    assert answer.headers["Cache-Control"] == "no-store"
    claims = claims_of(token)
    assert answer.get_json() == claims | {"active": True, "token_type": "Bearer", "scope": "checks:read"}


def test_introspection_of_anothers_token_says_nothing(enrol: Any) -> None:
    """A good token of somebody else looks like garbage."""
    one, other = enrol("One"), enrol("Other")
    assert other.post("/oauth/introspect", token=one.token()).get_json() == {"active": False}


def test_expired_token_is_not_active(hr: Any) -> None:
    """Ten minutes later it is over."""
    with clock.stopped(START) as at:
        token = hr.token()
        assert hr.active(token)
        at.forward(timedelta(minutes=10))
        assert not hr.active(token)


@pytest.mark.both_databases
def test_revoked_token_stops_at_once(hr: Any) -> None:
    """RFC 7009: it opens nothing and is not active; the client's other tokens go on."""
    token, other = hr.token(), hr.token()
    answer = hr.post("/oauth/revoke", token=token)
    assert (answer.status_code, answer.get_json()) == (200, {})
    assert (hr.get("/v1/me", token).status_code, hr.active(token)) == (401, False)
    assert (hr.get("/v1/me", other).status_code, hr.active(other)) == (200, True)


@pytest.mark.both_databases
def test_revocation_may_be_repeated(hr: Any) -> None:
    """Nothing happens the second time."""
    token = hr.token()
    assert [hr.post("/oauth/revoke", token=token).status_code for _ in range(2)] == [200, 200]


def test_anothers_token_cannot_be_revoked(enrol: Any) -> None:
    """RFC 7009 §2.1: refused, and the token still works."""
    one, other = enrol("One"), enrol("Other")
    token = one.token()
    answer = other.post("/oauth/revoke", token=token)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    assert one.get("/v1/me", token).status_code == 200


@pytest.mark.parametrize("garbage", ["x", "a.b.c", "x" * 9000, "\x00"])
def test_revoking_garbage_succeeds(hr: Any, garbage: str) -> None:
    """RFC 7009 §2.2: an invalid token is as good as revoked."""
    assert hr.post("/oauth/revoke", token=garbage).status_code == 200


@pytest.mark.parametrize("hint", ["refresh_token", "id_token", "x"])
@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
def test_wrong_hint_does_no_harm(hr: Any, path: str, hint: str) -> None:
    """The hint only helps to find a token, and we need no help."""
    assert hr.post(path, token=hr.token(), token_type_hint=hint).status_code == 200


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
def test_client_must_authenticate(hr: Any, http: FlaskClient, path: str) -> None:
    """Neither endpoint answers strangers; an access token is no authentication here."""
    token = hr.token()
    assert http.post(path, data={"token": token}).status_code == 401
    assert http.post(path, data={"token": token}, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert hr.post(path, hr.assertion(key=ECKey.generate_key()), token=token).status_code == 400
    assert hr.get("/v1/me", token).status_code == 200


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
def test_token_parameter_must_be_there(hr: Any, path: str) -> None:
    """A missing parameter is named."""
    answer = hr.post(path)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert "token" in answer.get_json()["error_description"]
