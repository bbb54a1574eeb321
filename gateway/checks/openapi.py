"""flask-smorest, bent to this house: problem details as the documented error, strict content types, types.

Two of its defaults are changed, both seen to matter when the document is held against the answers: errors are
documented as `application/problem+json`, and every error goes through the one handler of `gateway.problems`.
A third, that a body of another content type is read as an empty one, is met by `problems.require_json`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar, cast

import flask
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]
from marshmallow import RAISE, Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser

from gateway import problems
from gateway.limits import Overloaded

View = TypeVar("View", bound=Callable[..., Any])

PROBLEM = "application/problem+json"

AT_THE_DOOR = (problems.Unauthorized, problems.Forbidden, problems.TooMany, Overloaded)
"""The problems of every call that stands behind a guard."""

BAD_MESSAGE = (problems.BadRequest, problems.TooLarge, problems.UnsupportedMedia)
"""The problems of every call that takes a message."""

_COME_BACK = {
    "Retry-After": {"description": "In how many seconds to send the request again.", "schema": {"type": "integer"}}
}
_NO_OBJECT = "must be an object"
_PLAIN = {
    "Missing data for required field.": "is missing",
    "Field may not be null.": "must not be null",
    "Unknown field.": "is not a field here",
    "Not a valid string.": "must be text",
    "Not a valid list.": "must be a list",
    "Invalid input type.": _NO_OBJECT,
}


class Strict(Schema):
    """A message that names every field it knows and refuses the others by name."""

    class Meta:
        unknown = RAISE


class FieldProblemSchema(Schema):
    """One field and what is wrong with it."""

    field = fields.String(
        required=True, metadata={"description": "The place in the message.", "example": "subject.born"}
    )
    problem = fields.String(required=True, metadata={"example": "must not be in the future"})


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = fields.URL(required=True, metadata={"description": "Stable; opens a page that explains it."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    incident = fields.String(
        metadata={"description": "The request's id, as in X-Request-Id: it finds this in the operator's log."}
    )
    errors = fields.List(fields.Nested(FieldProblemSchema))


class Parser(FlaskParser):
    """Reads a request by a schema. A refusal names the field, in plain words, and never repeats its value."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs has it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def handle_error(self, error: ValidationError, req: flask.Request, schema: Schema, **options: Any) -> NoReturn:
        messages = _plain(error.messages)
        body = messages.get("json")
        if isinstance(body, dict) and body.get("_schema") == [_NO_OBJECT]:
            messages = {"json": {"body": ["the message must be an object"]}}
        for name, texts in messages.get("headers", {}).items():
            raise problems.BadRequest(f"The header {name} {texts[0]}.")
        super().handle_error(ValidationError(messages), req, schema, **options)

    def _raw_load_json(self, req: flask.Request) -> Any:
        most = req.max_content_length
        if req.content_length is None and most is not None and len(req.get_data(cache=True)) >= most:
            # Werkzeug cuts a body that comes without a length off at the limit and says nothing.
            raise problems.TooLarge(f"The body may have at most {most} bytes.")
        try:
            return super()._raw_load_json(req)
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise
        except RecursionError:
            raise problems.BadRequest("The body is nested too deeply.") from None
        except ValueError:  # Python reads no number of more than 4300 digits
            raise problems.BadRequest("A number in the body is too long.") from None


def _plain(messages: Any) -> Any:
    """marshmallow's messages in our words; names that came with the request are cut to what can be shown."""
    if isinstance(messages, dict):
        return {_shown(key): _plain(inner) for key, inner in messages.items()}
    texts = messages if isinstance(messages, list) else [messages]
    return [_PLAIN.get(str(text), str(text)) for text in texts]


def _shown(key: Any) -> Any:
    return "".join(c if c.isprintable() else "?" for c in key[:60]) if isinstance(key, str) else key


class Doors(Blueprint):  # type: ignore[misc]
    """A blueprint of API calls. Its decorators keep the types that flask-smorest's own would lose."""

    ARGUMENTS_PARSER = Parser()

    def get(self, rule: str) -> Callable[[View], View]:
        """Serve and document a GET."""
        return cast("Callable[[View], View]", self.route(rule, methods=["GET"]))

    def post(self, rule: str) -> Callable[[View], View]:
        """Serve and document a POST."""
        return cast("Callable[[View], View]", self.route(rule, methods=["POST"]))

    def reads(self, schema: type[Schema], location: str = "json", **options: Any) -> Callable[[View], Any]:
        """Hand the view the request's body (or query, or headers), checked by the schema."""
        made = schema()  # of a class, webargs would make one for every request
        return cast("Callable[[View], Any]", self.arguments(made, location=location, **options))

    def answers(self, status: int, schema: type[Schema], **options: Any) -> Callable[[View], View]:
        """Document what the view answers when all is well; the view makes the bytes itself."""
        return cast("Callable[[View], View]", self.response(status, schema, **options))

    def refuses(self, *kinds: type[problems.Problem]) -> Callable[[View], View]:
        """Document the problems that the view may answer, each with its type (`x-problem-types`) and title."""

        def decorate(view: View) -> View:
            for status in sorted({kind.status for kind in kinds}, reverse=True):
                types = {kind.type: kind.title for kind in kinds if kind.status == status}
                answer = {
                    "schema": ProblemSchema(),
                    "content_type": PROBLEM,
                    "description": "\n".join(f"- `{name}`: {title}" for name, title in types.items()),
                    "x-problem-types": types,
                    **({"headers": _COME_BACK} if status in (429, 503) else {}),
                }
                view = self.alt_response(status, response=answer)(view)
            return view

        return decorate


class Document(Api):  # type: ignore[misc]
    """The OpenAPI document of the app. Errors stay with `gateway.problems`; pages are the app's own."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_RESPONSE_CONTENT_TYPE: str = "application/json"
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """`problems.install` is the one handler."""

    def _register_responses(self) -> None:
        ordinary, self.DEFAULT_RESPONSE_CONTENT_TYPE = self.DEFAULT_RESPONSE_CONTENT_TYPE, PROBLEM
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = ordinary


def as_document(api: Document) -> Mapping[str, Any]:
    """The OpenAPI 3.1 document as data."""
    document: dict[str, Any] = api.spec.to_dict()
    return document
