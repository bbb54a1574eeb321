"""What somebody is told for whom there is no room: made without the application, so that it costs next to nothing."""

import json
import secrets
from collections.abc import Mapping
from importlib.resources import files
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway import problems

_PAGE = files("gateway.limits").joinpath("busy.html").read_bytes()


class Overloaded(problems.Unavailable):
    """503: there is more to do than can be done soon."""

    type = "overloaded"
    title = "There is more to do than can be done soon"
    meaning = (
        "Nothing of the request was done, and nothing that was accepted before is lost. Send it again after as many "
        "seconds as the Retry-After header says, with the same Idempotency-Key if it has one."
    )
    quiet = True


def soon() -> int:
    """In how many seconds to come back: not the same for all, else they would come together again."""
    return 1 + secrets.randbelow(5)


class Refusals:
    """Answers to requests that were not looked at."""

    def __init__(self, issuer: str, headers: Mapping[str, str]) -> None:
        self._headers = [*headers.items(), ("Cache-Control", "no-store")]
        self._problem = {
            "type": f"{issuer}/problems/{Overloaded.type}", "title": Overloaded.title, "status": Overloaded.status,
        }  # fmt: skip

    def overloaded(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        """503 with Retry-After, in the form that this address answers in: a page, OAuth's, or a problem."""
        path: str = environ.get("PATH_INFO", "")
        if path.startswith("/oauth/"):
            kind, body = "application/json", json.dumps({"error": "temporarily_unavailable"}).encode()
        elif not path.startswith("/v1/") and "text/html" in environ.get("HTTP_ACCEPT", ""):
            kind, body = "text/html; charset=utf-8", _PAGE
        else:
            kind, body = "application/problem+json", json.dumps(self._problem).encode()
        return self._say(start, "503 Service Unavailable", kind, body, ("Retry-After", str(soon())))

    def cut_off(self, start: StartResponse) -> list[bytes]:
        """400: the body ended before its length, so what came may not be what was meant."""
        return self._say(
            start, "400 Bad Request", "text/plain", b"The body is not complete.\n", ("Connection", "close")
        )

    def _say(self, start: StartResponse, status: str, kind: str, body: bytes, *more: tuple[str, str]) -> list[bytes]:
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *self._headers, *more])
        return [body]
