"""A small OpenID Connect provider, run as a process of its own: discovery, authorize, token, jwks, userinfo.

It keeps to OpenID Connect Core and insists on PKCE (RFC 7636), the client's secret and codes that are good once.
Whoever comes to /authorize is signed in as the person that was put to /control, which can also make it lie.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "sealgate", "a secret for tests, thirty-two chars"
ALICE = {"sub": "alice", "name": "Wang Xiaoming", "birthdate": "1990-04-23"}

KEY = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})


class Provider(BaseHTTPRequestHandler):
    """One request."""

    person: ClassVar[dict[str, Any]] = dict(ALICE)
    in_userinfo_only: ClassVar[list[str]] = []
    lie: ClassVar[str] = ""
    codes: ClassVar[dict[str, dict[str, str]]] = {}
    tokens: ClassVar[dict[str, dict[str, Any]]] = {}
    asked: ClassVar[list[dict[str, str]]] = []

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/realm"  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        match parts.path:
            case "/realm/.well-known/openid-configuration":
                self.answer(200, self.metadata())
            case "/realm/jwks":
                self.answer(200, {"keys": [KEY.as_dict(private=False)]})
            case "/realm/authorize":
                self.authorize(query)
            case "/realm/userinfo":
                self.userinfo()
            case "/asked":
                self.answer(200, self.asked)
            case _:
                self.answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/control":
            for name, value in json.loads(body).items():
                setattr(Provider, name, value)
            self.answer(200, {})
        elif self.path == "/realm/token":
            self.token(dict(parse_qsl(body)))
        else:
            self.answer(404, {})

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": "https://somebody.else" if self.lie == "issuer" else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }

    def authorize(self, query: dict[str, str]) -> None:
        self.asked.append(query)
        sound = query.get("client_id") == CLIENT and query.get("response_type") == "code"
        if not sound or query.get("code_challenge_method") != "S256" or not query.get("nonce"):
            self.answer(400, {"error": "invalid_request"})
            return
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        if self.lie == "denied":
            back = {"error": "access_denied", "state": query["state"]}
        if self.lie == "mixed-up":
            back["iss"] = "https://somebody.else"
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
        self.end_headers()

    def token(self, form: dict[str, str]) -> None:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            self.headers.get("Authorization") != f"Basic {basic}"
            or asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or base64.urlsafe_b64encode(challenge).decode().rstrip("=") != asked["code_challenge"]
        ):
            self.answer(400, {"error": "invalid_grant"})
            return
        access = secrets.token_urlsafe(16)
        self.tokens[access] = dict(self.person)
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 60}
        if self.lie != "no-id-token":
            answer["id_token"] = self.id_token(asked["nonce"])
        self.answer(200, answer)

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now, "nonce": nonce}
        claims |= {name: value for name, value in self.person.items() if name not in self.in_userinfo_only}
        lies: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "another-client"},
            "two-audiences": {"aud": [CLIENT, "another-client"], "azp": "another-client"},
            "borrowed-audience": {"aud": "another-client", "azp": CLIENT},
            "token-issuer": {"iss": "https://somebody.else"},
            "expired": {"exp": now - 3600, "iat": now - 7200},
            "old-sign-in": {"auth_time": now - 3600},
            "no-auth-time": {"auth_time": None},
        }
        claims = {k: v for k, v in (claims | lies.get(self.lie, {})).items() if v is not None}
        if self.lie == "unsigned":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."
        if self.lie == "symmetric":
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(SECRET))
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, OTHER_KEY if self.lie == "key" else KEY)

    def userinfo(self) -> None:
        known = self.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if known is None:
            self.answer(401, {})
        else:
            self.answer(200, known | ({"sub": "mallory"} if self.lie == "userinfo" else {}))

    def answer(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
