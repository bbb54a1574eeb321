"""Records and receipts: what they say and what not, who may have them, and that only ours verify."""

import base64
import json
import re
import warnings
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet
from werkzeug.test import TestResponse

from gateway import clock, vault
from gateway.clock import Stopped
from gateway.consent import decide, receipt, record
from gateway.consent.models import Consent
from gateway.db import db
from gateway.oauth import jose, receipt_keys, signing
from policies.library import Library
from tests.gateway.consent.people import NOW, SUBJECT, Person, Request, answer, ask

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the module is deprecated, and clients use it
    from authlib.jose import JsonWebKey, JsonWebToken

GIVEN = "2026-11-20T07:20:00Z"


def agreed(**changes: Any) -> Request:
    """A consent that was given."""
    request = ask(**changes)
    act(request, decide.agree)
    return request


def act(request: Request, do: Any) -> None:
    """What the subject does."""
    with db.write() as session:
        assert do(session, session.get_one(Consent, request.id))


def record_of(request: Request) -> dict[str, Any]:
    """The consent record."""
    with db.read() as session:
        return record.of(session, session.get_one(Consent, request.id))


def claims_of(text: str) -> dict[str, Any]:
    """What a receipt says, by our own look at it."""
    looked = receipt.verify(text)
    assert looked.why is None
    assert looked.claims is not None
    return dict(looked.claims)


def key_set() -> dict[str, Any]:
    """What `/oauth/jwks` publishes."""
    with db.read() as session:
        return {"keys": [*signing.published(session), *receipt_keys.published(session)]}


def saved(person: Person, request: Request) -> TestResponse:
    """The file that the button of the subject's page gives."""
    person.open(f"/c/{request.id}/receipt")
    return person.send()


@pytest.mark.both_databases
def test_the_record_has_the_fields_of_the_specification(app: Flask) -> None:
    """Every one of them that has a ground here, by its name."""
    found = record_of(agreed())
    policy = Library.shipped().policy("cn/kindergarten", clock.now().date())
    assert list(found) == ["schema_version", "record_id", "pii_principal_id", "processing", "parties", "events"]
    (processing,) = found["processing"]
    notice = {"policy": policy.id, "version": policy.version, "digest": policy.digest}
    assert notice.items() <= processing["privacy_notice"].items()
    assert processing["language"] == "en"
    title = policy.role_labels["teacher"]["en"]
    assert processing["purposes"] == [{"purpose": "hiring", "role": "teacher", "title": title}]
    assert processing["jurisdiction"] == "cn"
    assert processing["withdrawal_method"] == "http://localhost:8000/c"
    assert processing["recipient_third_parties"] == list(policy.registries)
    parties = {party["party_id"] for party in found["parties"]}
    assert {*processing["pii_controllers"], *processing["recipient_third_parties"]} <= parties
    assert found["parties"][0]["party_name"] == "Sunflower Kindergarten"
    assert found["events"][1] == {
        "event_time": GIVEN,
        "entity_id": found["pii_principal_id"],
        "event_type": "ExplicitlyExpressedConsent",
        "event_state": "ConsentGiven",
        "validity_duration": "until-the-answer-leaves",
    }


@pytest.mark.both_databases
def test_the_record_tells_what_was_done(app: Flask, time: Stopped) -> None:
    """Given, refused, withdrawn, expired: each in the vocabulary's word, in order, with who did it."""
    withdrawn, declined, expired = agreed(), ask(), ask()
    act(declined, decide.decline)
    time.forward(timedelta(hours=1))
    act(withdrawn, decide.withdraw)
    time.forward(timedelta(days=15))
    decide.expire()
    states = {
        request.id: [event["event_state"] for event in record_of(request)["events"]]
        for request in (withdrawn, declined, expired)
    }
    assert list(states.values()) == [
        ["ConsentRequested", "ConsentGiven", "ConsentWithdrawn"],
        ["ConsentRequested", "ConsentRefused"],
        ["ConsentRequested", "ConsentExpired"],
    ]
    with pytest.raises(vault.Absent):
        record_of(ask())


def test_two_records_of_one_person_have_nothing_in_common(app: Flask) -> None:
    """Two employers who lay receipts beside each other learn nothing; and no number is an id of ours."""
    one, other = agreed(), agreed()
    numbers = [record_of(each)[name] for each in (one, other) for name in ("record_id", "pii_principal_id")]
    assert len(set(numbers)) == 4
    ids = (one.id, one.check_id, other.id, other.check_id)
    assert not [each for each in ids if each in json.dumps([record_of(one), record_of(other)])]


@pytest.mark.both_databases
@pytest.mark.parametrize("eligible", [True, False])
def test_the_receipt_is_the_same_whatever_came_of_it(app: Flask, time: Stopped, eligible: bool) -> None:
    """Before the answer, after it, and after withdrawing: whoever demands a fresh one gets the first one."""
    request = agreed()
    first = claims_of(receipt.issue(request.row))
    time.forward(timedelta(hours=3))
    answer(request, eligible)
    assert claims_of(receipt.issue(request.row)) == first
    act(request, decide.withdraw)
    assert claims_of(receipt.issue(request.row)) == first
    assert [event["event_state"] for event in first["events"]] == ["ConsentGiven"]
    assert (first["iat"], first["events"][0]["event_time"]) == (int(NOW.timestamp()), GIVEN)
    words = json.dumps(first, ensure_ascii=False)
    for secret in ("eligible", "Withdrawn", SUBJECT["born"], "Wang Xiaoming", "王小明", "1101051990", request.check_id):
        assert secret not in words


