"""The authorization server: Authlib's, with one grant, two ways to authenticate and two more endpoints."""

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import (
    ClientCredentialsGrant,
    InvalidRequestError,
    InvalidScopeError,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Response
from flask import request as flask_request

from gateway import logs, metrics, problems
from gateway.db import db
from gateway.oauth import assertion, clients, secret, signing, tokens
from gateway.oauth.clients import RegisteredClient
from gateway.oauth.errors import ClientChallenged, ClientRefused, InvalidTarget, UnsupportedGrant
from gateway.oauth.failures import Failures
from gateway.oauth.request import FormRequest
from gateway.oauth.tokens import AccessToken

log = logs.get("oauth")

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 §4.4. Scopes and the resource are checked here; Authlib would grant what it likes."""

    TOKEN_ENDPOINT_AUTH_METHODS = clients.AUTH_METHODS

    def validate_requested_scope(self) -> None:
        """Raises InvalidScopeError, InvalidTarget."""
        registered = self.request.client.scopes
        asked = (self.request.form.get("scope") or " ".join(registered)).split()
        if not asked or not set(asked) <= set(registered):
            raise InvalidScopeError("The scope goes beyond what this client is registered for.")
        known = tokens.resources(self.server.issuer)
        resource = self.request.form.get("resource", known[0])
        if resource not in known:
            raise InvalidTarget("The resource is not this API.")
        self.scope = " ".join(scope for scope in registered if scope in asked)
        self.resource = resource

    def create_token_response(self) -> Answer:
        """Issue the token. (Authlib's own method writes it to the debug log.)"""
        client = self.request.client
        token = self.server.issue(client, self.scope, self.resource)
        metrics.count(metrics.TOKENS)
        log.info("token_issued", client=client.id, institution=client.institution_id)
        return 200, token, self.TOKEN_RESPONSE_HEADER


class _OwnTokens:
    """What revocation and introspection share: a client asks about its own tokens, in any other case they
    know nothing. `token_type_hint` is not needed to find a token and is ignored (RFC 7009 §2.1)."""

    CLIENT_AUTH_METHODS = clients.AUTH_METHODS
    server: "Server"

    def check_params(self, request: FormRequest, _client: RegisteredClient) -> None:
        """Raises InvalidRequestError."""
        if "token" not in request.form:
            raise InvalidRequestError("The parameter token is missing.")

    def query_token(self, text: str, _hint: str | None) -> AccessToken | None:
        """Any token of ours, or None."""
        with db.read() as session:
            return tokens.read(session.connection(), self.server.issuer, text)


class Revocation(_OwnTokens, RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009 for JWTs, by a list of those taken back; Authlib's own endpoint refuses JWTs."""

    def revoke_token(self, token: AccessToken, _request: FormRequest) -> None:
        """Take it back, from this moment."""
        with db.write(token.jti) as session:
            tokens.revoke(session, token)
        log.info("token_revoked", client=token.client.id)


class Introspection(_OwnTokens, IntrospectionEndpoint):  # type: ignore[misc]
    """RFC 7662. Garbage and tokens of others are simply not active."""

    def check_permission(self, token: AccessToken, client: RegisteredClient, _request: FormRequest) -> bool:
        """Its own tokens only."""
        return token.check_client(client)

    def introspect_token(self, token: AccessToken) -> dict[str, Any]:
        """The token's claims, with the scopes that it gives at this moment."""
        names = ("iss", "sub", "client_id", "aud", "iat", "exp", "jti")
        facts = {name: token.claims[name] for name in names}
        return {"active": True, "token_type": "Bearer", "scope": token.get_scope()} | facts


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server without its defaults: no token generator, no grant and no method but those named here."""

    def __init__(self, issuer: str) -> None:
        super().__init__()
        self.issuer = issuer
        failures = Failures()
        self.register_client_auth_method(assertion.METHOD, assertion.PrivateKeyJwt(self._audiences, failures))
        self.register_client_auth_method(secret.METHOD, secret.SecretBasic(failures))
        self.register_grant(ClientCredentials)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)

    def _audiences(self, request: FormRequest) -> tuple[str, ...]:
        """Who an assertion may be for: us, or an endpoint of ours (see DIVERGENCES.md)."""
        return self.issuer, f"{self.issuer}/oauth/token", request.uri

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """For Authlib: a client that is registered and not revoked."""
        with db.read() as session:
            client = clients.find(session, client_id)
        return None if client is None or client.revoked else client

    def save_token(self, _token: object, _request: object) -> None:
        """Tokens are not stored."""

    def issue(self, client: RegisteredClient, scope: str, resource: str) -> dict[str, Any]:
        """A new access token; the very first one makes our keys."""
        try:
            with db.read() as session:
                return tokens.issue(session, self.issuer, client, scope, resource)
        except signing.NoKeys:
            with db.write() as session:
                signing.prepare(session)
                return tokens.issue(session, self.issuer, client, scope, resource)

    def create_oauth2_request(self, _request: object) -> FormRequest:
        """The form posted, read strictly. Raises InvalidRequestError, InvalidTarget, TooLarge."""
        return FormRequest(flask_request, self.issuer)

    def get_token_grant(self, request: FormRequest) -> ClientCredentials:
        """Raises InvalidRequestError, UnsupportedGrant."""
        if "grant_type" not in request.form:
            raise InvalidRequestError("The parameter grant_type is missing.")
        try:
            grant: ClientCredentials = super().get_token_grant(request)
        except UnsupportedGrantTypeError:  # it repeats what was sent
            raise UnsupportedGrant from None
        return grant

    def authenticate_client(self, request: FormRequest, methods: tuple[str, ...], endpoint: str = "token") -> Any:
        """The client, by the one method that it used. Raises Busy, ClientRefused, InvalidRequestError,
        TooManyFailures."""
        used = {assertion.METHOD: "client_assertion" in request.form, secret.METHOD: request.scheme == "basic"}
        in_form = used[assertion.METHOD] or "client_secret" in request.form
        refused = ClientRefused if in_form else ClientChallenged
        if all(used.values()):
            raise InvalidRequestError("Authenticate in one way, not in two.")
        if not any(used.values()) or "client_secret" in request.form:
            raise refused(f"Authenticate by {' or '.join(methods)}.")
        used_now = [method for method in methods if used[method]]
        client: RegisteredClient = super().authenticate_client(request, used_now, endpoint)
        if client.suspended:
            raise refused("The institution of this client is suspended.")
        return client

    def handle_error_response(self, _request: object, error: OAuth2Error) -> Response:
        """The error as JSON (RFC 6749 §5.2), and a line in the log that says which."""
        log.info("oauth_refused", error=error.error, endpoint=flask_request.endpoint, method=flask_request.method)
        flask_request.environ[problems.PROBLEM] = str(error.error).replace("_", "-")  # the names of problem types
        response: Response = self.handle_response(*error())
        return response
