"""The demonstration's browser and its people's mail."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from gateway.demo.browser import Browser, Lost
from gateway.demo.subject import Mailbox

PAGE = """<!doctype html><p>Hello</p><input name="outside" value="no">
<form method="post" action="next"><input type="hidden" name="form" value="a&amp;b"><input name="name">
<button name="decision" value="agree">Yes</button><button name="decision" value="decline">No</button></form>
<form><input name="second"></form>"""


class Quiet(WSGIRequestHandler):
    """Says nothing on standard error."""

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    app = Flask(__name__)

    @app.get("/c/page")
    def page() -> str:
        return PAGE

    @app.post("/c/next")
    def take() -> Response:
        assert request.form.to_dict() == {"form": "a&b", "name": "林", "decision": "agree"}
        answer = redirect("/c/done", 303)
        answer.set_cookie("seen", "1")
        return answer

    @app.get("/c/done")
    def done() -> tuple[str, int]:
        return ("", 200) if request.cookies.get("seen") else ("", 403)

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_fills_in_the_form_of_the_page_and_follows(site: str) -> None:
    """Hidden fields go along, the chosen button too, cookies are kept, the redirect is followed."""
    with Browser() as browser:
        browser.open(f"{site}/c/page")
        browser.send(name="林", decision="agree")
        assert browser.place == "done"


@pytest.mark.parametrize("typed", [{"outside": "x"}, {"second": "x"}, {"decision": "perhaps"}])
def test_it_types_only_what_the_form_has(site: str, typed: dict[str, str]) -> None:
    """A field that a person would not see is not sent."""
    with Browser() as browser:
        browser.open(f"{site}/c/page")
        with pytest.raises(Lost, match="has no field"):
            browser.send(**typed)


def test_a_page_that_is_refused_is_noticed(site: str) -> None:
    """So is a page without a form."""
    with Browser() as browser:
        with pytest.raises(Lost, match="done answered 403"):
            browser.open(f"{site}/c/done")
        with pytest.raises(Lost, match="no form"):
            browser.send()


def letter(to: str, text: str) -> str:
    return json.dumps({"to": {"email": to}, "subject": "", "text": text}) + "\n"


def test_a_mailbox_shows_new_letters_to_its_person_only(tmp_path: Path) -> None:
    """Neither an older code nor another's nor a letter without a code."""
    outbox = tmp_path / "outbox"
    outbox.write_text(letter("a@post.example", "code 111111"))
    mailbox = Mailbox(outbox, "a@post.example")
    with outbox.open("a") as stream:
        stream.write(letter("b@post.example", "code 222222"))
        stream.write(letter("a@post.example", "no code: 1234567"))
        stream.write(letter("a@post.example", "code 333333"))
        stream.write('{"to": {"email"')  # a letter that is still being written
    assert mailbox.codes() == ["333333"]
    assert mailbox.codes() == []
    with outbox.open("a") as stream:
        stream.write(': "a@post.example"}, "text": "code 444444"}\n')
    assert mailbox.code() == "444444"
