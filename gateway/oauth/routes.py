"""The addresses of the authorization server.

POST /oauth/token, /oauth/revoke, /oauth/introspect        the client authenticates itself
GET  /oauth/jwks, /.well-known/oauth-authorization-server,
     /.well-known/oauth-protected-resource[/v1]             open to everyone
"""

from authlib.oauth2.base import OAuth2Error
from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from gateway.db import db
from gateway.oauth import metadata, receipt_keys, signing
from gateway.oauth.server import Server

EXTENSION = "sealgate_oauth"

blueprint = Blueprint("oauth", __name__)


def server() -> Server:
    """The authorization server of the running app."""
    found: Server = current_app.extensions[EXTENSION]
    return found


@blueprint.errorhandler(OAuth2Error)
def refused(error: OAuth2Error) -> ResponseReturnValue:
    """What Authlib raises while it reads a request, before it begins to answer."""
    return server().handle_error_response(None, error)


@blueprint.post("/oauth/token")
def token() -> ResponseReturnValue:
    """An access token for a client that proves who it is (RFC 6749 §4.4)."""
    response: Response = server().create_token_response()
    return response


@blueprint.post("/oauth/revoke")
def revoke() -> ResponseReturnValue:
    """A client takes back a token of its own (RFC 7009)."""
    response: Response = server().create_endpoint_response("revocation")
    return response


@blueprint.post("/oauth/introspect")
def introspect() -> ResponseReturnValue:
    """A client asks whether a token of its own holds (RFC 7662)."""
    response: Response = server().create_endpoint_response("introspection")
    return response


@blueprint.get("/oauth/jwks")
def jwks() -> ResponseReturnValue:
    """The keys that access tokens and receipts are verified with (RFC 7517)."""
    with db.read() as session:
        keys, of_receipts = signing.published(session), receipt_keys.published(session)
    if not keys:
        with db.write() as session:
            signing.prepare(session)
            keys = signing.published(session)
    return _kept(jsonify(keys=[*keys, *of_receipts]))


@blueprint.get(metadata.SERVER_PATH)
def authorization_server() -> ResponseReturnValue:
    """RFC 8414."""
    return _kept(jsonify(metadata.authorization_server(server().issuer)))


@blueprint.get(metadata.RESOURCE_PATH, defaults={"path": ""})
@blueprint.get(f"{metadata.RESOURCE_PATH}/v1", defaults={"path": "/v1"})
def protected_resource(path: str) -> ResponseReturnValue:
    """RFC 9728."""
    return _kept(jsonify(metadata.protected_resource(server().issuer, path)))


def _kept(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = signing.MAX_AGE.seconds
    return response
