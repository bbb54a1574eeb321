"""The pages of a receipt: the subject's own, and the one on which anybody looks at one."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from joserfc import jws

from gateway import clock
from gateway.clock import Stopped
from gateway.config import Config
from gateway.consent import decide, receipt
from gateway.db import db
from gateway.oauth import receipt_keys
from policies.library import Library
from tests.gateway.consent.people import Person, answer, ask
from tests.gateway.consent.test_consent_receipt import act, agreed, claims_of, saved, segment


def test_the_subject_reads_and_saves_it(app: Flask, config: Config) -> None:
    """From the page after agreeing; the file is the signed text, sent as a form and under no address of its own."""
    person, request = Person(app), ask()
    person.prove(request, config)
    person.send(decision="agree")
    assert 'href="receipt"' in person.page
    person.open(f"/c/{request.id}/receipt")
    for word in ("Sunflower Kindergarten", "Hiring", "Friday 20 November 2026, 15:20 (Beijing time)"):
        assert word in person.text
    file = saved(person, request)
    assert (file.mimetype, file.headers["Cache-Control"]) == ("application/jose", "no-store")
    assert file.headers["Content-Disposition"] == 'attachment; filename="consent-receipt.jws"'
    assert claims_of(file.text)["receipt_id"] in person.page
    assert "Wang" not in person.text


def test_nobody_else_gets_it(app: Flask, config: Config, time: Stopped) -> None:
    """Not without a proof, not with one that is old, not in another browser, not by a form from elsewhere."""
    person, request = Person(app), ask()
    person.prove(request, config)
    person.send(decision="agree")
    stranger = Person(app)
    stranger.open(request.path)
    stranger.send()
    for path in ("receipt", "status"):
        assert stranger.open(f"/c/{request.id}/{path}").request.path.endswith("/prove")
    assert Person(app).open(f"/c/{request.id}/receipt").status_code == 403
    assert Person(app).send(path=f"/c/{request.id}/receipt").status_code == 403
    person.open(f"/c/{request.id}/receipt")
    page, person.page = person.page, ""
    assert person.send(path=f"/c/{request.id}/receipt").status_code == 400
    person.page = page
    time.forward(timedelta(minutes=16))
    assert person.send(path=f"/c/{request.id}/receipt").status_code == 403


def test_there_is_none_for_what_was_not_agreed_to(app: Flask, config: Config) -> None:
    """Who declined sees how it stands."""
    person, request = Person(app), ask()
    person.prove(request, config)
    assert person.open(f"/c/{request.id}/receipt").request.path == f"/c/{request.id}/request"
    person.send(decision="decline")
    assert "receipt" not in person.page
    assert person.open(f"/c/{request.id}/receipt").request.path == f"/c/{request.id}/status"
    with pytest.raises(ValueError, match="agreed"):
        receipt.issue(request.row)


def test_anybody_can_look_at_a_receipt(app: Flask, time: Stopped) -> None:
    """In their own language; the page is the same, whatever became of the consent, and keeps nothing."""
    request = agreed(language="zh")
    text = receipt.issue(request.row)
    pages = []
    for do in (None, lambda: answer(request, False), lambda: act(request, decide.withdraw)):
        if do:
            do()
        person = Person(app)
        person.open("/c/receipts")
        assert person.send(receipt=text).status_code == 200
        pages.append(person.text)
    assert len(set(pages)) == 1
    assert "We signed this receipt" in pages[0]
    for word in ("Sunflower Kindergarten", "Hiring", "15:20 (Beijing time)"):
        assert word in pages[0]
    person = Person(app, "zh")
    person.open("/c/receipts")
    person.send(receipt=text)
    assert "这份回执由我们签名" in person.text
    assert Library.shipped().policy("cn/kindergarten", clock.now().date()).title["zh"] in person.text


def test_the_page_says_what_is_wrong(app: Flask) -> None:
    """And shows nothing of what a forged one says."""
    header, _, signature = receipt.issue(agreed().row).split(".")
    person = Person(app)
    for text, says in (
        ("nonsense", "not the text of a receipt"),
        ("", "not the text of a receipt"),
        (f"{header}.{segment({'iss': 'http://localhost:8000', 'parties': 'Forged'})}.{signature}", "does not fit"),
    ):
        person.open("/c/receipts")
        assert person.send(receipt=text).status_code == 200
        assert says in person.text
        assert "Forged" not in person.page


def test_a_version_that_the_library_lost_is_told_as_it_was_signed(app: Flask) -> None:
    """A receipt outlives the files of the law."""
    text = receipt.issue(agreed().row)
    claims = claims_of(text)
    claims["processing"][0]["privacy_notice"] |= {"version": "1999-01-01", "title": "Rules of before"}
    with db.read() as session:
        kid, algorithm, key = receipt_keys.current(session)
    header = {"typ": receipt.TYPE, "alg": algorithm, "kid": kid}
    old = jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[algorithm])
    person = Person(app)
    person.open("/c/receipts")
    person.send(receipt=old)
    assert "Rules of before" in person.text
