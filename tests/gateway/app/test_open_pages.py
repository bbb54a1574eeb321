"""What is open to everyone: the front page, the reference, health; and the headers on every answer."""

import re

import pytest
from flask import Flask

from gateway import work
from gateway.app import SECURITY_HEADERS, create_app
from gateway.config import Config
from gateway.db import db
from gateway.front.manual import manual
from gateway.front.prose import prose


@pytest.mark.parametrize("path", ["/", "/docs", "/problems", "/problems/not-found"])
def test_pages_have_no_script_and_nothing_from_elsewhere(stage, path: str) -> None:
    """Pages are plain HTML and our own style sheet."""
    page = stage.app.test_client().get(path)
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert "<script" not in page.text.lower()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "style=" not in page.text


def test_the_front_page_leads_on(stage) -> None:
    """To the consent pages, the reference and the metadata; each link opens."""
    client = stage.app.test_client()
    links = set(re.findall(r'href="(/[^"]*)"', client.get("/").text))
    assert {"/docs", "/c?language=en", "/openapi.json", "/.well-known/oauth-authorization-server"} <= links
    for link in links:
        assert client.get(link, buffered=True).status_code == 200, link


@pytest.mark.parametrize(
    ("path", "accept", "tag"),
    [
        ("/", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("/", "zh", "zh-Hans"),
        ("/", "en-GB", "en"),
        ("/", "eo", "en"),
        ("/?language=en", "zh-CN", "en"),
        ("/?language=zh", "en", "zh-Hans"),
        ("/?language=xx", "zh-CN", "zh-Hans"),
    ],
)
def test_the_front_page_speaks_the_readers_language(stage, path: str, accept: str, tag: str) -> None:
    """That of the switch, else of the browser, else English; and the consent page is entered in the same one."""
    answer = stage.app.test_client().get(path, headers={"Accept-Language": accept})
    assert f'<html lang="{tag}">' in answer.text
    assert f'href="/c?language={tag[:2]}"' in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_reference_shows_every_call(stage) -> None:
    """Each path, scope, field and example of the document is on the page."""
    client = stage.app.test_client()
    document, page = client.get("/openapi.json").json, client.get("/docs").text
    for path, item in document["paths"].items():
        assert path in page
        assert all(item[method]["summary"] in page for method in item if method != "parameters")
    for word in ("checks:write", "Idempotency-Key", "subject", "11010519491231002X", "awaiting_consent"):
        assert word in page
    anchors = re.findall(r'href="#([^"]+)"', page)
    assert anchors
    assert all(f'id="{anchor}"' in page for anchor in anchors)


def test_references_in_the_document_are_followed() -> None:
    """A nullable reference and a list of references become rows of the page."""
    document = {
        "info": {"title": "T", "version": "1"},
        "tags": [{"name": "t"}],
        "components": {
            "schemas": {
                "Inner": {"type": "object", "required": ["a"], "properties": {"a": {"type": ["string", "null"]}}},
                "Outer": {
                    "type": "object",
                    "properties": {
                        "one": {"anyOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}]},
                        "many": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}},
                    },
                },
            }
        },
        "paths": {
            "/x": {
                "get": {
                    "tags": ["t"],
                    "summary": "X",
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outer"}}}}
                    },
                }
            }
        },
    }
    rows = manual(document).chapters[0].calls[0].answers[0].rows
    assert [(row.name, row.depth, row.form, row.required) for row in rows] == [
        ("one", 0, "object", False),
        ("a", 1, "text or null", True),
        ("many", 0, "list of objects", False),
        ("a", 1, "text or null", True),
    ]


def test_prose_is_escaped() -> None:
    """Words of the document cannot bring markup with them."""
    assert prose("a `b` <script>\n\n    x < y") == (
        '<p>a <code>b</code> &lt;script&gt;</p>\n<pre tabindex="0"><code>x &lt; y</code></pre>'
    )


def test_prose_has_headings_and_tables() -> None:
    """Both as the document's own CommonMark has them, escaped too."""
    assert prose("## Ask & see\n\n| A | B |\n|---|---|\n| `x` | y < z |") == (
        '<h2 id="ask-see">Ask &amp; see</h2>\n<div class="scroll"><table class="rows">\n'
        '<thead><tr><th scope="col">A</th><th scope="col">B</th></tr></thead>\n<tbody>\n'
        "<tr><td><code>x</code></td><td>y &lt; z</td></tr>\n</tbody></table></div>"
    )


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/healthz", "/v1/roles", "/nothing", "/c"])
def test_headers_on_every_answer(stage, path: str) -> None:
    """Every answer, error or not, says what a browser may do with it: nothing."""
    answer = stage.app.test_client().get(path)
    for name in SECURITY_HEADERS:
        assert answer.headers[name], name
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in answer.headers


def test_hsts_over_https(stage_environ: dict[str, str], make_stage) -> None:
    """A gateway that is known under https says to come back that way only."""
    stage = make_stage({"SEALGATE_ISSUER": "https://gate.example"})
    answer = stage.app.test_client().get("/healthz")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_answers_of_the_api_are_not_stored(stage) -> None:
    """no-store on everything behind a guard, and on errors."""
    hr = stage.caller()
    check_id = hr.asked()
    for path in ("/v1/roles", "/v1/checks", f"/v1/checks/{check_id}", "/v1/checks/nothing", "/v1/nothing"):
        assert hr.get(path).headers["Cache-Control"] == "no-store", path


def test_health(stage) -> None:
    """Alive as long as it answers; ready only with tables, work and registries; one word and no detail."""
    client = stage.app.test_client()
    assert (client.get("/healthz").status_code, client.get("/healthz").json) == (200, {"status": "alive"})
    unready = client.get("/readyz")
    assert (unready.status_code, unready.json) == (503, {"status": "not ready"})
    assert unready.headers["Retry-After"]


def test_ready(stage_environ: dict[str, str]) -> None:
    """Ready with migrated tables and work running; not any more when the work has stopped or the database is gone."""
    config = Config.from_env(stage_environ)
    app: Flask = create_app(config, registries={"police": None})  # type: ignore[dict-item]
    client = app.test_client()
    try:
        db.upgrade()
        work.launch(config)
        assert (client.get("/readyz").status_code, client.get("/readyz").json) == (200, {"status": "ready"})
    finally:
        work.stop()
    assert client.get("/readyz").status_code == 503
    db.close()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_no_registries_is_not_ready(make_stage, stage_environ: dict[str, str]) -> None:
    """A deployment without registries could answer nobody."""
    stage = make_stage()
    app = create_app(stage.config, registries={})
    assert app.test_client().get("/readyz").status_code == 503
