"""Reading tokens that strangers send: whatever comes, there is an answer."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from gateway.oauth import jose

KEY = ECKey.generate_key("P-256")


def compact(header: str | bytes, payload: str | bytes) -> str:
    """Two parts as they come, and a signature that nobody made."""
    parts = (part.encode() if isinstance(part, str) else part for part in (header, payload))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".AAAA"


def test_token_is_read_in_its_parts() -> None:
    """Header and claims, before the signature is looked at."""
    token = jose.read(compact('{"alg":"ES256","kid":"k","typ":"application/AT+JWT"}', '{"iss":"x"}'))
    assert (token.algorithm, token.kid, token.typ, token.claims) == ("ES256", "k", "at+jwt", {"iss": "x"})


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        ('["alg"]', "{}"),
        ('"alg"', "{}"),
        ("5", "{}"),
        ("null", "{}"),
        ("{", "{}"),
        ("{}", "{}"),
        ('{"alg":"none"}', "{}"),
        ('{"alg":"HS256"}', "{}"),
        ('{"alg":"es256"}', "{}"),
        ('{"alg":null}', "{}"),
        ('{"alg":["ES256"]}', "{}"),
        ('{"alg":"ES256","alg":"none"}', "{}"),
        ('{"alg":"ES256","kid":5}', "{}"),
        ('{"alg":"ES256","typ":{}}', "{}"),
        ('{"alg":"ES256","kid":"\\ud800"}', "{}"),
        ('{"alg":"ES256","kid":"a\\u0000"}', "{}"),
        ('{"alg":"ES256","typ":"\\udfff"}', "{}"),
        ('{"alg":"ES256","crit":["exp"]}', "{}"),
        ('{"alg":"ES256","b64":false}', "{}"),
        ('{"alg":"ES256"}', "[]"),
        ('{"alg":"ES256"}', "{}{}"),
        ('{"alg":"ES256"}', "[" * 5000),
        ('{"alg":"ES256"}', '{"a":NaN}'),
        ('{"alg":"ES256"}', '{"a":-Infinity}'),
        ('{"alg":"ES256"}', '{"a":1,"a":2}'),
        ('{"alg":"ES256"}', '{"a":{"b":1,"b":2}}'),
        ('{"alg":"ES256"}', '{"a":' + "9" * 5000 + "}"),
        ('{"alg":"ES256"}', b"\xff\xfe"),
        ('{"alg":"ES256"}'.encode("utf-16"), "{}"),
    ],
)
def test_malformed_token_is_unreadable(header: str | bytes, payload: str | bytes) -> None:
    """Each of these raised something else, or was believed, before."""
    with pytest.raises(jose.Unreadable):
        jose.read(compact(header, payload))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c.d", "a=.b.c", "a b.c.d", "é.b.c", "a\n.b.c", "a.b.c\n"])
def test_what_is_not_three_parts_is_unreadable(token: str) -> None:
    """Only base64url, only three parts, nothing around them."""
    with pytest.raises(jose.Unreadable):
        jose.read(token)


def test_message_repeats_nothing_of_the_token() -> None:
    """What is told is ours alone."""
    for header in ('{"alg":"canary"}', '{"canary":', '{"alg":"ES256","crit":["canary"]}'):
        with pytest.raises(jose.Unreadable) as raised:
            jose.read(compact(header, '{"canary":1}'))
        assert "canary" not in str(raised.value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), st.binary().map(lambda octets: octets.decode("latin1"))))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but Unreadable ever comes out."""
    with suppress(jose.Unreadable):
        jose.verifies(jose.read(text), KEY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5c", "jku"]), JSON)


@settings(max_examples=300, deadline=None)
@given(HEADERS | JSON, JSON)
def test_any_json_is_read_or_refused(header: Any, payload: Any) -> None:
    """However the parts are made, nothing verifies that the key did not sign."""
    try:
        token = jose.read(compact(json.dumps(header), json.dumps(payload)))
    except jose.Unreadable:
        return
    assert not jose.verifies(token, KEY)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_any_signature_is_answered(signature: bytes) -> None:
    """A signature of any length and content verifies or does not."""
    head, payload, _ = jws.serialize_compact({"alg": "ES256"}, b"{}", KEY).split(".")
    made = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    try:
        token = jose.read(f"{head}.{payload}.{made}")
    except jose.Unreadable:
        return
    assert not jose.verifies(token, KEY)


def test_deep_nesting_is_read_or_refused() -> None:
    """How deep JSON may nest differs between Pythons; nothing else than a refusal ever comes of it."""
    try:
        token = jose.read(compact('{"alg":"ES256"}', '{"a":' * 1000 + "1" + "}" * 1000))
    except jose.Unreadable:
        return
    assert set(token.claims) == {"a"}
