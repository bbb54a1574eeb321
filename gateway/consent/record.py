"""The consent record: a consent as data, with the fields of ISO/IEC TS 27560:2023, made from the rows when asked for.

Names and sections (header, processing, parties, events) are those of the specification as the W3C's guide to it lists
them (DPVCG, "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV",
https://w3id.org/dpv/guides/consent-27560, "Mappings of Terms" and "Overview of 27560"); the words for states and
types of consent are the Data Privacy Vocabulary's (https://w3id.org/dpv). What the specification leaves open and we
add is `role` of a purpose and `source` of a kind of data.

It says who asked for what under which rules, and what the subject did. It never says what came out, why, or when an
answer left, and it does not name the person: `record_id`, `receipt_id` and `pii_principal_id` are random numbers of
this one consent, kept in the vault and shredded with the check; a guardian
has such a number too. They are in no log, so that nobody who has them finds
there what became of it, and two records of one person have nothing in common.

Left out, since nothing here bears them out: `lawful_basis` (the law that the policy cites says it, differently in each
country), `storage_locations` and `processing_locations`, `geographic_restrictions`, `codes_of_conduct`,
`impact_assessment`, `authority_party`, address, contact and type of the parties, their
roles but that of a guardian, `retention_period` (a setting of
today, not something the subject has read), `privacy_rights` beyond withdrawal.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway import vault
from gateway.consent import deployment, guardian
from gateway.consent.models import Consent, Guardian
from gateway.consent.wording import LANGUAGES, known
from policies.days import Duration
from policies.policy import Policy

SCHEMA = "ISO/IEC TS 27560:2023 sealgate-2"
"""`schema_version`: a change of fields or of their meaning gets another number. Since 2, `validity_duration` has the
term of a lease, and what is said of a repeated check is the consent that its lease rests on."""

_KEPT = "consent record"
_INSTITUTION = "institution"


def begin(session: Session, check_id: str) -> None:
    """Give a consent the random numbers of its record, at the first act that the record tells of."""
    if not vault.has(session, check_id, _KEPT):
        names = ("record_id", "receipt_id", "pii_principal_id")
        vault.put(session, check_id, _KEPT, {name: str(uuid.uuid4()) for name in names})


def of(session: Session, consent: Consent) -> dict[str, Any]:
    """The record of a consent that was decided on, with all that has happened to it.

    For the subject and for who must show that there was consent. Raises vault.Absent before any act, vault.Shredded
    when the check's time is up, policies.library.NothingInForce for a version that is not in the library.
    """
    ids = vault.get(session, consent.check_id, _KEPT)
    policy = deployment.library().version(consent.policy, consent.version)
    beside = _guardian(session, consent)
    return {
        "schema_version": SCHEMA,
        "record_id": ids["record_id"],
        "pii_principal_id": ids["pii_principal_id"],
        "processing": [_processing(consent, policy)],
        "parties": list(_parties(consent, policy, beside)),
        "events": list(_events(session, consent, ids["pii_principal_id"], beside)),
    }


def as_agreed(session: Session, consent: Consent) -> dict[str, Any]:
    """The same as it stood when the subject agreed, with the id of the receipt. Raises as `of`, ValueError where they
    did not agree.

    What happened later is not in it: so whoever demands a new receipt gets what they would have got at first.
    """
    if consent.given_at is None:
        raise ValueError("there is a receipt for what was agreed to")
    record = of(session, consent)
    given = [event for event in record["events"] if event["event_state"] == "ConsentGiven"]
    receipt_id = vault.get(session, consent.check_id, _KEPT)["receipt_id"]
    return {"receipt_id": receipt_id, **record, "events": given}


def _processing(consent: Consent, policy: Policy) -> dict[str, Any]:
    language = known(consent.language)
    return {
        "privacy_notice": {
            "policy": policy.id,
            "version": policy.version,
            "digest": policy.digest,
            "title": policy.title[language],
            "cites": policy.source.cited(language),
        },
        "language": LANGUAGES[language],
        "purposes": [
            {"purpose": consent.purpose, "role": consent.role, "title": policy.role_labels[consent.role][language]}
        ],
        "pii_information": [
            {"pii_type": "identity", "source": _INSTITUTION},
            *({"pii_type": "record-entries", "source": registry} for registry in policy.registries),
        ],
        "pii_controllers": [_INSTITUTION],
        "processing_method": "compared-with-the-policy; the-institution-learns-yes-or-no",
        "recipient_third_parties": list(policy.registries),
        "jurisdiction": policy.jurisdiction,
        "withdrawal_method": deployment.url("/c"),
    }


def _guardian(session: Session, consent: Consent) -> tuple[str, Guardian] | None:
    """The guardian's random number and acts, where one was asked."""
    row = session.get(Guardian, consent.id)
    return None if row is None else (vault.get(session, consent.check_id, guardian.KEPT)["record_id"], row)


def _parties(consent: Consent, policy: Policy, beside: tuple[str, Guardian] | None) -> Iterator[dict[str, str]]:
    yield {"party_id": _INSTITUTION, "party_name": consent.institution}
    yield {"party_id": "gateway", "party_url": deployment.config().issuer}
    if beside is not None and (beside[1].agreed_at or beside[1].ended_at):
        yield {"party_id": beside[0], "party_role": "GuardianOfDataSubject"}
    for registry in policy.registries:
        yield {"party_id": registry}


def _events(
    session: Session, consent: Consent, principal: str, beside: tuple[str, Guardian] | None
) -> Iterator[dict[str, str]]:
    """What was done, the subject's act before a guardian's. An institution that takes its request back ends it before
    there is any consent; so does one of two who declines after the other agreed.

    A repeated check was asked for and agreed to when its lease was.
    """
    number, row = beside or (None, None)
    first = consent if consent.lease_of is None else session.get_one(Consent, consent.lease_of)
    yield _event("ConsentRequested", first.requested_at, _INSTITUTION)
    if first.given_at is not None:
        months = first.lease_months
        until = "until-the-answer-leaves" if months is None else str(Duration(months, 0))
        yield _event("ConsentGiven", first.given_at, principal) | {"validity_duration": until}
        if row is not None and number is not None and row.agreed_at is not None:
            yield _event("ConsentGiven", row.agreed_at, number)
    if consent.closed_at is not None:
        who = number if row is not None and number is not None and row.ended_at is not None else principal
        if consent.state == "declined":
            yield _event("ConsentRefused", consent.closed_at, who)
        elif consent.state == "withdrawn":
            yield _event("ConsentWithdrawn", consent.closed_at, who)
        elif consent.state == "expired":
            yield _event("ConsentExpired", consent.closed_at, "gateway")


def _event(state: str, at: datetime, entity: str) -> dict[str, str]:
    when = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"event_time": when, "entity_id": entity, "event_type": "ExplicitlyExpressedConsent", "event_state": state}