@pytest.mark.both_databases
def test_stock_libraries_verify_it(app: Flask) -> None:
    """joserfc and Authlib, with nothing but the published key set."""
    text = receipt.issue(agreed().row)
    by_joserfc = jwt.decode(text, KeySet.import_key_set(key_set()), algorithms=["ES256"])
    assert by_joserfc.header["typ"] == "consent-receipt+jwt"
    assert by_joserfc.claims["iss"] == "http://localhost:8000"
    by_authlib = JsonWebToken(["ES256"]).decode(text, JsonWebKey.import_key_set(key_set()))
    assert dict(by_authlib) == by_joserfc.claims == claims_of(text)


@pytest.mark.both_databases
def test_it_verifies_after_its_key_was_rotated_away(app: Flask, time: Stopped) -> None:
    """Three rotations and years later, by us and by a stock library; a new one is signed with the new key."""
    request = agreed()
    old = receipt.issue(request.row)
    for _ in range(3):
        time.forward(timedelta(days=700))
        with db.write() as session:
            receipt_keys.rotate(session)
    new = receipt.issue(request.row)
    assert jws.extract_compact(old.encode()).headers()["kid"] != jws.extract_compact(new.encode()).headers()["kid"]
    assert claims_of(old) == claims_of(new)
    keys = KeySet.import_key_set(key_set())
    assert jwt.decode(old, keys, algorithms=["ES256"]).claims == jwt.decode(new, keys, algorithms=["ES256"]).claims


def test_a_receipt_of_an_earlier_form_verifies(app: Flask) -> None:
    """What was signed before records could have a lease is ours still."""
    claims = {**claims_of(receipt.issue(agreed().row)), "schema_version": "ISO/IEC TS 27560:2023 sealgate-1"}
    with db.read() as session:
        kid, algorithm, key = receipt_keys.current(session)
    header = {"typ": receipt.TYPE, "alg": algorithm, "kid": kid}
    told = receipt.verify(jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[algorithm])).told
    assert told is not None
    assert told.policy == "cn/kindergarten"


def test_a_receipt_of_a_leaked_key_is_not_ours_any_more(app: Flask) -> None:
    """Anybody might have made it. Its owner gets a new one."""
    request = agreed()
    old = receipt.issue(request.row)
    with db.write() as session:
        receipt_keys.rotate(session, at_once=True)
    assert receipt.verify(old).why == "not-ours"
    assert receipt.verify(receipt.issue(request.row)).why is None


def test_what_was_changed_or_is_not_ours_does_not_verify(app: Flask) -> None:
    """Another institution, another signature, another key under our name, another kind of token of ours."""
    text = receipt.issue(agreed().row)
    header, body, signature = text.split(".")
    claims = claims_of(text)
    claims["parties"][0]["party_name"] = "Another Kindergarten"
    assert receipt.verify(f"{header}.{segment(claims)}.{signature}").why == "changed"
    assert receipt.verify(f"{header}.{body}.{segment({})}").why == "changed"
    theirs = ECKey.generate_key("P-256")
    ours = json.loads(base64.urlsafe_b64decode(header + "=="))
    for changes, why in (
        ({}, "changed"),
        ({"kid": "key_foreign"}, "not-ours"),
        ({"typ": "JWT"}, "unreadable"),
        ({"typ": "at+jwt"}, "unreadable"),
    ):
        forged = jws.serialize_compact(ours | changes, json.dumps(claims).encode(), theirs, algorithms=["ES256"])
        assert receipt.verify(forged).why == why
    unsigned = f"{segment(ours | {'alg': 'none'})}.{body}."
    assert receipt.verify(unsigned).why == "unreadable"
    assert receipt.verify(f"{segment(ours | {'alg': 'PS256'})}.{body}.{signature}").why == "changed"


def test_what_another_deployment_or_another_kind_of_key_signed_is_not_ours(app: Flask) -> None:
    """Our key with another issuer's name, our access-token key, and our key under the type of another token."""
    claims = claims_of(receipt.issue(agreed().row))
    with db.write() as session:
        signing.prepare(session)
        kid, algorithm, key = receipt_keys.current(session)
        token_kid, _, token_key = signing.current(session)
    for typ, name, signer, iss, why in (
        (receipt.TYPE, kid, key, "https://elsewhere.example", "not-ours"),
        (receipt.TYPE, token_kid, token_key, claims["iss"], "not-ours"),
        ("at+jwt", kid, key, claims["iss"], "unreadable"),
    ):
        header = {"typ": typ, "alg": algorithm, "kid": name}
        text = jws.serialize_compact(header, json.dumps(claims | {"iss": iss}).encode(), signer, algorithms=[algorithm])
        assert receipt.verify(text).why == why


def segment(value: object) -> str:
    """One part of a compact JWS."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("text", ["", " ", "nonsense", "a.b.c", "…", "a." * 9000, "\x00", "😀.😀.😀", "." * 20000])
def test_rubbish_is_no_receipt(app: Flask, text: str) -> None:
    """And does no harm."""
    assert receipt.verify(text) == receipt.Looked(None, "unreadable")


def test_the_longest_receipt_fits(app: Flask) -> None:
    """A long name in Chinese, and every line break that copying may bring."""
    text = receipt.issue(agreed(institution="幼" * 200, language="zh").row)
    assert len(text) < receipt.LONGEST // 2
    broken = "\r\n  ".join(re.findall(".{1,64}", text))
    looked = receipt.verify(f" {broken}\n")
    assert looked.told is not None
    assert looked.told.institution == "幼" * 200
    assert len(text) < jose.MAX_TOKEN
