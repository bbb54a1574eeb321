"""The OpenAPI document: valid, complete, and true of what the app answers."""

import json
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource

from gateway.checks import examples
from gateway.desk import examples as desk_examples
from gateway.doors import GUARDS
from gateway.front import receipts

ROOMS = set(GUARDS)


def document(stage) -> dict[str, Any]:
    """The document as it is served."""
    answer = stage.app.test_client().get("/openapi.json")
    assert answer.mimetype == "application/json"
    return json.loads(answer.text)


def fits(whole: dict[str, Any], schema: dict[str, Any], instance: object) -> None:
    """Hold an instance against a schema of the document, and let nothing be there that the schema does not name."""
    registry = Registry().with_resource("urn:doc", Resource.from_contents(whole, default_specification=_DRAFT))
    reference = {"$ref": f"urn:doc#/components/schemas/{schema['$ref'].rsplit('/', 1)[1]}"}
    OAS31Validator(reference, registry=registry, format_checker=OAS31Validator.FORMAT_CHECKER).validate(instance)
    named = set(whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["properties"])
    assert not isinstance(instance, dict) or set(instance) <= named


_DRAFT = Resource.from_contents({"$schema": "https://json-schema.org/draft/2020-12/schema"})._specification


def answer_schema(whole: dict[str, Any], method: str, path: str, status: int) -> dict[str, Any]:
    """The documented schema of an answer."""
    content = whole["paths"][path][method]["responses"][str(status)]["content"]
    kind = "application/json" if status < 400 else "application/problem+json"
    assert list(content) == [kind]
    schema: dict[str, Any] = content[kind]["schema"]
    return schema


def test_it_is_valid_openapi_31(stage) -> None:
    """By the validator of the specification."""
    whole = document(stage)
    assert whole["openapi"] == "3.1.0"
    validate(whole)


def test_every_route_of_the_api_is_in_it(stage) -> None:
    """Each call under /v1 with its method, and nothing else."""
    routes = {
        (str(rule).replace("<", "{").replace(">", "}"), method.lower())
        for rule in stage.app.url_map.iter_rules()
        if str(rule).startswith("/v1/")
        for method in rule.methods or ()
        if method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    }
    documented = {(path, method) for path, item in document(stage)["paths"].items() for method in item}
    assert {(path, method) for path, method in documented if method != "parameters"} == routes


