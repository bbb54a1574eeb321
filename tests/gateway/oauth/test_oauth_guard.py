"""The guard in front of the API: who passes, who does not, and what a room learns of the caller."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway import clock
from gateway.db import Database, db
from gateway.oauth import Caller, Guard, needs, signing, tokens
from gateway.oauth.models import Client, Institution

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def test_caller_is_the_tokens_client_and_its_institution(hr: Any) -> None:
    """A room learns who calls, for which institution, with which scopes."""
    assert hr.get("/v1/me", hr.token(scope="checks:read")).get_json() == {
        "client_id": hr.id,
        "institution_id": hr.institution_id,
        "institution_name": "Sunflower",
        "policies": ["cn/kindergarten"],
        "scopes": ["checks:read"],
        "desk": False,
    }


def test_token_of_one_institution_is_never_another(enrol: Any) -> None:
    """Each token leads to its own institution, whatever else is registered."""
    one, other = enrol("One"), enrol("Other")
    assert one.get("/v1/me", one.token()).get_json()["institution_id"] == one.institution_id
    assert other.get("/v1/me", other.token()).get_json()["institution_id"] == other.institution_id
    assert one.institution_id != other.institution_id


@pytest.mark.parametrize(
    ("policies", "policy", "role", "may"),
    [
        (("cn/kindergarten",), "cn/kindergarten", "teacher", True),
        (("cn/kindergarten:teacher",), "cn/kindergarten", "teacher", True),
        (("cn/kindergarten:teacher",), "cn/kindergarten", "head", False),
        (("cn/kindergarten",), "cn/city-transit", "driver", False),
        ((), "cn/kindergarten", "teacher", False),
    ],
)
def test_registration_says_what_an_institution_may_ask(
    policies: tuple[str, ...], policy: str, role: str, may: bool
) -> None:
    """A whole policy, or single roles of it."""
    assert Caller("cli_1", "ins_1", "One", policies, frozenset(), False).may_ask(policy, role) is may


def test_blueprint_guard_stands_in_front_of_every_view(http: FlaskClient, enrol: Any) -> None:
    """`before_request(needs(…))` refuses before the view runs."""
    writer, reader = enrol("Writer"), enrol("Reader", scopes=["checks:read"])
    assert http.post("/v1/checks").status_code == 401
    refused = http.post("/v1/checks", headers={"Authorization": f"Bearer {reader.token()}"})
    assert refused.status_code == 403
    passed = http.post("/v1/checks", headers={"Authorization": f"Bearer {writer.token()}"})
    assert passed.get_json() == {"by": writer.institution_id}


def test_guards_can_be_found(app: Flask) -> None:
    """The doors test of the whole app looks for guards in these two places."""
    assert [guard.scopes for guard in app.before_request_funcs["checks"] if isinstance(guard, Guard)] == [
        ("checks:write",)
    ]
    assert app.view_functions["views.me"].guard.scopes == ("checks:read",)  # type: ignore[attr-defined]
    assert not hasattr(app.view_functions["views.forgotten"], "guard")


def test_room_without_a_guard_has_no_caller(hr: Any) -> None:
    """Forgetting the guard is an error, not an open door."""
    assert hr.get("/v1/forgotten", hr.token()).status_code == 500


@pytest.mark.parametrize("scopes", [(), ("checks:wirte",), ("checks:read", "x")])
def test_guard_for_a_scope_that_does_not_exist_is_refused(scopes: tuple[str, ...]) -> None:
    """A misspelt scope is noticed when the app is put together."""
    with pytest.raises(ValueError, match="a guard needs"):
        needs(*scopes)


def test_scheme_is_read_in_any_case(hr: Any, http: FlaskClient) -> None:
    """RFC 9110 §11.1: schemes are not case-sensitive."""
    assert http.get("/v1/me", headers={"Authorization": f"bEARER {hr.token()}"}).status_code == 200


def test_token_in_the_url_or_a_form_is_not_read(hr: Any, http: FlaskClient) -> None:
    """RFC 6750 §2.2 and §2.3 are not offered."""
    token = hr.token()
    assert http.get(f"/v1/me?access_token={token}").status_code == 401
    assert http.post("/v1/checks", data={"access_token": token}).status_code == 401


def test_suspension_stops_tokens_at_once(hr: Any, suspend: Any, database: Database) -> None:
    """The next request of a suspended institution is refused, and works again when that is lifted."""
    token = hr.token()
    assert hr.get("/v1/me", token).status_code == 200
    suspend(hr)
    refused = hr.get("/v1/me", token)
    assert (refused.status_code, 'error="invalid_token"' in refused.headers["WWW-Authenticate"]) == (401, True)
    with database.write() as session:
        row = session.get(Institution, hr.institution_id)
        assert row is not None
        row.suspended_at = None
    assert hr.get("/v1/me", token).status_code == 200


def test_revoked_client_loses_its_tokens_at_once(hr: Any, revoke: Any) -> None:
    """A token outlives its client by no request."""
    token = hr.token()
    revoke(hr)
    assert hr.get("/v1/me", token).status_code == 401


def test_scope_taken_from_the_registration_is_gone_at_once(hr: Any, database: Database) -> None:
    """A token gives no more than its client is registered for at that moment."""
    token = hr.token()
    with database.write() as session:
        row = session.get(Client, hr.id)
        assert row is not None
        row.scopes = ["checks:write"]
    assert hr.get("/v1/me", token).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "https://other.example/v1"},
        {"aud": "cli_" + "a" * 26},
        {"aud": []},
        {"client_id": "cli_" + "a" * 26},
        {"exp": 1},
    ],
)
def test_token_with_a_wrong_claim_is_refused(
    hr: Any, claims_of: Any, database: Database, changes: dict[str, Any]
) -> None:
    """Issuer, audience, client and expiry are checked, although we signed it."""
    claims = claims_of(hr.token())
    with database.read() as session:
        kid, algorithm, key = signing.current(session)
    header = {"alg": algorithm, "kid": kid, "typ": "at+jwt"}
    assert hr.get("/v1/me", jwt.encode(dict(header), claims, key)).status_code == 200
    assert hr.get("/v1/me", jwt.encode(dict(header), claims | changes, key)).status_code == 401


def test_token_by_a_key_that_is_not_ours_is_refused(hr: Any, claims_of: Any, header_of: Any) -> None:
    """Naming our kid does not make it our signature, and the client's own key signs no access tokens."""
    token = hr.token()
    header, claims = header_of(token), claims_of(token)
    for key in (ECKey.generate_key("P-256"), hr.key):
        for kid in (header["kid"], "k1", "key_" + "a" * 26):
            assert hr.get("/v1/me", jwt.encode(header | {"kid": kid}, claims, key)).status_code == 401


