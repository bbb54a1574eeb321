"""Links and codes: hard to guess, easy to type, and kept as hashes only."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from gateway.config import Config
from gateway.consent import tokens
from gateway.consent.models import Visit
from gateway.db import db
from tests.gateway.consent.people import RIGHT, Person, Request, letters, sent_code


@pytest.mark.parametrize(
    "typed",
    ["K7QM-2XD0", "k7qm2xd0", " K7QM 2XD0 ", "k7qm–2xdo", "Ｋ７ＱＭ－２ＸＤ０", "K7QM-2XDO", "K.7.Q.M.2.X.D.0"],
)
def test_code_is_read_as_people_type_it(typed: str) -> None:
    """Small or full-width letters, spaces, any dash, O for 0."""
    assert tokens.read_code(typed) == "K7QM-2XD0"


def test_letters_that_look_like_one_are_read_as_one() -> None:
    """Crockford: I and L are 1."""
    assert tokens.read_code("ILil-0000") == "1111-0000"


@pytest.mark.parametrize(
    "typed", ["", "K7QM-2XD", "K7QM-2XD00", "K7QM-2XDU", "王小明王小明王小", "<script>", "K7QM-2XD٣"]
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    """Too short, too long, a letter that no code has."""
    assert tokens.read_code(typed) is None


def test_links_and_codes_have_the_entropy_they_claim() -> None:
    """160 bits in a link; 40 bits in a code, every letter of the alphabet in every place; six digits."""
    assert {len(tokens.new_link()) for _ in range(100)} == {32}
    assert len({tokens.new_link() for _ in range(1000)}) == 1000
    codes = [tokens.new_code() for _ in range(4000)]
    assert all(tokens.read_code(code) == code for code in codes)
    for place in (0, 1, 2, 3, 5, 6, 7, 8):
        assert len({code[place] for code in codes}) == 32
    assert all(len(tokens.new_digits()) == 6 for _ in range(1000))


def test_one_time_code_is_read_with_anything_between_the_digits() -> None:
    """Phones put spaces and dashes in; full-width digits are digits."""
    assert tokens.read_digits(" 123-456 ") == tokens.read_digits("１２３ ４５６") == "123456"


def test_nothing_secret_or_personal_is_on_disk(app: Flask, request_: Request, person: Person, config: Config) -> None:
    """After a walk: no link, code, cookie, contact, name or birth date in any byte of the database."""
    person.open(request_.path)
    person.send()
    person.send(**RIGHT)
    digits = sent_code(config)
    person.send(code=digits)
    person.send(decision="agree")
    cookies = [cookie.value for cookie in person.client._cookies.values() if cookie.key != "sealgate-language"]
    path = config.database_url.removeprefix("sqlite:///")
    disk = b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())
    secrets = [request_.path.removeprefix("/c/"), request_.asked.code, *cookies]
    for secret in [*secrets, "xiaoming@mail.example", "Wang Xiaoming", "王小明", "1990-04-23"]:
        assert secret.encode() not in disk
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM consent_visits")) == 1
        assert session.query(Visit).one().proved_at is not None
    assert len(letters(config)) == 2
