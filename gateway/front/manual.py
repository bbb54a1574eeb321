"""The OpenAPI document as a reader wants it: calls in order, messages as rows, references followed.

Pure: the document (a dict) goes in, dataclasses for the template come out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from gateway.front.prose import anchor, headings

_METHODS = ("get", "post", "put", "patch", "delete")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One field of a message or one parameter; `depth` is how deep it lies, `form` its type in words."""

    name: str
    depth: int
    form: str
    required: bool
    says: str


@dataclass(frozen=True)
class Answer:
    """What may come back: the status, when, and the fields; of an error its types, each with its title."""

    status: str
    phrase: str
    says: str
    rows: tuple[Row, ...]
    example: str | None
    good: bool
    problems: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Call:
    """One call of the API."""

    anchor: str
    method: str
    path: str
    title: str
    says: str
    scopes: tuple[str, ...]
    parameters: tuple[Row, ...]
    body: tuple[Row, ...]
    body_example: str | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Chapter:
    """The calls of one tag."""

    name: str
    says: str
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Manual:
    """The whole page."""

    title: str
    version: str
    says: str
    headings: tuple[str, ...]
    problem_rows: tuple[Row, ...]
    chapters: tuple[Chapter, ...]


def manual(document: Node) -> Manual:
    """Read an OpenAPI 3.1 document."""
    info = document["info"]
    return Manual(
        title=info["title"],
        version=info["version"],
        says=info.get("description", ""),
        headings=tuple(headings(info.get("description", ""))),
        problem_rows=tuple(_rows(document, document["components"]["schemas"].get("Problem", {}))),
        chapters=tuple(_chapters(document)),
    )


def _chapters(document: Node) -> Iterator[Chapter]:
    for tag in document.get("tags", ()):
        calls = [
            _call(document, method, path, item[method], item.get("parameters", []))
            for path, item in document["paths"].items()
            for method in _METHODS
            if tag["name"] in item.get(method, {}).get("tags", ())
        ]
        yield Chapter(tag["name"], tag.get("description", ""), tuple(calls))


def _call(document: Node, method: str, path: str, operation: Node, shared: list[Node]) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    parameters = [_resolve(document, p) for p in [*shared, *operation.get("parameters", [])]]
    return Call(
        anchor=anchor(f"{method} {path}"),
        method=method.upper(),
        path=path,
        title=operation.get("summary", ""),
        says=operation.get("description", ""),
        scopes=tuple(scope for each in operation.get("security", ()) for scopes in each.values() for scope in scopes),
        parameters=tuple(_parameter(document, parameter) for parameter in parameters),
        body=tuple(_rows(document, body.get("schema", {}))),
        body_example=_example(body),
        answers=tuple(_answer(document, status, answer) for status, answer in sorted(operation["responses"].items())),
    )


def _answer(document: Node, status: str, answer: Node) -> Answer:
    answer = _resolve(document, answer)
    good = status.startswith("2")
    phrase = HTTPStatus(int(status)).phrase if status.isdigit() else status
    content = answer.get("content", {}).get("application/json", {})
    says = answer.get("description", "")
    rows = tuple(_rows(document, content.get("schema", {})))
    types = tuple(answer.get("x-problem-types", {}).items())
    return Answer(status, phrase, "" if says == phrase or types else says, rows, _example(content), good, types)


def _parameter(document: Node, parameter: Node) -> Row:
    schema = _resolve(document, parameter.get("schema", {}))
    says = parameter.get("description", "") or schema.get("description", "")
    form = f"{parameter['in']} · {_form(document, schema)}"
    return Row(parameter["name"], 0, form, parameter.get("required", False), says)


def _rows(document: Node, schema: Node, depth: int = 0) -> Iterator[Row]:
    schema = _resolve(document, schema)
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        whole = _resolve(document, inner)
        says = inner.get("description") or whole.get("description", "")
        yield Row(name, depth, _form(document, inner), name in required, says)
        yield from _rows(document, _resolve(document, whole.get("items", whole)), depth + 1)


def _form(document: Node, schema: Node) -> str:
    """A type in words: `text, at most 100 characters`, `list of objects`, `date-time or null`."""
    schema = _resolve(document, schema)
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"] if word is not None)
    kinds = schema.get("type", "object")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    named = [_one(document, schema, kind) for kind in kinds if kind != "null"]
    if "null" in kinds:
        named.append("null")
    text = " or ".join(named)
    return f"{text}, at most {schema['maxLength']} characters" if "maxLength" in schema else text


def _one(document: Node, schema: Node, kind: str) -> str:
    if kind == "array":
        return f"list of {_plural(_form(document, schema.get('items', {})))}"
    if kind == "string":
        return str(schema.get("format", "text"))
    return {"boolean": "true or false", "integer": "whole number"}.get(kind, kind)


def _plural(form: str) -> str:
    return {"object": "objects", "text": "texts"}.get(form, form)


def _resolve(document: Node, node: Node) -> Node:
    """Follow references, also the one that stands in `allOf` beside other words, or in `anyOf` beside null."""
    for word in ("allOf", "anyOf", "oneOf"):
        options = [each for each in node.get(word, ()) if each.get("type") != "null"]
        if len(options) == 1:
            rest = {key: value for key, value in node.items() if key != word}
            return {**_resolve(document, options[0]), **rest}
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    rest = {key: value for key, value in node.items() if key != "$ref"}
    return {**_resolve(document, found), **rest}


def _example(content: Node) -> str | None:
    if "example" not in content:
        return None
    return json.dumps(content["example"], ensure_ascii=False, indent=2)
