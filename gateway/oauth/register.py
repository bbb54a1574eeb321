"""How institutions and their clients come in, and how they are stopped.

Everything is an entry in the audit log, in the same transaction. Being stopped works at once: every request
asks the database about its client.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, clock
from gateway.oauth import keysets, secret
from gateway.oauth.clients import AUTH_METHODS, SCOPES
from gateway.oauth.models import Client, Institution
from policies import vocabulary

_POLICY = re.compile(r"([a-z]{2}(?:-[a-z]+)*/[a-z0-9]+(?:-[a-z0-9]+)*)(?::([a-z0-9]+(?:-[a-z0-9]+)*|\*))?")


_FIELD = 300


class RegistrationRefused(ValueError):
    """Something cannot be registered: `field` says what (`jwks.keys[0].d`), `problem` why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem


def add_institution(
    session: Session, name: str, registration: str, jurisdiction: str, policies: Iterable[str]
) -> Institution:
    """Register an organisation for policies: `cn/kindergarten`, or `cn/kindergarten:teacher` for one role.

    `registration` is its number in the register of its jurisdiction. Raises RegistrationRefused.
    """
    if jurisdiction not in vocabulary.words("jurisdiction"):
        raise RegistrationRefused("jurisdiction", "is not a jurisdiction that Sealgate knows")
    institution = Institution(
        name=_text("name", name, 200),
        registration=_text("registration", registration, 80),
        jurisdiction=jurisdiction,
        policies=_policies(policies),
        created_at=clock.now(),
    )
    same = select(Institution.id).where(
        Institution.jurisdiction == jurisdiction, Institution.registration == institution.registration
    )
    if session.scalar(same) is not None:
        raise RegistrationRefused("registration", "is the number of an institution that is registered already")
    session.add(institution)
    session.flush()
    listed = _in_log(institution.policies)
    audit.record(session, "institution.added", institution.id, jurisdiction=jurisdiction, policies=listed)
    return institution


def add_client(
    session: Session,
    institution: Institution,
    name: str,
    jwks: Mapping[str, Any] | None,
    scopes: Iterable[str],
    desk: bool = False,
) -> tuple[Client, str | None]:
    """Register a piece of software of an institution, with its public keys or, given none, with a secret.

    Returns the client and the secret; it is shown this once. Raises RegistrationRefused.
    """
    try:
        kept = None if jwks is None else keysets.read(jwks)
    except keysets.KeySetRefused as refused:
        raise RegistrationRefused(f"jwks.{refused.field}", refused.problem) from None
    shown, secret_hash = secret.new() if jwks is None else (None, None)
    client = Client(
        institution_id=institution.id,
        name=_text("name", name, 200),
        auth=AUTH_METHODS[1] if jwks is None else AUTH_METHODS[0],
        jwks=kept,
        secret_hash=secret_hash,
        scopes=_scopes(scopes, desk=desk),
        desk=desk,
        created_at=clock.now(),
    )
    session.add(client)
    session.flush()
    audit.record(session, "client.added", client.id, institution=institution.id, scopes=_in_log(client.scopes))
    return client, shown


def suspend(session: Session, institution: Institution, by: str) -> None:
    """Stop an institution: all its clients and all their tokens, from the next request on.

    `by` says who did it: the id of a client, or `operator` at the command line.
    """
    if institution.suspended_at is None:
        institution.suspended_at = clock.now()
        audit.record(session, "institution.suspended", institution.id, by=by)


def revoke(session: Session, client: Client, by: str) -> None:
    """Stop a client and its tokens for good, from the next request on. `by` as for `suspend`."""
    if client.revoked_at is None:
        client.revoked_at = clock.now()
        audit.record(session, "client.revoked", client.id, institution=client.institution_id, by=by)


def _in_log(words: list[str]) -> str:
    """A list as one field of an audit entry: itself, or its digest where it is longer than a field may be."""
    text = ",".join(words)
    return text if len(text) <= _FIELD else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _text(field: str, text: str, longest: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= longest or not text.isprintable():
        raise RegistrationRefused(field, f"must be 1 to {longest} printable characters")
    return text


def _policies(given: Iterable[str]) -> list[str]:
    found = []
    for place, text in enumerate(given):
        match = _POLICY.fullmatch(text)
        if match is None:
            raise RegistrationRefused(f"policies[{place}]", "must be like cn/kindergarten or cn/kindergarten:teacher")
        found.append(match[1] if match[2] in (None, "*") else text)
    return sorted(set(found))


def _scopes(given: Iterable[str], *, desk: bool) -> list[str]:
    wanted = set(given)
    for scope in sorted(wanted - set(SCOPES)):
        raise RegistrationRefused("scopes", f"must be of {', '.join(SCOPES)}; {scope!r} is not")
    if not wanted:
        raise RegistrationRefused("scopes", "must hold at least one")
    if "reviews:decide" in wanted and not desk:
        raise RegistrationRefused("scopes", "may hold reviews:decide for a client of a desk only")
    return [scope for scope in SCOPES if scope in wanted]
