"""An authorization server with a small guarded API behind it, and software that calls them."""

import base64
import dataclasses
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from flask import Blueprint, Flask, jsonify
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from gateway import clock, oauth, problems
from gateway.config import Config
from gateway.db import Database
from gateway.oauth import caller, needs, register
from gateway.oauth.models import Client, Institution

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHM = {"EC": "ES256", "OKP": "Ed25519", "RSA": "PS256"}
Key = ECKey | OKPKey | RSAKey


@dataclass
class Software:
    """What an institution runs: it knows its id, where the gateway is, and its private key or its secret."""

    id: str
    institution_id: str
    issuer: str
    http: FlaskClient
    key: Key
    secret: str | None

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good assertion; a change to None leaves the claim out."""
        now = int(clock.now().timestamp())
        good = {"iss": self.id, "sub": self.id, "aud": self.issuer, "iat": now, "exp": now + 60}
        return {
            name: value for name, value in (good | {"jti": str(uuid.uuid4())} | changes).items() if value is not None
        }

    def sign(self, payload: bytes, key: Key | None = None, **header: Any) -> str:
        """A compact JWS over any bytes, by its own key or another; a header of None is left out."""
        key = key or self.key
        header = {"alg": ALGORITHM.get(key.key_type, "HS256"), "kid": "k1", "typ": "JWT"} | header
        header = {name: value for name, value in header.items() if value is not None}
        registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        return jws.serialize_compact(header, payload, key, registry=registry)

    def assertion(self, key: Key | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A signed client assertion."""
        return self.sign(json.dumps(self.claims(**changes)).encode(), key, **(header or {}))

    def post(self, path: str, assertion: str | None = None, **form: Any) -> TestResponse:
        """Post a form, authenticated in this software's way, or by the assertion given."""
        if self.secret and assertion is None:
            return self.http.post(path, data=form, headers={"Authorization": self.basic()})
        credentials = {"client_assertion_type": TYPE, "client_assertion": assertion or self.assertion()}
        return self.http.post(path, data=credentials | form)

    def basic(self, secret: str | None = None) -> str:
        """An Authorization header with its id and its secret, or with another secret."""
        return "Basic " + base64.b64encode(f"{self.id}:{secret or self.secret}".encode()).decode()

    def ask(self, assertion: str | None = None, **form: Any) -> TestResponse:
        """Ask for a token."""
        return self.post("/oauth/token", assertion, **({"grant_type": "client_credentials"} | form))

    def token(self, **form: Any) -> str:
        """A fresh access token."""
        answer = self.ask(**form)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return str(answer.get_json()["access_token"])

    def get(self, path: str, token: str) -> TestResponse:
        """Call the API with a token."""
        return self.http.get(path, headers={"Authorization": f"Bearer {token}"})

    def active(self, token: str) -> bool:
        """What introspection says of a token."""
        answer = self.post("/oauth/introspect", token=token)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return bool(answer.get_json()["active"])

    def as_client(self, other: str) -> "Software":
        """The same software with the same key, saying that it is another client."""
        return dataclasses.replace(self, id=other)


class Enrol(Protocol):
    """Registers an institution with one client and gives its software."""

    def __call__(self, name: str = ..., *, key: Key | None = ..., secret: bool = ..., **client: Any) -> Software: ...


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A free port of this machine, held."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held


@pytest.fixture
def environ(environ: dict[str, str], listener: socket.socket) -> dict[str, str]:
    """The issuer is the address at which the server of these tests listens."""
    return environ | {"SEALGATE_ISSUER": f"http://127.0.0.1:{listener.getsockname()[1]}"}


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    """The authorization server with a small API: a guarded blueprint, and views with guards of their own."""
    app = Flask("sealgate-oauth-tests")
    oauth.init_app(app, config)
    app.register_blueprint(_guarded_blueprint())
    app.register_blueprint(_guarded_views())
    problems.install(app, config.issuer)
    return app


def _guarded_blueprint() -> Blueprint:
    blueprint = Blueprint("checks", __name__)
    blueprint.before_request(needs("checks:write"))

    @blueprint.post("/v1/checks")
    def ask() -> ResponseReturnValue:
        return jsonify(by=caller().institution_id)

    return blueprint


def _guarded_views() -> Blueprint:
    blueprint = Blueprint("views", __name__)

    @blueprint.get("/v1/me")
    @needs("checks:read")
    def me() -> ResponseReturnValue:
        facts = dataclasses.asdict(caller())
        return jsonify(facts | {"scopes": sorted(caller().scopes)})

    @blueprint.get("/v1/both")
    @needs("checks:read", "audit:read")
    def both() -> ResponseReturnValue:
        return jsonify(ok=True)

    @blueprint.get("/v1/forgotten")
    def forgotten() -> ResponseReturnValue:
        return jsonify(by=caller().institution_id)

    return blueprint


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """Calls the app without a network."""
    return app.test_client()


@pytest.fixture
def gate(app: Flask, config: Config, listener: socket.socket) -> Iterator[str]:
    """The app on a real port; its base URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield config.issuer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def enrol(database: Database, config: Config, http: FlaskClient) -> Enrol:
    """Registers institutions and clients as the command line does."""

    def institution(session: Session, name: str) -> Institution:
        return register.add_institution(session, name, f"reg-{name}", "cn", ["cn/kindergarten"])

    def enrol(name: str = "Sunflower", *, key: Key | None = None, secret: bool = False, **client: Any) -> Software:
        key = key or ECKey.generate_key("P-256")
        jwks = None if secret else {"keys": [key.as_dict(private=False) | {"kid": "k1"}]}
        settings = {"jwks": jwks, "scopes": ["checks:write", "checks:read"]} | client
        with database.write() as session:
            row, shown = register.add_client(session, institution(session, name), f"{name} HR", **settings)
        return Software(row.id, row.institution_id, config.issuer, http, key, shown)

    return enrol


@pytest.fixture
def hr(enrol: Enrol) -> Software:
    """The software of a kindergarten."""
    return enrol()


@pytest.fixture
def suspend(database: Database) -> Any:
    """Suspends the institution of a client."""

    def suspend(software: Software) -> None:
        with database.write() as session:
            row = session.get(Institution, software.institution_id)
            assert row is not None
            register.suspend(session, row, "operator")

    return suspend


@pytest.fixture
def revoke(database: Database) -> Any:
    """Revokes a client."""

    def revoke(software: Software) -> None:
        with database.write() as session:
            row = session.get(Client, software.id)
            assert row is not None
            register.revoke(session, row, "operator")

    return revoke


def _part(token: str, place: int) -> dict[str, Any]:
    segment = token.split(".")[place]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return found


@pytest.fixture
def claims_of() -> Any:
    """The claims in a token."""
    return lambda token: _part(token, 1)


@pytest.fixture
def header_of() -> Any:
    """The header of a token."""
    return lambda token: _part(token, 0)
