"""Registration: which institutions, which clients, which keys."""

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlalchemy import select

from gateway.audit.models import AuditEntry
from gateway.db import Database
from gateway.oauth import keysets, register
from gateway.oauth.models import Client, Institution
from gateway.oauth.register import RegistrationRefused

EC = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
PUBLIC: dict[str, Any] = dict(EC.as_dict(private=False))
PUBLIC_RSA: dict[str, Any] = dict(RSA.as_dict(private=False))


def add(database: Database, **changes: Any) -> tuple[Institution, Client, str | None]:
    """Register an institution and a client of it."""
    settings: dict[str, Any] = {"jwks": {"keys": [PUBLIC]}, "scopes": ["checks:read"]} | changes
    asking = {name: settings.pop(name) for name in ("jurisdiction", "registration", "policies") if name in settings}
    about = {"jurisdiction": "cn", "registration": "91310000MA1FL0", "policies": ["cn/kindergarten"]} | asking
    with database.write() as session:
        institution = register.add_institution(session, "Sunflower", **about)
        client, secret = register.add_client(session, institution, "Sunflower HR", **settings)
        return institution, client, secret


def test_client_with_keys_gets_no_secret(database: Database) -> None:
    """It proves itself by its keys."""
    institution, client, secret = add(database)
    assert (client.auth, client.secret_hash, secret) == ("private_key_jwt", None, None)
    assert (client.institution_id, client.revoked_at, institution.suspended_at) == (institution.id, None, None)


def test_client_without_keys_gets_a_secret(database: Database) -> None:
    """It is shown once; only its hash is kept."""
    _, client, secret = add(database, jwks=None)
    assert (client.auth, client.jwks) == ("client_secret_basic", None)
    assert secret
    assert secret not in (client.secret_hash or "")


def test_policies_are_kept_in_one_form(database: Database) -> None:
    """A star for the role means the whole policy; a role may have a hyphen."""
    given = ["cn/kindergarten:teacher", "gb-eaw/basic:*", "cn/city-transit", "cn/city-transit:other-key-staff"]
    institution, _, _ = add(database, policies=given)
    expected = ["cn/city-transit", "cn/city-transit:other-key-staff", "cn/kindergarten:teacher", "gb-eaw/basic"]
    assert institution.policies == expected


@pytest.mark.parametrize(
    "policy", ["", "kindergarten", "cn/", "cn/Kindergarten", "cn/kindergarten:", "cn/a/b", "cn/a b"]
)
def test_malformed_policy_is_refused(database: Database, policy: str) -> None:
    """The place in the list is named."""
    with pytest.raises(RegistrationRefused, match=r"policies\[1\]"):
        add(database, policies=["cn/kindergarten", policy])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"jurisdiction": "atlantis"}, "jurisdiction"),
        ({"registration": " "}, "registration"),
        ({"registration": "x" * 81}, "registration"),
        ({"registration": "9131\n0000"}, "registration"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["checks:read", "checks:wirte"]}, "scopes"),
        ({"scopes": ["reviews:decide"]}, "scopes"),
    ],
)
def test_field_that_is_wrong_is_named(database: Database, changes: dict[str, Any], field: str) -> None:
    """And nothing is registered."""
    with pytest.raises(RegistrationRefused) as raised:
        add(database, **changes)
    assert raised.value.field == field
    with database.read() as session:
        assert session.scalars(select(Institution)).all() == []


def test_institution_is_registered_once(database: Database) -> None:
    """The same number in the same jurisdiction is the same organisation; elsewhere it is another."""
    add(database)
    with pytest.raises(RegistrationRefused, match="registered already"):
        add(database)
    add(database, jurisdiction="nl")


def test_desk_clients_decide_reviews(database: Database) -> None:
    """Only a client of a desk may have that scope."""
    _, client, _ = add(database, scopes=["reviews:decide"], desk=True)
    assert (client.desk, client.scopes) == (True, ["reviews:decide"])


def test_registration_is_in_the_audit_log(database: Database) -> None:
    """Institution and client, and what stops them, by id."""
    institution, client, _ = add(database)
    with database.write() as session:
        held, row = session.get(Institution, institution.id), session.get(Client, client.id)
        assert held is not None
        assert row is not None
        for _ in range(2):  # the second time is no act
            register.suspend(session, held, "operator")
            register.revoke(session, row, "operator")
    with database.read() as session:
        entries = [(entry.kind, entry.about, json.loads(entry.facts)) for entry in session.scalars(select(AuditEntry))]
    assert entries == [
        ("institution.added", institution.id, ["cn", "cn/kindergarten"]),
        ("client.added", client.id, [institution.id, "checks:read"]),
        ("institution.suspended", institution.id, ["operator"]),
        ("client.revoked", client.id, [institution.id, "operator"]),
    ]


def test_long_list_of_policies_is_in_the_audit_log_as_its_digest(database: Database) -> None:
    """A field of the log has at most 300 characters."""
    add(database, policies=[f"cn/policy-{number}" for number in range(40)])
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.kind == "institution.added")).one()
    assert json.loads(entry.facts)[1].startswith("sha256:")


