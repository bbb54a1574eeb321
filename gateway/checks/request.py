"""Step 2 of the route: an institution's request is held against its registration, kept, and the subject is asked."""

from collections.abc import Mapping
from typing import Any

from gateway import audit, clock, problems, vault
from gateway.audit.models import AuditEntry
from gateway.checks import deployment, once, terms, wire
from gateway.checks.models import Check
from gateway.consent import Asked, ask, guardian
from gateway.db import new_id
from gateway.oauth import Caller
from policies.library import NothingInForce
from policies.policy import Policy


class NotRegistered(problems.Forbidden):
    """403: the institution may not ask about this role."""

    type = "not-registered-for-role"
    title = "The institution is not registered for this role"
    meaning = "An institution may ask only about the roles that it is registered for. GET /v1/roles lists them."


class NothingToAnswer(problems.Conflict):
    """409: the policy has no version in force today."""

    type = "no-policy-in-force"
    title = "No version of this policy is in force"
    meaning = "The policy exists, but none of its versions is in force today, so that nothing could answer a check."


class ProofTooWeak(problems.Conflict):
    """409: nobody can prove here who they are as surely as the policy wants it."""

    type = "proof-too-weak"
    title = "People cannot prove here who they are as surely as this policy wants it"
    meaning = "A policy states the lowest assurance of a proof of identity. This deployment's provider gives less."


def policy_for(caller: Caller, policy_id: str, role: str) -> Policy:
    """The version in force today of the policy that the caller asks under.

    Raises InvalidFields for a policy or role that does not exist, NotRegistered, NothingToAnswer, ProofTooWeak.
    """
    library = deployment.ours().library
    if policy_id not in library.policies():
        raise problems.InvalidFields(errors=[{"field": "policy", "problem": "is not a policy here; see GET /v1/roles"}])
    try:
        policy = library.policy(policy_id, deployment.today(policy_id))
    except NothingInForce:
        raise NothingToAnswer(f"No version of {policy_id} is in force today.") from None
    if role not in policy.roles:
        raise problems.InvalidFields(
            errors=[{"field": "role", "problem": f"is not a role of {policy_id}; see GET /v1/roles"}]
        )
    if not caller.may_ask(policy_id, role):
        raise NotRegistered(f"{caller.institution_name} is not registered for {policy_id}, role {role}.")
    if not deployment.ours().proves_enough_for(policy):
        raise ProofTooWeak(f"{policy_id} wants the assurance {policy.assurance}.")
    return policy


def leasable(policy: Policy, months: int | None, subject: Mapping[str, Any]) -> None:
    """Refuse a lease that the policy does not offer, or not for so long, or of a minor. Raises InvalidFields."""
    if months is None:
        return
    if "guardian" in subject:
        told = "cannot be asked of somebody who is too young to consent alone"
        raise problems.InvalidFields(errors=[{"field": "lease", "problem": told}])
    if policy.lease is None:
        problem = f"is not offered by {policy.id}: no law has this check repeated"
    elif months > policy.lease.term.months:
        problem = f"must be at most {policy.lease.term}"
    elif months < policy.lease.every.months:
        problem = f"must be at least {policy.lease.every}: the check is not repeated before"
    else:
        return
    raise problems.InvalidFields(errors=[{"field": "lease", "problem": problem}])


def reachable(subject: Mapping[str, Any]) -> None:
    """Refuse a person who could not be sent the code that they prove themselves with. Raises InvalidFields."""
    if deployment.ours().code_to_contact and "contact" not in subject:
        raise problems.InvalidFields(errors=[{"field": "subject.contact", "problem": "is needed here"}])


def open_check(caller: Caller, policy: Policy, message: Mapping[str, Any]) -> once.Made:
    """The check, the question to its subject, and the answer with the way to the consent: as rows, to be kept."""
    subject = {name: value for name, value in message["subject"].items() if name != "guardian"}
    check = Check(
        id=new_id("chk"),
        institution_id=caller.institution_id,
        client_id=caller.client_id,
        reference_index=reference_index(caller.institution_id, message["reference"]),
        policy=policy.id,
        version=policy.version,
        role=message["role"],
        purpose=message["purpose"],
        created_at=clock.now(),
    )
    written = {**subject, "born": subject["born"].isoformat()}
    asked = _ask(caller, policy, check, message, written)
    joining = _joining(asked, policy, message["subject"].get("guardian"))
    form = wire.new_form(check, asked.consent, message["reference"])
    body = wire.body({**form, "consent": {"url": asked.url, "code": asked.code, **joining.answer}})
    sealed = {
        "subject": written,
        "reference": message["reference"],
        **terms.kept(check, asked.consent),
        **asked.kept,
        **joining.kept,
        once.ANSWER: body.decode(),
    }
    return once.Made(
        check.id, body, [check, *vault.sealed(check.id, sealed), *asked.rows, *joining.rows, _entry(check)]
    )


def _ask(caller: Caller, policy: Policy, check: Check, message: Mapping[str, Any], subject: Mapping[str, Any]) -> Asked:
    hold, grid = deployment.ours().release_terms(policy)
    return ask(
        check.id, caller.institution_name, policy, check.role, check.purpose,
        subject.get("contact"), _language(subject, policy), hold, grid, message["lease"], subject=subject,
    )  # fmt: skip


def _joining(asked: Asked, policy: Policy, person: Mapping[str, Any] | None) -> guardian.Joining:
    return guardian.ask(asked.consent, person, _language(person, policy) if person else asked.consent.language)


def _entry(check: Check) -> AuditEntry:
    return audit.entry(
        "check.requested", check.id, institution=check.institution_id, client=check.client_id,
        policy=check.policy, version=check.version, role=check.role, purpose=check.purpose,
    )  # fmt: skip


def reference_index(institution_id: str, reference: str | None) -> str | None:
    """What an institution's own reference is found by. References may name people, so they are not columns."""
    return None if reference is None else vault.index("reference", f"{institution_id} {reference}")


def reference_indexes(institution_id: str, reference: str) -> tuple[str, ...]:
    """What checks with an institution's reference are found by, whichever key of the blind index they are under."""
    return vault.indexes("reference", f"{institution_id} {reference}")


def _language(subject: Mapping[str, Any], policy: Policy) -> str:
    """The invitation's language, from the scripts of the names; where they say nothing, from the policy's country."""
    scripts = {name["script"] for name in subject["names"] if "script" in name}
    if scripts:
        return "zh" if scripts & {"Hans", "Hant", "Hani"} else "en"
    return "zh" if policy.jurisdiction == "cn" else "en"