def test_the_scopes_are_those_of_the_guards(stage) -> None:
    """Every call says which scope it takes, as its guard has it."""
    whole = document(stage)
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                (tag,) = operation["tags"]
                guarded = [{"oauth2": list(GUARDS[tag].scopes)}] if tag in GUARDS else []
                assert operation["security"] == guarded, path
    flow = whole["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "http://localhost:8000/oauth/token"
    assert {scope for guard in GUARDS.values() for scope in guard.scopes} <= set(flow["scopes"])


@pytest.mark.parametrize(
    ("method", "path", "status", "example"),
    [
        ("get", "/v1/roles", 200, examples.ROLES),
        ("post", "/v1/checks", 201, examples.NEW_CHECK),
        ("get", "/v1/checks", 200, examples.LIST),
        ("get", "/v1/checks/{check_id}", 200, examples.COMPLETED),
        ("post", "/v1/checks/{check_id}/cancel", 200, examples.CLOSED),
        ("get", "/v1/reviews", 200, desk_examples.LIST),
        ("get", "/v1/reviews/{review_id}", 200, desk_examples.QUESTION),
        ("post", "/v1/reviews/{review_id}/decision", 200, desk_examples.DECIDED),
        ("post", "/v1/consent-receipts/verify", 200, receipts.EXAMPLE),
    ],
)
def test_examples_fit_their_schemas(stage, method: str, path: str, status: int, example: object) -> None:
    """Each example is one that the schema beside it takes."""
    whole = document(stage)
    assert whole["paths"][path][method]["responses"][str(status)]["content"]["application/json"]["example"] == example
    fits(whole, answer_schema(whole, method, path, status), example)


def test_the_example_of_a_request_is_taken(stage) -> None:
    """What the document shows can be sent as it stands."""
    hr = stage.caller()
    content = document(stage)["paths"]["/v1/checks"]["post"]["requestBody"]["content"]["application/json"]
    assert hr.post("/v1/checks", content["example"], {"Idempotency-Key": "k"}).status_code == 201
    subject = {**content["example"]["subject"], "born": "2015-01-01", "ids": [], "guardian": examples.GUARDIAN}
    minor = hr.post("/v1/checks", {**content["example"], "subject": subject}, {"Idempotency-Key": "m"})
    fits(document(stage), answer_schema(document(stage), "post", "/v1/checks", 201), minor.json)
    assert set(minor.json["consent"]["guardian"]) == set(examples.GUARDIANS_WAY)


def test_answers_are_as_documented(stage) -> None:
    """A whole check's answers, each held against the document."""
    whole, hr, desk = document(stage), stage.caller(), stage.desk()
    new = hr.ask("BARRED")
    check_id = new.json["id"]
    fits(whole, answer_schema(whole, "post", "/v1/checks", 201), new.json)
    fits(whole, answer_schema(whole, "get", "/v1/roles", 200), hr.get("/v1/roles").json)
    stage.agree(check_id)
    reviews = desk.get("/v1/reviews").json
    fits(whole, answer_schema(whole, "get", "/v1/reviews", 200), reviews)
    path = f"/v1/reviews/{reviews['reviews'][0]['id']}"
    fits(whole, answer_schema(whole, "get", "/v1/reviews/{review_id}", 200), desk.get(path).json)
    decided = desk.post(f"{path}/decision", {"decision": "confirm", "reason": "law-plain"}).json
    fits(whole, answer_schema(whole, "post", "/v1/reviews/{review_id}/decision", 200), decided)
    stage.forward(days=2)
    fits(whole, answer_schema(whole, "get", "/v1/checks/{check_id}", 200), hr.see(check_id))
    fits(whole, answer_schema(whole, "get", "/v1/checks", 200), hr.get("/v1/checks").json)


def test_errors_are_as_documented(stage) -> None:
    """Problems have the documented form, and every status that came is one that the document names."""
    whole, hr = document(stage), stage.caller()
    check_id = hr.asked()
    hr.post(f"/v1/checks/{check_id}/cancel")
    seen = [
        ("post", "/v1/checks", hr.post("/v1/checks", {}, {"Idempotency-Key": "k"})),
        ("post", "/v1/checks", hr.post("/v1/checks", {})),
        ("post", "/v1/checks", hr.ask(policy="cn/physician", role="physician", key="p")),
        ("post", "/v1/checks", hr.post("/v1/checks", data="x", content_type="text/plain")),
        ("post", "/v1/checks/{check_id}/cancel", hr.post(f"/v1/checks/{check_id}/cancel")),
        ("get", "/v1/checks/{check_id}", hr.get("/v1/checks/nothing")),
        ("get", "/v1/checks", hr.get("/v1/checks?status=x")),
        ("get", "/v1/roles", stage.app.test_client().get("/v1/roles")),
        ("get", "/v1/reviews", hr.get("/v1/reviews")),
    ]
    for method, path, answer in seen:
        assert answer.mimetype == "application/problem+json"
        fits(whole, answer_schema(whole, method, path, answer.status_code), answer.json)


def test_every_problem_that_came_is_one_that_its_call_names(stage) -> None:
    """By type, not only by status; and the reference leads to the page of each."""
    whole, hr, page = document(stage), stage.caller(), stage.app.test_client().get("/docs").text
    check_id = hr.asked()
    stage.decline(check_id)
    seen = [
        ("post", "/v1/checks", hr.post("/v1/checks", {}, {"Idempotency-Key": "k"})),
        ("post", "/v1/checks", hr.post("/v1/checks", {})),
        ("post", "/v1/checks", hr.ask(policy="cn/physician", role="physician", key="p")),
        ("post", "/v1/checks", hr.ask(key="key-CLEAN", purpose="transfer")),
        ("post", "/v1/checks/{check_id}/cancel", hr.post(f"/v1/checks/{check_id}/cancel")),
        ("get", "/v1/checks/{check_id}", hr.get("/v1/checks/nothing")),
        ("get", "/v1/roles", stage.app.test_client().get("/v1/roles")),
        ("get", "/v1/reviews", hr.get("/v1/reviews")),
    ]
    for method, path, answer in seen:
        kind = answer.json["type"].rpartition("/")[2]
        named = whole["paths"][path][method]["responses"][str(answer.status_code)]["x-problem-types"]
        assert named[kind] == answer.json["title"]
        assert f'href="/problems/{kind}"' in page


def test_every_type_of_error_is_listed(stage) -> None:
    """The index names each type that a call names, and each links to a page that is there."""
    client = stage.app.test_client()
    index = client.get("/problems").text
    named = {
        kind
        for item in document(stage)["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
        for answer in operation["responses"].values()
        for kind in answer.get("x-problem-types", {})
    }
    assert len(named) > 10
    for kind in named:
        assert f'href="/problems/{kind}"' in index
        assert client.get(f"/problems/{kind}").status_code == 200
