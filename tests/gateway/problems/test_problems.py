import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient
from flask_smorest import Api, Blueprint
from sqlalchemy.exc import OperationalError

from gateway import logs, problems

CANARY = "Zhang San 1990-01-01"
ISSUER = "https://gate.example"


class TaxiLicenceMissing(problems.Forbidden):
    """A problem of a feature of its own."""

    type = "taxi-licence-missing"
    title = "The taxi licence is missing"
    meaning = "Only holders of a taxi licence <drive>."


class NameSchema(ma.Schema):
    """One name."""

    full = ma.fields.String(required=True)


class SubjectSchema(ma.Schema):
    """A nested body with its own check."""

    born = ma.fields.Date(required=True)
    names = ma.fields.List(ma.fields.Nested(NameSchema), required=True)

    @ma.validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        """Two names are one too many."""
        if len(data.get("names", ())) > 1:
            raise ma.ValidationError("Too many names.")


class BodySchema(ma.Schema):
    """A body that holds a subject."""

    subject = ma.fields.Nested(SubjectSchema, required=True)


class QuerySchema(ma.Schema):
    """A query."""

    limit = ma.fields.Integer(load_default=1)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.setup("info", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def client(log: io.StringIO) -> FlaskClient:
    """An app with an API, some failing routes and a blueprint of pages."""
    app = Flask("test")
    app.config.update(
        MAX_CONTENT_LENGTH=400, API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.1.0", PROPAGATE_EXCEPTIONS=False
    )
    api = Api(app)
    api.register_blueprint(_things())
    app.register_blueprint(_pages())
    for path, view in _views().items():
        app.add_url_rule(path, path, view)
    app.add_url_rule("/raw", "raw", _raw, methods=["POST"])
    problems.install(app, ISSUER)
    return app.test_client()


def _raw() -> Any:
    return request.get_json()


def _things() -> Blueprint:
    things = Blueprint("things", "things")
    things.before_request(problems.require_json)

    @things.route("/things", methods=["POST"])
    @things.arguments(BodySchema)
    def add(body: Any) -> str:
        return "added"

    @things.route("/things", methods=["GET"])
    @things.arguments(QuerySchema, location="query")
    def listed(query: Any) -> str:
        return "listed"

    return things


def _pages() -> Blueprint:
    pages = Blueprint("pages", "pages")

    @pages.route("/page")
    def page() -> str:
        raise problems.Gone("It <was> here.")

    @pages.route("/page/broken")
    def broken() -> str:
        raise KeyError(CANARY)

    @pages.route("/page/unrenderable")
    def unrenderable() -> str:
        raise problems.Conflict("unrenderable")

    def render(problem: problems.Problem, incident: str | None) -> str:
        if problem.told == "unrenderable":
            raise ValueError(CANARY)
        return f"<h1>{problem.title}</h1>{incident or ''}"

    problems.page_renderer("pages", render)
    return pages


def _views() -> dict[str, Any]:
    def broken() -> str:
        raise KeyError(CANARY)

    def busy() -> str:
        raise OperationalError(CANARY, {}, Exception(CANARY))

    def told() -> str:
        raise TaxiLicenceMissing("Register it first.", logged="taxi", headers={"X-Where": "office"})

    def limited() -> str:
        raise problems.TooMany(headers={"Retry-After": "7"})

    def teapot() -> str:
        abort(418)

    def aborted() -> str:
        abort(403, description=CANARY)

    return {
        "/broken": broken,
        "/busy": busy,
        "/told": told,
        "/limited": limited,
        "/teapot": teapot,
        "/aborted": aborted,
    }


def _body() -> dict[str, Any]:
    return {"subject": {"born": "1990-01-01", "names": [{"full": "A"}]}}


def test_a_problem_tells_type_title_status_and_detail(client: FlaskClient) -> None:
    """A feature's problem goes out as RFC 9457 says, with its headers and without what is for the log."""
    answer = client.get("/told")
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": f"{ISSUER}/problems/taxi-licence-missing",
        "title": "The taxi licence is missing",
        "status": 403,
        "detail": "Register it first.",
    }
    assert answer.headers["X-Where"] == "office"
    assert answer.headers["Cache-Control"] == "no-store"


def test_validation_errors_name_their_fields(client: FlaskClient) -> None:
    """Each wrong field is named by its path, through objects and lists, also those of the whole object."""
    answer = client.post(
        "/things", json={"subject": {"born": "soon", "names": [{"full": "A"}, {"ful": "B"}]}, "shoe": 43}
    )
    assert answer.status_code == 422
    assert answer.json["type"] == f"{ISSUER}/problems/invalid-fields"
    assert sorted(answer.json["errors"], key=lambda error: error["field"]) == [
        {"field": "shoe", "problem": "Unknown field."},
        {"field": "subject.born", "problem": "Not a valid date."},
        {"field": "subject.names[1].ful", "problem": "Unknown field."},
        {"field": "subject.names[1].full", "problem": "Missing data for required field."},
    ]
    body = _body()
    body["subject"]["names"] *= 2
    assert client.post("/things", json=body).json["errors"] == [{"field": "subject", "problem": "Too many names."}]


def test_query_errors_name_their_fields(client: FlaskClient) -> None:
    """Wrong query parameters are named too."""
    answer = client.get("/things?limit=many")
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"field": "limit", "problem": "Not a valid integer."}]


