"""THE ROUTE of a check, from consent to a settled answer (DESIGN §4, steps 4 to 7).

    4  fix            the day, the versions; a person's consent stands, or nothing happens
    5  ask_everyone   every registry that the policy names; one silent → later
    6  adjudicated    entries, regimes, policy, day → eligible, ineligible or undetermined, in memory
       keep           the result in the vault, or a review for a person
    7  release.py     at the release time: into the audit log, the subject told, then the institution

Only ids go in, and nothing comes out: what a registry said and why the law answers as it does are forgotten
when `run` returns. After a crash everything is asked again.
"""

import secrets

from gateway import clock, logs, vault, work
from gateway.checks import terms
from gateway.checks.look import NoConsent, Question, Silent, adjudicated, ask_everyone, pin, question
from gateway.checks.models import Check
from gateway.checks.settle import REFUSAL, SAMPLE, UNDETERMINED, open_review, settle, settled
from gateway.consent import decided
from gateway.db import db
from gateway.oauth.models import Institution
from policies.evaluator import Adjudication
from policies.library import NothingInForce
from policies.policy import Policy

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""How soon, in seconds, a silent registry is asked again: at first, and at most."""

WAITS_FOR_A_PERSON = 600.0
"""How often, in seconds, a check is looked at for which there is no law, or whose institution is suspended."""

log = logs.get("checks")


@work.task("checks.run")
def run(id: str) -> None:  # noqa: A002 - a task's one argument is called so
    """Take a check for which consent was given as far as it goes. May be repeated."""
    try:
        asked = fix(id)
        if asked is None:
            return
        drawn = draw(asked.policy)
        reports = ask_everyone(asked, "check")
        adjudication = adjudicated(asked, reports)
        keep(asked, adjudication, drawn)
    except NoConsent:
        log.info("check_stopped", check=id)
    except Silent:
        raise work.Later(_pause(id)) from None
    except NothingInForce:
        log.error("no_law_in_force", check=id)
        raise work.Later(WAITS_FOR_A_PERSON) from None


def fix(check_id: str) -> Question | None:
    """Pin the day and the versions. None when there is nothing to do: no consent, or settled already.

    A check of a suspended institution waits (work.Later), and nobody is asked for it. It is not closed: a suspension
    may be lifted, the consent is the subject's to take back, and a check that closed would tell the institution
    when. Raises vault.Tampered when the rows do not say what was asked.
    """
    with db.write(check_id) as session:
        check = session.get_one(Check, check_id)
        consent = decided(session, check_id)
        if consent.state != "given" or settled(session, check):
            return None
        terms.verify(session, check, consent)
        if session.get_one(Institution, check.institution_id).suspended_at is not None:
            raise work.Later(WAITS_FOR_A_PERSON)
        pin(session, check)
        return question(session, check)


def draw(policy: Policy) -> bool:
    """Draw for the review share: before anything is known of the record, so that it cannot depend on it."""
    return secrets.SystemRandom().random() < policy.release.review_share


def keep(asked: Question, adjudication: Adjudication, drawn: bool) -> None:
    """Keep the one bit, or open a review; nothing else outlives this call. Raises NoConsent, vault.Tampered."""
    why = why_a_person(asked.policy, adjudication, drawn)
    with db.write(asked.check_id) as session:
        check = session.get_one(Check, asked.check_id)
        consent = decided(session, check.id)
        if consent.state != "given":
            raise NoConsent
        if settled(session, check):
            return
        terms.verify(session, check, consent)
        if why is None:
            vault.put(session, check.id, "review", {"why": None})
            settle(session, check, adjudication.outcome == "eligible")
        else:
            open_review(session, check, why)


def why_a_person(policy: Policy, adjudication: Adjudication, drawn: bool) -> str | None:
    """Why a person must look at this answer before it is one; None when it stands as it is."""
    if adjudication.outcome == "undetermined":
        return UNDETERMINED
    if adjudication.outcome == "ineligible":
        by_person = policy.release.refusal == "reviewed" or adjudication.needs_person
        return REFUSAL if by_person else None
    return SAMPLE if drawn else None


def _pause(check_id: str) -> float:
    """Longer the longer it has been waited for; the same whatever any registry has said."""
    with db.read() as session:
        given = decided(session, check_id).given_at
    waited = (clock.now() - given).total_seconds() if given else 0.0
    return min(max(FIRST_PAUSE, waited / 10), LONGEST_PAUSE)
