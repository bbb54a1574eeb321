"""Who is calling and what they may do: the guard in front of every route of the API.

    blueprint.before_request(needs("checks:write"))      # in front of a whole blueprint

    @blueprint.get("/checks")
    @needs("checks:read")                                # in front of one view; all the scopes are needed
    def checks(): caller().institution_id

A guard is a `Guard` wherever it stands: in `app.before_request_funcs`, or on a view as `view.guard`.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast, overload

from authlib.oauth2 import ResourceProtector
from authlib.oauth2.rfc6749 import MissingAuthorizationError, UnsupportedTokenTypeError
from authlib.oauth2.rfc6750 import BearerTokenValidator, InsufficientScopeError, InvalidTokenError
from flask import g, request

from gateway.db import db
from gateway.oauth import tokens
from gateway.oauth.clients import SCOPES
from gateway.oauth.errors import REALM
from gateway.oauth.metadata import resource_metadata_url
from gateway.oauth.routes import server
from gateway.oauth.tokens import AccessToken
from gateway.problems import Forbidden, Unauthorized

_INVALID = "The access token is expired, revoked, malformed or not for this API."

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Caller:
    """The client that is calling and its institution, as the database has them at this moment."""

    client_id: str
    institution_id: str
    institution_name: str
    policies: tuple[str, ...]
    scopes: frozenset[str]
    desk: bool

    def may_ask(self, policy: str, role: str) -> bool:
        """Whether the institution is registered for this role of this policy."""
        return policy in self.policies or f"{policy}:{role}" in self.policies


class _Validator(BearerTokenValidator):  # type: ignore[misc]
    def authenticate_token(self, token_string: str) -> AccessToken | None:
        with db.glance() as connection:
            return tokens.read(connection, server().issuer, token_string)


_protector = ResourceProtector()
_protector.register_token_validator(_Validator(REALM))


class Guard:
    """Lets a request pass that carries an access token with all of `scopes`. Raises Unauthorized, Forbidden."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes

    @overload
    def __call__(self) -> None: ...

    @overload
    def __call__(self, view: View) -> View: ...

    def __call__(self, view: View | None = None) -> View | None:
        """As a `before_request` function, or as the decorator of a view."""
        if view is None:
            self._check()
            return None

        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self._check()
            return view(*args, **kwargs)

        guarded.guard = self  # type: ignore[attr-defined]
        return cast("View", guarded)

    def _check(self) -> None:
        wanted = " ".join(self.scopes)
        try:
            # One string for all of them: Authlib takes a list of scopes to mean any one of the list.
            token = _protector.validate_request([wanted], request)
        except (MissingAuthorizationError, UnsupportedTokenTypeError):
            raise Unauthorized("Send an access token as Authorization: Bearer.", headers=_challenge()) from None
        except InvalidTokenError as error:
            raise Unauthorized(_INVALID, headers=_challenge(error=error.error, error_description=_INVALID)) from None
        except InsufficientScopeError as error:
            raise Forbidden(
                f"The access token does not have the scope {wanted}.",
                headers=_challenge(error=error.error, scope=wanted),
            ) from None
        g.caller = _caller(token)


def needs(*scopes: str) -> Guard:
    """A guard that wants all these scopes. Raises ValueError for none, or for one that does not exist."""
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"a guard needs one or more of {', '.join(SCOPES)}")
    return Guard(scopes)


def caller() -> Caller:
    """Who is calling. Raises RuntimeError where no guard has let the request pass."""
    found: Caller | None = g.get("caller")
    if found is None:
        raise RuntimeError("no guard stands in front of this route")
    return found


def _caller(token: AccessToken) -> Caller:
    client = token.client
    return Caller(
        client_id=client.id,
        institution_id=client.institution_id,
        institution_name=client.institution_name,
        policies=client.policies,
        scopes=frozenset(token.scopes),
        desk=client.desk,
    )


def _challenge(**parts: str) -> dict[str, str]:
    """RFC 6750 §3: no error code when no token came; RFC 9728 §5.1: where to read how to get one."""
    parts = {"realm": REALM} | parts | {"resource_metadata": resource_metadata_url(server().issuer)}
    return {"WWW-Authenticate": "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items())}