def test_altered_token_is_refused(hr: Any) -> None:
    """One changed letter in any part is enough."""
    token = hr.token()
    for place in (2, len(token) // 2, len(token) - 10):
        other = "A" if token[place] != "A" else "B"
        assert hr.get("/v1/me", token[:place] + other + token[place + 1 :]).status_code == 401


def test_assertion_is_no_access_token(hr: Any) -> None:
    """What authenticates a client at the token endpoint opens nothing else."""
    assert hr.get("/v1/me", hr.assertion()).status_code == 401


def test_revoked_tokens_are_forgotten_when_they_have_expired(hr: Any, database: Database) -> None:
    """The list of revoked tokens does not grow without end."""
    with clock.stopped(START) as at:
        first = hr.token()
        hr.post("/oauth/revoke", token=first)
        at.forward(timedelta(minutes=11))
        hr.post("/oauth/revoke", token=hr.token())
        assert hr.get("/v1/me", first).status_code == 401
    with database.read() as session:
        assert session.connection().exec_driver_sql("select count(*) from revoked_tokens").scalar() == 1


def test_a_token_that_is_known_is_still_held_against_its_key(hr: Any, database: Database) -> None:
    """Its signature is not looked at again, but whether the key that made it is published is."""
    token = hr.token()
    assert [hr.get("/v1/me", token).status_code for _ in range(2)] == [200, 200]
    with database.write() as session:
        signing.rotate(session, at_once=True)
    assert hr.get("/v1/me", token).status_code == 401


def test_a_token_that_is_known_ends(hr: Any) -> None:
    """By its time, and when it is taken back."""
    with clock.stopped(START) as time:
        taken_back, expiring = hr.token(), hr.token()
        for token in (taken_back, expiring):
            assert hr.get("/v1/me", token).status_code == 200
        assert hr.post("/oauth/revoke", token=taken_back).status_code == 200
        assert hr.get("/v1/me", taken_back).status_code == 401
        time.forward(tokens.LIFETIME - timedelta(seconds=1))
        assert hr.get("/v1/me", expiring).status_code == 200
        time.forward(timedelta(seconds=1))
        assert hr.get("/v1/me", expiring).status_code == 401


def test_a_token_that_is_known_does_not_vouch_for_others(hr: Any) -> None:
    """The same claims under another signature, and the same token for another gateway."""
    token = hr.token()
    assert hr.get("/v1/me", token).status_code == 200
    assert hr.get("/v1/me", token[:-4] + "AAAA").status_code == 401
    with db.glance() as connection:
        assert tokens.read(connection, "https://another.example", token) is None


def test_few_tokens_are_known_at_a_time() -> None:
    """The one that was used longest ago is forgotten first."""
    seen = tokens.Seen(2)
    for name in (b"one", b"two", b"three"):
        seen.put(name, tokens.Signed("key", {}))
        seen.get(b"one")
    assert [seen.get(name) is not None for name in (b"one", b"two", b"three")] == [True, False, True]
