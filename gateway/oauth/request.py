"""The form that a client posts to an OAuth endpoint, read strictly (RFC 6749 §3.2, §5.2).

Authlib would also take parameters from the URL, where they end in logs, and use the first of two equal ones.
"""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.oauth.errors import InvalidTarget, TooLarge

FORM = "application/x-www-form-urlencoded"
MAX_FORM = 16384
"""The largest form that is read, in bytes."""


class FormRequest(OAuth2Request):  # type: ignore[misc]
    """A request to an OAuth endpoint. `uri` is built from the configured issuer, never from the Host header."""

    def __init__(self, request: Request, issuer: str) -> None:
        super().__init__(method=request.method, uri=issuer + request.path, headers=request.headers)
        self._parameters = _read(request)
        self.payload = BasicOAuth2Payload(self._parameters)

    @property
    def args(self) -> dict[str, str]:
        """Nothing is read from the URL."""
        return {}

    @property
    def form(self) -> dict[str, str]:
        """The parameters, each once; those sent without a value count as omitted (RFC 6749 §3.2)."""
        return self._parameters

    @property
    def scheme(self) -> str | None:
        """The scheme of the Authorization header in lower case, if there is one."""
        header: Any = self.headers.get("Authorization")
        return str(header).split(" ", 1)[0].lower() if header else None


def _read(request: Request) -> dict[str, str]:
    """Raises InvalidRequestError, InvalidTarget, TooLarge."""
    if request.mimetype != FORM:
        raise InvalidRequestError(f"Send the parameters as {FORM}.")
    if request.query_string:
        raise InvalidRequestError("Send the parameters in the body, none in the URL.")
    if request.content_length is None:  # a body in chunks would be read as an empty one
        raise InvalidRequestError("Send the body with a Content-Length.")
    request.max_content_length = MAX_FORM
    try:
        form = request.form
    except RequestEntityTooLarge:
        raise TooLarge(f"The body may have at most {MAX_FORM} bytes.") from None
    for name, values in form.lists():
        if len(values) > 1:
            if name == "resource":
                raise InvalidTarget("Ask for one resource at a time.")
            raise InvalidRequestError("A parameter was sent twice.")
    return {name: value for name, value in form.items() if value}
