"""The keys of receipts: published even when they sign no more, apart from those of access tokens."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from sqlalchemy import select

from gateway import clock, vault
from gateway.audit.models import AuditEntry
from gateway.db import Database
from gateway.oauth import receipt_keys, signing
from gateway.oauth.models import ReceiptKey
from tests.gateway.oauth.test_oauth_signing import START, kids

pytestmark = pytest.mark.both_databases


def prepared(database: Database) -> tuple[str, str]:
    """The kid that signs receipts, and the next."""
    with database.write() as session:
        receipt_keys.prepare(session)
        receipt_keys.prepare(session)
        rows = {row.state: row.kid for row in session.scalars(select(ReceiptKey))}
    assert rows.keys() == {"current", "next"}
    return rows["current"], rows["next"]


def test_both_are_published_beside_those_of_tokens(http: FlaskClient, database: Database) -> None:
    """In one key set, without a private member, with different names."""
    before = kids(http)
    pair = prepared(database)
    assert kids(http)[: len(before)] == before
    assert set(kids(http)) == {*before, *pair}
    keys = http.get("/oauth/jwks").get_json()["keys"]
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 4


def test_a_key_verifies_for_ever(http: FlaskClient, database: Database) -> None:
    """Five rotations and ten years later it is still in the key set; its private half went with its last signature."""
    first, following = prepared(database)
    with clock.stopped(START) as at:
        for _ in range(5):
            at.forward(timedelta(days=730))
            with database.write() as session:
                now = receipt_keys.rotate(session)
            if first in kids(http) and following:
                assert now == following
                following = ""
        assert {first, now} <= set(kids(http))
    with database.read() as session:
        assert receipt_keys.find(session, first) is not None
        assert receipt_keys.current(session)[0] == now
        with pytest.raises(vault.Shredded):
            vault.get(session, first, "private")


def test_rotation_waits_for_publication(http: FlaskClient, database: Database) -> None:
    """A key that others may not have seen yet does not sign, unless it must."""
    with clock.stopped(START) as at:
        first, following = prepared(database)
        at.forward(timedelta(minutes=9, seconds=59))
        with pytest.raises(signing.TooSoon), database.write() as session:
            receipt_keys.rotate(session)
        with database.write() as session:
            assert receipt_keys.rotate(session, at_once=True) == following
        assert first not in kids(http), "a leaked key is dropped"


def test_rotation_is_in_the_audit_log(database: Database) -> None:
    """By its own name, with the key that signs from now on."""
    _, following = prepared(database)
    with database.write() as session:
        receipt_keys.rotate(session, at_once=True)
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.kind == "key.rotated")).one()
        assert (entry.about, json.loads(entry.facts)) == (following, ["receipt"])


def test_a_key_of_receipts_signs_no_access_token(http: FlaskClient, hr: Any, database: Database) -> None:
    """Whoever had such a key could make receipts with it, and nothing else."""
    claims = jwt.decode(hr.token(), signing_key(database), algorithms=["ES256"])
    prepared(database)
    with database.read() as session:
        kid, algorithm, key = receipt_keys.current(session)
    header = {"typ": "at+jwt", "alg": algorithm, "kid": kid}
    assert hr.get("/v1/me", jwt.encode(header, claims.claims, key, algorithms=[algorithm])).status_code == 401


def signing_key(database: Database) -> Any:
    """The key of access tokens."""
    with database.read() as session:
        return signing.current(session)[2]


def test_no_key_is_said(database: Database) -> None:
    """Before anything was prepared."""
    with database.read() as session, pytest.raises(signing.NoKeys):
        receipt_keys.current(session)
    with database.read() as session:
        assert receipt_keys.find(session, "key_nothing") is None
