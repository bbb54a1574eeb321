"""What the subject's pages show of a request, in the reader's language: who asks what, and when what happens."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from flask import Response, g

from gateway import clock
from gateway.consent import decide, deployment, grid, joint
from gateway.consent.guard import ended
from gateway.consent.models import Consent
from gateway.consent.render import language, words
from gateway.db import db
from policies.plain import looked_at_by_law
from policies.policy import Policy

_LEAVING = timedelta(seconds=10)
"""How long after its time an open page asks again: the answers of one time take a moment to be there."""


def policy_of(consent: Consent) -> Policy:
    """The version of the policy that the subject is asked under. Raises policies.library.NothingInForce."""
    return deployment.library().version(consent.policy, consent.version)


def about(consent: Consent) -> dict[str, Any]:
    """Who asks, for which role, under which policy, since when."""
    policy, lang = policy_of(consent), language()
    return {
        "institution": consent.institution,
        "role": policy.role_labels[consent.role][lang],
        "policy": policy.title[lang],
        "cite": policy.source.cited(lang),
        "asked": words().moment(consent.requested_at),
    }


def times(consent: Consent) -> dict[str, Any]:
    """When the subject sees the answer (`first`) and when it leaves: as if they agreed now, or as everybody is told."""
    now, text = clock.now(), words()
    release: datetime = decide.shown_release_at(consent, now) or grid.at_or_after(now + consent.hold, consent.grid)
    first = decide.shown_tell_at(consent, now) or release - consent.margin
    if late(consent):  # nothing leaves before the subject could see it, so the next time for both is this one
        release = first + consent.margin
    closed = consent.closed_at or consent.expires_at
    return {
        "release": text.moment(release),
        "first": text.moment(first),
        "hold": text.span(consent.hold),
        "expires": text.moment(consent.expires_at),
        "given": text.moment(consent.given_at) if consent.given_at else "",
        "closed": text.moment(closed),
    }


def looked_at(consent: Consent) -> dict[str, list[str]]:
    """What can lead to a no, in plain words, by law."""
    return looked_at_by_law(policy_of(consent), consent.role, language())


def not_covered(consent: Consent) -> dict[str, Any]:
    """What a yes does not say."""
    return {"not_covered": [line[language()] for line in policy_of(consent).not_covered]}


def late(consent: Consent, two: joint.Joint | None = None) -> bool:
    """Whether the time has gone by at which the reader was to be told: by lot or not, which nobody is told."""
    nominal = consent.nominal_release_at
    margin = timedelta(0) if two and two.mine else consent.margin
    return consent.state == "given" and nominal is not None and clock.now() >= nominal - margin


def of_two(consent: Consent) -> joint.Joint | None:
    """How it stands for the reader where a guardian joins, else None."""
    with db.read() as session:
        return joint.standing(session, consent, g.visit)


def state_of(consent: Consent, two: joint.Joint | None) -> str:
    """The word for how it stands."""
    if consent.state == "given" and there(consent, two):
        state = "told"
    else:
        state = "expired" if consent.state == "requested" and ended(consent) else consent.state
    return two.state(state) if two else state


def there(consent: Consent, two: joint.Joint | None) -> bool:
    """Whether the reader is told that the answer is there.

    A guardian is told when it has left, like the institution: before, a contest, which only a *no* has, would take it
    back before their eyes.
    """
    return (consent.released_at if two and two.mine else consent.told_at) is not None


def may_withdraw(consent: Consent, two: joint.Joint | None) -> bool:
    """Whether the answer has not left yet."""
    return consent.state == "given" and consent.released_at is None and not (two and two.over)


def again_in_time(response: Response, consent: Consent) -> Response:
    """Let an open page that names a time come anew when that is past, whatever there is to say then."""
    now = clock.now()
    at = decide.shown_tell_at(consent, now) if consent.state == "given" else None
    if at is not None:
        response.headers["Refresh"] = str(ceil((at - now + _LEAVING).total_seconds()))
    return response
