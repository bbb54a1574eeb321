"""Errors that we tell, as RFC 9457 problem details: one tree, one mapping, one handler.

    Problem
    ├── BadRequest 400          ├── TooLarge 413
    ├── Unauthorized 401        ├── UnsupportedMedia 415
    ├── Forbidden 403           ├── InvalidFields 422
    ├── NotFound 404            ├── TooMany 429
    ├── MethodNotAllowed 405    ├── Internal 500
    ├── NotAcceptable 406       └── Unavailable 503
    ├── Conflict 409
    └── Gone 410

A feature's own problems are subclasses with a `type` of their own. What is told and what is logged are kept
apart: `told` and `errors` go to the caller, `logged` (a code or an id, never prose) goes to the log.
"""

from gateway.problems.handler import PROBLEM, install, page_renderer, require_json
from gateway.problems.tree import (
    KNOWN,
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    Gone,
    Internal,
    InvalidFields,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)

__all__ = [
    "KNOWN",
    "PROBLEM",
    "BadRequest",
    "Conflict",
    "FieldError",
    "Forbidden",
    "Gone",
    "Internal",
    "InvalidFields",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "Problem",
    "TooLarge",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "UnsupportedMedia",
    "install",
    "page_renderer",
    "require_json",
]
