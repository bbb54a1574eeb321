"""What the OAuth endpoints refuse with, in the form of RFC 6749 §5.2.

    OAuth2Error (Authlib)
    ├── InvalidRequestError, InvalidScopeError, InvalidGrantError (Authlib)
    ├── UnsupportedGrant   400  unsupported_grant_type
    ├── InvalidTarget      400  invalid_target (RFC 8707)
    ├── TooLarge           413  invalid_request
    ├── ClientRefused      400  invalid_client
    │   └── ClientChallenged  401, when the Authorization header was used, or nothing at all
    ├── TooManyFailures    429  temporarily_unavailable
    │   └── TooManyCalls   429, of a client that has proved who it is
    └── Busy               503  temporarily_unavailable

Descriptions are sentences of ours; nothing that was sent is repeated in them.
"""

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, UnsupportedGrantTypeError

from gateway.limits import soon

REALM = "sealgate"

Headers = list[tuple[str, str]]


class UnsupportedGrant(UnsupportedGrantTypeError):  # type: ignore[misc]
    """Authlib's own repeats the grant type that was sent."""

    description = "The only grant_type here is client_credentials."

    def __init__(self) -> None:
        super().__init__(grant_type=None)

    def get_error_description(self) -> str:
        """The fixed sentence."""
        return self.description


class InvalidTarget(OAuth2Error):  # type: ignore[misc]
    """The `resource` asked for is not ours (RFC 8707 §2)."""

    error = "invalid_target"


class TooLarge(InvalidRequestError):  # type: ignore[misc]
    """The form is larger than any honest one."""

    status_code = 413


class ClientRefused(InvalidClientError):  # type: ignore[misc]
    """Client authentication by other means than the Authorization header failed.

    Not 401: that needs a challenge, and common clients then show the challenge instead of the description.
    """

    def get_headers(self) -> Headers:
        """JSON, not stored."""
        return list(OAuth2Error.get_headers(self))


class ClientChallenged(ClientRefused):
    """Client authentication by the Authorization header failed, or there was none."""

    status_code = 401

    def get_headers(self) -> Headers:
        """With the challenge of RFC 7617, which knows no error details."""
        return [*super().get_headers(), ("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"')]


class TooManyFailures(OAuth2Error):  # type: ignore[misc]
    """This client failed to authenticate too often; `seconds` is when it may try again."""

    error = "temporarily_unavailable"
    description = "Too many failed attempts to authenticate as this client. Wait before the next one."
    status_code = 429

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds

    def get_headers(self) -> Headers:
        """With the time to wait, in seconds."""
        return [*super().get_headers(), ("Retry-After", str(self.seconds))]


class TooManyCalls(TooManyFailures):
    """This client has used up its calls; `seconds` is when it has some again."""

    description = "Too many calls of this client. Wait before the next one."


class Busy(OAuth2Error):  # type: ignore[misc]
    """As many secrets are being checked as may be at a time; nothing was counted or looked at."""

    error = "temporarily_unavailable"
    description = "Too much is going on at this moment. Try again after the seconds of Retry-After."
    status_code = 503

    def get_headers(self) -> Headers:
        """With the time to wait, in seconds."""
        return [*super().get_headers(), ("Retry-After", str(soon()))]
