"""Those who come to a gateway from outside, over real HTTP: an institution's software, and the person it asks about."""

import json
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urljoin

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

PATIENCE_SECONDS = 30.0

T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """Look again and again until there is something. Raises AssertionError when it does not come."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come in {seconds:g} seconds")


class Software:
    """An OAuth client: Authlib's, as anybody would use it, with `private_key_jwt`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = ECKey.generate_key("P-256")
        self.session: OAuth2Session | None = None

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key, for the registration."""
        return {"keys": [self.key.as_dict(private=False)]}

    def sign_in(self, client_id: str, scope: str) -> dict[str, Any]:
        """Get an access token."""
        endpoint = f"{self.url}/oauth/token"
        self.session = OAuth2Session(
            client_id,
            self.key,
            token_endpoint_auth_method=PrivateKeyJWT(endpoint, alg="ES256"),
            token_endpoint=endpoint,
            scope=scope,
        )
        token: dict[str, Any] = self.session.fetch_token(grant_type="client_credentials")
        return token

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> requests.Response:
        """One call of the API."""
        assert self.session is not None
        asks = path == "/v1/checks" and method == "POST"
        headers = {"Idempotency-Key": key or secrets.token_hex(8)} if asks else {}
        return cast("requests.Response", self.session.request(method, self.url + path, json=body, headers=headers))

    def see(self, check_id: str) -> dict[str, Any]:
        """A check as it stands."""
        answer = self.call("GET", f"/v1/checks/{check_id}")
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def await_end(self, check_id: str, desk: "Software") -> dict[str, Any]:
        """Poll until the check is completed or closed, while a desk confirms what comes to it."""

        def ended() -> dict[str, Any] | None:
            desk.confirm_all()
            check = self.see(check_id)
            return check if check["status"] in ("completed", "closed") else None

        return wait_for("the end of the check", ended)

    def confirm_all(self) -> int:
        """As a desk: look at what waits and confirm it; returns how many there were."""
        waiting = self.call("GET", "/v1/reviews").json()["reviews"]
        for review in waiting:
            path = f"/v1/reviews/{review['id']}"
            assert self.call("GET", path).ok
            assert self.call("POST", f"{path}/decision", {"decision": "confirm", "reason": "record-plain"}).ok
        return len(waiting)

    def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            self.session.close()


class Subject:
    """A person with a browser: opens pages, fills in the form that is there, follows where it leads."""

    def __init__(self, outbox: Path) -> None:
        self.outbox = outbox
        self.browser = requests.Session()
        self.browser.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        self.page = requests.Response()
        self.pages: list[str] = []

    def open(self, url: str) -> None:
        """Go to an address."""
        self._see(self.browser.get(url, timeout=30))

    def send(self, **typed: str) -> None:
        """Submit the page's form."""
        token = re.search(r'name="form" value="([0-9a-f]{64})"', self.page.text)
        assert token, f"no form at {self.page.url}"
        action = re.search(r'<form[^>]* action="([^"]+)"', self.page.text)
        url = urljoin(self.page.url, action[1]) if action else self.page.url
        self._see(self.browser.post(url, data={"form": token[1], **typed}, timeout=30))

    def prove(self, link: str, name: str, born: str) -> None:
        """Open the link and show who one is: particulars, then the code that was sent."""
        self.open(link)
        self.send()
        year, month, day = born.split("-")
        before = len(self._codes())
        self.send(name=name, year=year, month=month, day=day)
        codes = wait_for("the code", lambda: self._codes()[before:])
        self.send(code=codes[-1])

    def decide(self, link: str, name: str, born: str, decision: str = "agree") -> None:
        """Prove who one is, read, and agree or decline."""
        self.prove(link, name, born)
        assert "/request" in self.page.url, self.page.url
        self.send(decision=decision)

    def close(self) -> None:
        """Close the browser."""
        self.browser.close()

    def _codes(self) -> list[str]:
        if not self.outbox.exists():
            return []
        letters = [json.loads(line) for line in self.outbox.read_text("utf-8").splitlines()]
        return [found[0] for letter in letters if (found := re.search(r"(?<![\w-])\d{6}(?![\w-])", letter["text"]))]

    def _see(self, page: requests.Response) -> None:
        self.page = page
        self.pages.append(page.text)
        assert page.status_code == 200, f"{page.url}: {page.status_code} {page.text[:300]}"
