"""The tree of problems; drawn in `gateway.problems`."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, TypedDict

# Every type with its class, for the pages about them.
KNOWN: "dict[str, type[Problem]]" = {}

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class FieldError(TypedDict):
    """One field of the request and what is wrong with it: `{"field": "subject.born", "problem": "…"}`."""

    field: str
    problem: str


class Problem(Exception):
    """Something the caller is told, as problem+json or as a page.

    `told` is one safe sentence about this occurrence, `errors` names fields, `logged` is a code or an id for
    the log alone, `headers` go on the answer. `str()` gives only the type, so that a log line or a traceback
    that quotes the exception quotes nothing else.
    """

    type: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    meaning: ClassVar[str]
    quiet: ClassVar[bool] = False
    """Whether it is meant to be answered, however often, so that no incident is logged for a status of 5xx."""

    def __init__(
        self,
        told: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        logged: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(self.type)
        self.told = told
        self.errors = list(errors)
        self.logged = logged
        self.headers = dict(headers or {})

    def __init_subclass__(cls) -> None:
        """Keep types unique: each is also the address of a page. Raises TypeError."""
        if "type" not in vars(cls):
            return
        if not _SLUG.fullmatch(cls.type):
            raise TypeError(f"{cls.__name__}.type must be words joined by hyphens")
        known = KNOWN.setdefault(cls.type, cls)
        if known is not cls and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.__name__}.type is already that of {known.__name__}")


class BadRequest(Problem):
    """The request cannot be read."""

    type = "bad-request"
    title = "The request cannot be read"
    status = 400
    meaning = "The body is not well-formed JSON, or a header or parameter is missing or malformed."


class Unauthorized(Problem):
    """No usable credentials came along."""

    type = "unauthorized"
    title = "Credentials are missing or not valid"
    status = 401
    meaning = "Send a valid access token in the Authorization header. Tokens are short-lived: ask for a new one."


class Forbidden(Problem):
    """The caller is known and may not do this."""

    type = "forbidden"
    title = "Not allowed"
    status = 403
    meaning = "The caller is known but may not do this: a scope or a registration is missing."


class NotFound(Problem):
    """There is nothing here, or nothing that this caller may know of."""

    type = "not-found"
    title = "Not found"
    status = 404
    meaning = "There is nothing at this address, or nothing that this caller may see."


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    type = "method-not-allowed"
    title = "Method not allowed"
    status = 405
    meaning = "This address does not take this HTTP method. The Allow header lists those it takes."


class NotAcceptable(Problem):
    """None of the forms that the caller accepts can be given."""

    type = "not-acceptable"
    title = "No acceptable form"
    status = 406
    meaning = "The answer exists in none of the forms that the Accept header names."


class Conflict(Problem):
    """The request does not fit the present state."""

    type = "conflict"
    title = "Does not fit the present state"
    status = 409
    meaning = "The thing is in a state in which this cannot be done. Read it again before trying once more."


class Gone(Problem):
    """It was here and is not any more."""

    type = "gone"
    title = "No longer here"
    status = 410
    meaning = "This existed and was removed for good."


class TooLarge(Problem):
    """The body is larger than we take."""

    type = "body-too-large"
    title = "The body is too large"
    status = 413
    meaning = "The request's body is larger than this gateway accepts."


class UnsupportedMedia(Problem):
    """The body comes as something that we do not read."""

    type = "unsupported-media-type"
    title = "Unsupported content type"
    status = 415
    meaning = "Send the body in the content type that the address documents; for the API, application/json."


class InvalidFields(Problem):
    """The request was read, and some fields are wrong."""

    type = "invalid-fields"
    title = "Some fields are not valid"
    status = 422
    meaning = "The member `errors` names each field that is wrong and says what would be right."


class TooMany(Problem):
    """Too many requests."""

    type = "too-many-requests"
    title = "Too many requests"
    status = 429
    meaning = "Wait as long as the Retry-After header says before asking again."


class Internal(Problem):
    """An error that we did not foresee."""

    type = "internal-error"
    title = "Something went wrong on our side"
    status = 500
    meaning = "An error that we did not foresee. The incident, the request's id, finds it in the operator's log."


class Unavailable(Problem):
    """We cannot do it now."""

    type = "unavailable"
    title = "Not available now"
    status = 503
    meaning = "The gateway cannot do this at the moment. Nothing was lost; try again later."
