"""Whether a subject needs a guardian to consent, and whether the one who is named can be it."""

from collections.abc import Mapping
from typing import Any, NoReturn

from gateway import problems
from gateway.checks import deployment
from policies import ages
from policies.policy import Policy


def check(policy: Policy, subject: Mapping[str, Any]) -> None:
    """Refuse a minor without a guardian, a guardian beside an adult, and one who cannot be it; by the law of the
    policy's jurisdiction, on its day. Raises InvalidFields."""
    law, today, guardian = ages.of(policy.jurisdiction), deployment.today(policy.id), subject.get("guardian")
    if not law.minor(subject["born"], today):
        if guardian is not None:
            _refuse("guardian", f"must not be there: from {law.alone} years on a person consents alone")
        return
    if guardian is None:
        _refuse("guardian", f"is needed: a person under {law.alone} years does not consent alone")
    if not law.may_guard(guardian["born"], today):
        _refuse("guardian.born", f"must be that of an adult, of {law.adult} years or more")
    if any(_plain(each) == _plain(other) for each in guardian["ids"] for other in subject["ids"]):
        _refuse("guardian.ids", "must be the guardian's own, not the subject's")
    if deployment.ours().code_to_contact and "contact" not in guardian:
        _refuse("guardian.contact", "is needed here")


def _plain(each: Mapping[str, str]) -> tuple[str, str]:
    return each["type"], "".join(filter(str.isalnum, each["value"])).casefold()


def _refuse(where: str, problem: str) -> NoReturn:
    raise problems.InvalidFields(errors=[{"field": f"subject.{where}", "problem": problem}])
