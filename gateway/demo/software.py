"""The software of an institution and of the adjudicators' desk: OAuth clients of the gateway, and nothing more."""

import secrets
from typing import Any

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

_TIMEOUT_SECONDS = 20.0


class Refused(Exception):
    """The gateway answered with a problem: its status and its title."""


class Software:
    """One OAuth client. Its key pair is made here; the gateway is given the public half."""

    def __init__(self, issuer: str, scope: str) -> None:
        self._issuer = issuer
        self._scope = scope
        self._key = ECKey.generate_key("P-256")
        self._session: OAuth2Session | None = None

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key, for the registration."""
        return {"keys": [self._key.as_dict(private=False)]}

    def registered(self, client_id: str) -> None:
        """The gateway has given this id."""
        token_url = f"{self._issuer}/oauth/token"
        self._session = OAuth2Session(
            client_id,
            self._key,
            token_endpoint_auth_method=PrivateKeyJWT(token_url, alg="ES256"),
            token_endpoint=token_url,
            scope=self._scope,
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the API, with a token fetched when there is none that holds. Raises Refused."""
        session = self._session
        if session is None:
            raise RuntimeError("the client is not registered yet")
        if session.token is None or session.token.is_expired():
            session.fetch_token(grant_type="client_credentials")
        headers = {"Idempotency-Key": secrets.token_hex(16)} if path == "/v1/checks" and method == "POST" else {}
        answer = session.request(method, self._issuer + path, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        if not answer.ok:
            raise Refused(f"{method} {path.partition('?')[0]}: {answer.status_code} {answer.json().get('title', '')}")
        return answer.json()

    def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            self._session.close()


def work_off_the_desk(desk: Software) -> int:
    """Look at every review that waits and decide it; returns how many there were.

    The adjudicator of the demonstration confirms what the law says; where the records leave it open (a matter that may
    be a namesake's) they find for the person.
    """
    waiting = desk.call("GET", "/v1/reviews")["reviews"]
    for review in waiting:
        question = desk.call("GET", f"/v1/reviews/{review['id']}")
        desk.call("POST", f"/v1/reviews/{review['id']}/decision", _decision(question))
    return len(waiting)


def _decision(question: Any) -> dict[str, Any]:
    if "confirm" in question["decisions"]:
        return {"decision": "confirm", "reason": "record-plain"}
    if not question["bars"]:
        return {"decision": "eligible", "reason": "doubt"}
    return {
        "persons": {person["handle"]: "other" for person in question["persons"]},
        "bars": {bar["id"]: "no" for bar in question["bars"]},
        "seen": question["seen"],
        "reason": "identifiers-differ" if question["persons"] else "doubt",
    }
