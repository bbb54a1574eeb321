"""Our signing keys: published before they sign, one at a time, private halves in the vault, rotation."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from gateway import clock, vault
from gateway.audit.models import AuditEntry
from gateway.db import Database
from gateway.oauth import signing
from gateway.oauth.models import SigningKey

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def kids(http: FlaskClient) -> list[str]:
    """The keys that we publish."""
    return [key["kid"] for key in http.get("/oauth/jwks").get_json()["keys"]]


def test_key_set_is_public_and_may_be_kept(http: FlaskClient, database: Database) -> None:
    """Two keys, no private member, and how long they may be cached."""
    answer = http.get("/oauth/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    keys = answer.get_json()["keys"]
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2
    assert {(key["alg"], key["use"]) for key in keys} == {("ES256", "sig")}


def test_private_halves_are_in_the_vault_only(http: FlaskClient, database: Database) -> None:
    """Neither the table nor the database file holds them in clear."""
    http.get("/oauth/jwks")
    with database.read() as session:
        rows = session.scalars(select(SigningKey)).all()
        secret = vault.get(session, rows[0].kid, "private")["d"]
        stored = session.connection().exec_driver_sql("select * from vault_items").all()
    assert secret not in json.dumps([row.public for row in rows])
    assert secret not in repr(stored)


def test_keys_are_made_once(http: FlaskClient, hr: Any) -> None:
    """Asking again makes no others."""
    before = kids(http)
    hr.token()
    assert kids(http) == before


def test_next_key_is_published_before_it_signs(http: FlaskClient, hr: Any, header_of: Any, database: Database) -> None:
    """Rotation: the published next key signs, the old one still verifies, a new next one is published."""
    with clock.stopped(START) as at:
        current, following = kids(http)
        old = hr.token()
        at.forward(timedelta(minutes=10))
        with database.write() as session:
            assert signing.rotate(session) == following
        assert header_of(hr.token())["kid"] == following
        assert kids(http)[0] == following
        assert len(kids(http)) == 3
        assert current in kids(http)
        assert header_of(old)["kid"] == current


def test_token_of_the_old_key_lives_out_its_time(hr: Any, database: Database) -> None:
    """A rotation takes no token away."""
    with clock.stopped(START) as at:
        hr.token()
        at.forward(timedelta(minutes=10))
        old = hr.token()
        with database.write() as session:
            signing.rotate(session)
        at.forward(timedelta(minutes=9, seconds=59))
        assert hr.get("/v1/me", old).status_code == 200


@pytest.mark.both_databases
def test_old_key_is_withdrawn_when_its_tokens_have_expired(http: FlaskClient, hr: Any, database: Database) -> None:
    """It leaves the key set after a quarter of an hour, and its row at the next rotation."""
    with clock.stopped(START) as at:
        old = kids(http)[0]
        at.forward(timedelta(minutes=10))
        with database.write() as session:
            signing.rotate(session)
        at.forward(timedelta(minutes=14, seconds=59))
        assert old in kids(http)
        at.forward(timedelta(seconds=1))
        assert old not in kids(http)
        at.forward(timedelta(seconds=1))
        with database.write() as session:
            signing.rotate(session)
            assert session.get(SigningKey, old) is None


def test_rotation_waits_for_publication(http: FlaskClient, database: Database) -> None:
    """A key that others may not have seen yet does not sign."""
    with clock.stopped(START) as at:
        before = kids(http)
        at.forward(timedelta(minutes=9, seconds=59))
        with pytest.raises(signing.TooSoon), database.write() as session:
            signing.rotate(session)
        assert kids(http) == before


@pytest.mark.both_databases
def test_leaked_key_is_dropped_at_once(http: FlaskClient, hr: Any, database: Database) -> None:
    """In an emergency the old key goes in the same moment, and its tokens with it."""
    old, token = kids(http)[0], hr.token()
    with database.write() as session:
        signing.rotate(session, at_once=True)
    assert old not in kids(http)
    assert hr.get("/v1/me", token).status_code == 401
    assert hr.get("/v1/me", hr.token()).status_code == 200


@pytest.mark.parametrize("at_once", [False, True])
def test_private_half_is_shredded_when_it_signs_no_more(http: FlaskClient, database: Database, at_once: bool) -> None:
    """A retired key can verify and nothing else."""
    with clock.stopped(START) as at:
        old = kids(http)[0]
        at.forward(timedelta(minutes=10))
        with database.write() as session:
            signing.rotate(session, at_once=at_once)
        with database.read() as session, pytest.raises(vault.Shredded):
            vault.get(session, old, "private")


def test_rotation_is_in_the_audit_log(http: FlaskClient, database: Database) -> None:
    """With the key that signs from now on."""
    with database.write() as session:
        kid = signing.rotate(session, at_once=True)
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.kind == "key.rotated")).one()
        assert (entry.about, entry.facts) == (kid, '["access-token"]')


def test_tampered_key_row_signs_nothing(http: FlaskClient, hr: Any, database: Database) -> None:
    """A sealed private half that was changed is noticed, and told as an incident without details."""
    hr.token()
    with database.write() as session:
        session.connection().exec_driver_sql("update vault_items set sealed = x'00112233445566778899aabbccddeeff'")
    answer = hr.ask()
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert set(answer.get_json()) == {"type", "title", "status", "incident"}
