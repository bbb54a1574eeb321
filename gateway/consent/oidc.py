"""Proof by signing in at an OpenID Connect provider: authorization code, PKCE (S256), state and nonce.

Authlib speaks the protocol. Added here: the secrets of a sign-in under way are kept with the visit that it is for (to
one request, or to what is about one person), encrypted, and are good once; the provider must call itself by the
configured issuer (OpenID Connect Discovery §4.3) in its metadata and in its answer (RFC 9207); the ID token must be
signed with an asymmetric key, be meant for us, and tell of a sign-in that has just taken place (Core §3.1.2.1,
`max_age`), so that an open session of somebody else's browser proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration, OAuth
from flask import Flask, current_app, g, request, url_for
from joserfc.errors import JoseError
from sqlalchemy import update

from gateway import clock, logs, vault
from gateway.config import Config
from gateway.consent import deployment, proof, tokens
from gateway.consent.models import Consent, PersonVisit, Visit
from gateway.consent.refusals import ProviderDown, SignInFailed
from gateway.db import db

MAX_AGE_SECONDS = 300
_LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 10
_ALGORITHMS = ("ES256", "ES384", "PS256", "RS256", "Ed25519", "EdDSA")
_NAME = "subject_provider"
_SCOPE = "openid profile"

log = logs.get("consent.oidc")


@dataclass(frozen=True)
class SignIn:
    """A sign-in for one visit, with the owner in the vault under whom its secrets are kept."""

    visit: Visit | PersonVisit
    owner: str

    @property
    def kind(self) -> type[Visit] | type[PersonVisit]:
        """The table of the visit."""
        return Visit if isinstance(self.visit, Visit) else PersonVisit

    @property
    def kept(self) -> str:
        """The name of its secrets in the vault."""
        return f"sign-in {self.visit.id}"


def to_request(consent: Consent, visit: Visit) -> SignIn:
    """A sign-in to one request: its secrets are shredded with the check, at the latest."""
    return SignIn(visit, consent.check_id)


def to_own_page(visit: PersonVisit) -> SignIn:
    """A sign-in to what is about one person: its secrets are forgotten with the visit."""
    return SignIn(visit, visit.id)


class _VisitStates(FlaskIntegration):  # type: ignore[misc]  # Authlib has no types
    """Keeps what a sign-in needs on its way back with the visit, not in a cookie."""

    def set_state_data(self, _session: object, state: str, data: Mapping[str, Any]) -> None:
        """Keep the secrets of a new sign-in; an earlier one of this visit is void."""
        here: SignIn = g.sign_in
        with db.write(here.owner) as session:
            session.execute(
                update(here.kind).where(here.kind.id == here.visit.id).values(state_hash=tokens.state_hash(state))
            )
            vault.put(session, here.owner, here.kept, dict(data))

    def get_state_data(self, _session: object, state: str) -> Any:
        """Take the secrets out, once; None if this state is not that of the visit any more."""
        here: SignIn = g.sign_in
        kind = here.kind
        with db.write(here.owner) as session:
            taken = session.execute(
                update(kind)
                .where(kind.id == here.visit.id, kind.state_hash.in_(tokens.state_hashes(state)))
                .values(state_hash=None)
                .returning(kind.id)
            ).first()
            if taken is None:
                return None
            data = vault.get(session, here.owner, here.kept)
            vault.remove(session, here.owner, here.kept)
            return data

    def clear_state_data(self, _session: object, _state: str) -> None:
        """Nothing is left to clear."""


class _Provider(OAuth):  # type: ignore[misc]  # Authlib has no types
    framework_integration_cls = _VisitStates


def register(app: Flask, config: Config) -> None:
    """Make the configured provider known to the application; nothing is fetched yet."""
    issuer = str(config.oidc_issuer)
    _Provider(app).register(
        _NAME,
        client_id=config.oidc_client_id,
        client_secret=config.oidc_client_secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": _SCOPE,
            "code_challenge_method": "S256",
            "default_timeout": _TIMEOUT_SECONDS,
            "leeway": 0,  # the access token is used at once, however short its life
        },
    )


def authorization_origin() -> str:
    """Where the browser is sent to sign in, for the page's policy on form targets. Raises ProviderDown."""
    parts = urlsplit(_metadata()["authorization_endpoint"])
    return f"{parts.scheme}://{parts.netloc}"