@pytest.mark.parametrize("path", ["/things", "/raw"])
@pytest.mark.parametrize("body", ["{", "", "\xff", '{"a": }', "nonsense"])
def test_malformed_json_is_told(client: FlaskClient, path: str, body: str) -> None:
    """What is not JSON is a 400, or, when there is nothing at all, names what is missing."""
    answer = client.post(path, data=body.encode("latin-1"), content_type="application/json")
    assert answer.status_code == 400 or (body == "" and answer.status_code == 422)
    assert answer.content_type == "application/problem+json"
    if answer.status_code == 400:
        assert answer.json["type"] == f"{ISSUER}/problems/bad-request"


@pytest.mark.parametrize("path", ["/things", "/raw"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_another_content_type_is_refused(client: FlaskClient, path: str, kind: str | None) -> None:
    """An API body that is not declared as JSON is a 415."""
    answer = client.post(path, data=json.dumps(_body()), content_type=kind)
    assert answer.status_code == 415
    assert answer.json["type"] == f"{ISSUER}/problems/unsupported-media-type"


@pytest.mark.parametrize("path", ["/things", "/raw"])
def test_an_oversized_body_is_refused(client: FlaskClient, path: str) -> None:
    """More than the limit is a 413 that says the limit."""
    answer = client.post(path, json={"subject": "x" * 500})
    assert answer.status_code == 413
    assert answer.json["detail"] == "The body may have at most 400 bytes."


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    """404 and 405 are problem+json too; 405 says what is allowed."""
    assert client.get("/nowhere").json == {
        "type": f"{ISSUER}/problems/not-found",
        "title": "Not found",
        "status": 404,
    }
    answer = client.delete("/things")
    assert answer.status_code == 405
    assert answer.json["type"] == f"{ISSUER}/problems/method-not-allowed"
    assert "POST" in answer.headers["Allow"]


def test_an_unforeseen_error_tells_only_an_incident(client: FlaskClient, log: io.StringIO) -> None:
    """The caller gets an incident id; the log has it with the class and the line, and no message."""
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert set(answer.json) == {"type", "title", "status", "incident"}
    (line,) = [json.loads(text) for text in log.getvalue().splitlines()]
    assert line["request"] == answer.json["incident"]
    assert (line["error"], line["endpoint"], line["method"]) == ("KeyError", "/broken", "GET")
    assert line["where"].startswith("tests/gateway/problems/test_problems.py:")
    assert CANARY not in log.getvalue() + answer.text
    assert "Traceback" not in log.getvalue() + answer.text


def test_a_busy_database_is_unavailable(client: FlaskClient, log: io.StringIO) -> None:
    """A database that does not answer is a 503 with a time to come back."""
    answer = client.get("/busy")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["type"] == f"{ISSUER}/problems/unavailable"
    assert CANARY not in log.getvalue() + answer.text


def test_headers_of_a_problem_go_out(client: FlaskClient) -> None:
    """When to come back is told in the header that clients know."""
    answer = client.get("/limited")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_descriptions_of_the_framework_are_not_passed_on(client: FlaskClient) -> None:
    """What code put into abort() may quote anything."""
    answer = client.get("/aborted")
    assert answer.status_code == 403
    assert CANARY not in answer.text


def test_a_status_without_a_problem_of_its_own_keeps_its_status(client: FlaskClient) -> None:
    """A rare status goes out as it is, under its usual name."""
    answer = client.get("/teapot")
    assert answer.status_code == answer.json["status"] == 418
    assert answer.json["title"] == "I'm a teapot"


def test_pages_show_problems_in_their_own_way(client: FlaskClient) -> None:
    """A browser on a page gets HTML with the status; a program on the same page gets JSON."""
    page = client.get("/page", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.mimetype, page.text) == (410, "text/html", "<h1>No longer here</h1>")
    assert client.get("/page", headers={"Accept": "application/json"}).mimetype == "application/problem+json"
    assert "req_" in client.get("/page/broken", headers={"Accept": "text/html"}).text
    assert client.get("/told", headers={"Accept": "text/html"}).mimetype == "application/problem+json"


def test_a_page_that_cannot_be_made_is_told_as_json(client: FlaskClient, log: io.StringIO) -> None:
    """A fault in the page about a fault hides neither."""
    answer = client.get("/page/unrenderable", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert "problem_page_failed" in log.getvalue()
    assert CANARY not in log.getvalue() + answer.text


def test_every_type_has_a_page(client: FlaskClient) -> None:
    """The address in `type` explains the problem, with markup escaped."""
    for answer in (client.get("/told"), client.get("/nowhere")):
        page = client.get(answer.json["type"].removeprefix(ISSUER))
        assert page.status_code == 200
        assert answer.json["title"] in page.text
    assert "&lt;drive&gt;" in client.get("/problems/taxi-licence-missing").text
    assert client.get("/problems/made-up").status_code == 404


def test_the_text_of_a_problem_quotes_nothing() -> None:
    """A log or a traceback that prints the exception prints its type only."""
    problem = problems.Conflict(CANARY, errors=[{"field": "a", "problem": CANARY}], logged="code")
    assert str(problem) == "conflict"
    assert repr(problem) == "Conflict('conflict')"


def test_types_are_unique_and_well_formed() -> None:
    """Two problems cannot share a page."""
    with pytest.raises(TypeError, match="already"):
        type("Other", (problems.Problem,), {"type": "conflict"})
    with pytest.raises(TypeError, match="hyphens"):
        type("Other", (problems.Problem,), {"type": "Not A Slug"})