@pytest.mark.parametrize(
    ("key", "member"),
    [
        (dict(EC.as_dict(private=True)), "d"),
        (dict(OKPKey.generate_key("Ed25519").as_dict(private=True)), "d"),
        (dict(RSA.as_dict(private=True)), "d"),
        (PUBLIC_RSA | {"p": "AQAB"}, "p"),
        (PUBLIC_RSA | {"oth": []}, "oth"),
        (dict(OctKey.generate_key(256).as_dict()), "k"),
    ],
)
def test_private_key_is_refused_by_the_name_of_its_member(database: Database, key: dict[str, Any], member: str) -> None:
    """A private key that was sent is not kept, and not repeated."""
    with pytest.raises(RegistrationRefused) as raised:
        add(database, jwks={"keys": [PUBLIC, key]})
    assert raised.value.field == f"jwks.keys[1].{member}"
    assert str(key[member]) not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (dict(ECKey.generate_key("P-384").as_dict(private=False)), "crv"),
        (dict(ECKey.generate_key("secp256k1").as_dict(private=False)), "crv"),
        (dict(OKPKey.generate_key("X25519").as_dict(private=False)), "crv"),
        (dict(OKPKey.generate_key("Ed448").as_dict(private=False)), "crv"),
        (PUBLIC_RSA | {"n": PUBLIC_RSA["n"][:171]}, "n"),
        (PUBLIC_RSA | {"n": PUBLIC_RSA["n"][:-6]}, "n"),
        (PUBLIC_RSA | {"n": PUBLIC_RSA["n"] * 5}, "n"),
        (PUBLIC_RSA | {"n": "=="}, "n"),
        (PUBLIC_RSA | {"e": "AQ"}, "e"),
        (PUBLIC_RSA | {"e": "Aw"}, "e"),
        (PUBLIC_RSA | {"e": "AQAA"}, "e"),
        (PUBLIC_RSA | {"e": 65537}, "e"),
        (PUBLIC | {"kty": "oct"}, "kty"),
        (PUBLIC | {"kty": ["EC"]}, "kty"),
        (PUBLIC | {"use": "enc"}, "use"),
        (PUBLIC | {"key_ops": ["sign"]}, "key_ops"),
        (PUBLIC | {"alg": "RS256"}, "alg"),
        (PUBLIC | {"alg": ["ES256"]}, "alg"),
        (PUBLIC_RSA | {"alg": "RS256"}, "alg"),
        (PUBLIC | {"kid": ""}, "kid"),
        (PUBLIC | {"kid": 5}, "kid"),
        (PUBLIC | {"kid": "x" * 129}, "kid"),
        ({name: value for name, value in PUBLIC.items() if name != "y"}, "y"),
    ],
)
def test_key_that_is_weak_or_wrong_is_refused_by_name(key: dict[str, Any], place: str) -> None:
    """Other curves, short or degenerate RSA keys, other purposes, malformed members."""
    with pytest.raises(keysets.KeySetRefused) as raised:
        keysets.read({"keys": [key]})
    assert raised.value.field == f"keys[0].{place}"


@pytest.mark.parametrize("key", [PUBLIC | {"x": PUBLIC["y"]}, PUBLIC | {"x": "AA"}, PUBLIC | {"x": "é"}, 5, None, []])
def test_key_that_is_none_is_refused(key: Any) -> None:
    """A point that is not on the curve, or no key at all."""
    with pytest.raises(keysets.KeySetRefused, match=r"keys\[0\]"):
        keysets.read({"keys": [key]})


@pytest.mark.parametrize("document", [None, [], {}, {"keys": {}}, {"keys": []}, {"keys": [PUBLIC] * 11}, "x", PUBLIC])
def test_what_is_no_key_set_is_refused(document: Any) -> None:
    """A JWK Set is an object with a list of one to ten keys."""
    with pytest.raises(keysets.KeySetRefused, match="keys:"):
        keysets.read(document)


def test_kids_are_unique() -> None:
    """Two keys of one name could not be told apart, nor can the same key twice."""
    other = dict(ECKey.generate_key("P-256").as_dict(private=False))
    with pytest.raises(keysets.KeySetRefused, match=r"keys\[1\]\.kid"):
        keysets.read({"keys": [PUBLIC | {"kid": "a"}, other | {"kid": "a"}]})
    with pytest.raises(keysets.KeySetRefused, match=r"keys\[1\]\.kid"):
        keysets.read({"keys": [PUBLIC, PUBLIC]})


def test_key_without_a_name_is_named_by_its_thumbprint() -> None:
    """RFC 7638; only what makes the key is kept."""
    kept = keysets.read({"keys": [PUBLIC | {"use": "sig", "alg": "ES256", "x5t": "abc", "note": "ours"}]})
    assert kept == {"keys": [PUBLIC | {"kid": EC.thumbprint()}]}
