"""A client and its institution as they stand at this moment, in the form that Authlib asks questions of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from gateway.oauth.models import Client, Institution

SCOPES = ("checks:write", "checks:read", "reviews:decide", "audit:read")
"""Every scope there is. `reviews:decide` is for clients of a desk only."""

AUTH_METHODS = ("private_key_jwt", "client_secret_basic")
GRANT = "client_credentials"

_ID = re.compile(r"cli_[a-z2-7]{26}")


@dataclass(frozen=True)
class RegisteredClient(ClientMixin):  # type: ignore[misc]
    """One client with what its institution may do, read in one go."""

    id: str
    institution_id: str
    institution_name: str
    policies: tuple[str, ...]
    auth: str
    jwks: Mapping[str, Any] | None = field(repr=False)
    secret_hash: str | None = field(repr=False)
    scopes: tuple[str, ...]
    desk: bool
    revoked: bool
    suspended: bool

    def get_client_id(self) -> str:
        """For Authlib."""
        return self.id

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """For Authlib: one method for each client, the same at every endpoint."""
        return method == self.auth

    def check_grant_type(self, grant_type: str) -> bool:
        """For Authlib."""
        return grant_type == GRANT


STANDING = (
    select(
        Client.id,
        Client.institution_id,
        Institution.name.label("institution_name"),
        Institution.policies,
        Client.auth,
        Client.jwks,
        Client.secret_hash,
        Client.scopes,
        Client.desk,
        Client.revoked_at.is_not(None).label("revoked"),
        Institution.suspended_at.is_not(None).label("suspended"),
    )
    .join(Institution, Client.institution_id == Institution.id)
    .where(Client.id == bindparam("client_id"))
)
"""A client as it stands, with its institution; the columns of `read_row`."""


def find(session: Session, client_id: str) -> RegisteredClient | None:
    """The client with this id; None for an unknown one or for what is no id of ours."""
    if not _ID.fullmatch(client_id):
        return None
    row = session.connection().execute(STANDING, {"client_id": client_id}).one_or_none()
    return None if row is None else read_row(row)


def read_row(row: Sequence[Any]) -> RegisteredClient:
    """A client from the columns of `STANDING`, in their order; what comes after them is left."""
    client_id, institution_id, name, policies, auth, jwks, secret_hash, scopes, desk, revoked, suspended, *_ = row
    return RegisteredClient(
        client_id, institution_id, name, tuple(policies), auth, jwks, secret_hash, tuple(scopes), desk,
        bool(revoked), bool(suspended),
    )  # fmt: skip