def begin(sign_in: SignIn, *, contact: bool = False) -> str:
    """Begin a sign-in and return the address to send the browser to. Raises ProviderDown.

    `contact`: ask for the contact of the person as well (OpenID Connect Core §5.4).
    """
    g.sign_in = sign_in
    _metadata()
    client, back = _client(), deployment.url(url_for("consent.callback"))
    scope = f"{_SCOPE} email phone" if contact else _SCOPE
    begun = client.create_authorization_url(back, scope=scope, max_age=str(MAX_AGE_SECONDS), prompt="login")
    client.save_authorize_data(redirect_uri=back, **begun)
    return str(begun["url"])


def finish(sign_in: SignIn, *, contact: bool = False) -> Mapping[str, Any]:
    """Take the provider's answer from the present request: what it says of the person who signed in, to be held against
    the subject with `vouched`; with their contact, if the provider has one and it is wanted.

    Raises SignInFailed when it vouches for nobody, ProviderDown when it cannot be asked.
    """
    g.sign_in = sign_in
    try:
        return _claims(contact=contact)
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as error:
        log.warning("sign_in_failed", error=type(error).__name__)
        raise SignInFailed from None
    except requests.RequestException as error:
        log.warning("provider_unreachable", error=type(error).__name__)
        raise ProviderDown from None


def vouched(claims: Mapping[str, Any], mapping: Mapping[str, str], subject: Mapping[str, Any]) -> dict[str, Any] | None:
    """What of the subject's particulars the claims vouch for: the names that are theirs, the birth date, and the
    identifiers that the provider knows. None unless a name, the birth date and every identifier known there fit.

    Only this is asked about afterwards: an institution could have named another person's number, or name, beside
    those of the one who signs in.
    """
    name, born = claims.get(mapping["name"]), claims.get(mapping["born"])
    if not isinstance(name, str) or not isinstance(born, str):
        return None
    names = [known for known in subject["names"] if proof.same_person({**subject, "names": [known]}, name, born)]
    held = [known for known in subject.get("ids", ()) if f"id.{known['type']}" in mapping]
    right = [_is_claimed(claims.get(mapping[f"id.{known['type']}"]), known["value"]) for known in held]
    return {"names": names, "born": subject["born"], "ids": held} if names and all(right) else None


def _is_claimed(claim: Any, value: str) -> bool:
    known = proof.plain(value)
    return bool(known) and proof.plain(proof.stated(claim)) == known


def _claims(*, contact: bool) -> Mapping[str, Any]:
    """The claims of the ID token, completed from the userinfo endpoint where the ID token lacks one we need."""
    metadata, client = _metadata(), _client()
    issuer = str(deployment.config().oidc_issuer)
    if request.args.get("iss", issuer) != issuer:
        raise ValueError("the answer is another provider's")
    token = client.authorize_access_token(
        leeway=_LEEWAY_SECONDS,
        claims_options={
            "iss": {"essential": True, "values": [issuer]},
            "aud": {"essential": True, "values": [client.client_id]},
            "auth_time": {"essential": True},
        },
    )
    claims = dict(token["userinfo"])
    if claims["auth_time"] < clock.now().timestamp() - MAX_AGE_SECONDS - _LEEWAY_SECONDS:
        raise ValueError("the sign-in is too old")
    wanted = set(deployment.config().oidc_claims.values()) | ({"email", "phone_number"} if contact else set())
    if not wanted <= set(claims) and "userinfo_endpoint" in metadata:
        more = dict(client.userinfo(token=token))
        if more["sub"] != claims["sub"]:
            raise ValueError("the user information is about somebody else")
        claims = {**more, **claims}
    return claims


def _metadata() -> dict[str, Any]:
    """The provider's metadata, fetched once, held against the configuration. Raises ProviderDown."""
    try:
        metadata: dict[str, Any] = _client().load_server_metadata()
        if metadata["issuer"] != deployment.config().oidc_issuer:
            raise ValueError("the provider calls itself by another name")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [one for one in offered if one in _ALGORITHMS]
        urlsplit(metadata["authorization_endpoint"])
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
        log.error("provider_unusable", error=type(error).__name__)
        _client().server_metadata.pop("_loaded_at", None)  # to be fetched again
        raise ProviderDown from None
    return metadata


def _client() -> Any:
    return current_app.extensions["authlib.integrations.flask_client"].create_client(_NAME)
