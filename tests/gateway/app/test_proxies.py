"""Whose address is counted: the client's behind as many proxies as are configured, and never one that is made up."""

import re
from typing import Any

import pytest

from gateway.consent import attempts
from gateway.consent.models import Failures
from gateway.db import db


def wrong_code(stage: Any, forwarded: str) -> None:
    """Type a short code that does not exist, through a proxy that says where it comes from."""
    client = stage.app.test_client()
    page = client.get("/c").get_data(as_text=True)
    token = re.search(r'name="form" value="([^"]+)"', page)
    assert token
    answer = client.post("/c", data={"form": token[1], "code": "AAAA-AAAA"}, headers={"X-Forwarded-For": forwarded})
    assert answer.status_code in (404, 422)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        ("0", "203.0.113.7", "127.0.0.1"),
        ("1", "203.0.113.7", "203.0.113.7"),
        ("1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("2", "198.51.100.1, 203.0.113.7", "198.51.100.1"),
    ],
)
def test_the_address_that_is_counted(make_stage: Any, proxies: str, forwarded: str, counted: str) -> None:
    """Only the addresses that our own proxies wrote are believed."""
    stage = make_stage({"SEALGATE_PROXIES": proxies})
    wrong_code(stage, forwarded)
    with db.read() as session:
        row = session.get(Failures, attempts.place_of(counted))
    assert row is not None
    assert row.count == 1
