"""A check as its institution sees it. Frozen: what is not in these lines does not leave.

Two people with the same answer get the same bytes, apart from what the institution sent, ids, the policy's
version and times; and no time here depends on a record or is finer than the release grid.
"""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, select
from sqlalchemy.orm import Session

from gateway import audit, logs, vault
from gateway.checks import terms
from gateway.checks.correct import CORRECTED
from gateway.checks.models import Check
from gateway.consent import Consent, given, grid, lease, shown_release_at

log = logs.get("checks")

# What the institution may know of where a check stands, in this order. After consent there is one word until
# the answer leaves, whatever has been worked out, whoever has looked at it, and even if it was withdrawn.
STATUS: ColumnElement[str] = case(
    (Consent.released_at.is_not(None), "completed"),
    (Consent.state.in_(("declined", "expired", "cancelled")), "closed"),
    (Check.closed_at.is_not(None), "closed"),
    (Consent.state == "requested", "awaiting_consent"),
    else_="in_progress",
)

Standing = Row[Check, Consent, str]


def standings() -> Select[Check, Consent, str]:
    """Checks with their consent and their status, to be narrowed down by the caller."""
    return select(Check, Consent, STATUS).join(Consent, Consent.check_id == Check.id)


def check_form(session: Session, standing: Standing, now: datetime) -> dict[str, Any]:
    """The check in the form that leaves, at the moment `now`.

    Raises vault.Tampered when the rows do not say what was asked, or an answer does not fit its audit entry, and
    vault.Shredded for an answer whose data was deleted.
    """
    check, consent, status = standing
    # Before the release nobody looks whether there is a result yet: it would take a moment that could be measured.
    answered = ("result", given.KEPT, CORRECTED) if status == "completed" else ()
    try:
        kept = vault.get_all(session, check.id, ("reference", terms.KEPT, *answered))
    except vault.Shredded:
        if status == "completed":
            raise
        return _form(check, consent, status, now, {})
    terms.compare(kept.get(terms.KEPT), check, consent)
    if status == "completed":
        terms.see_it_given(kept.get(given.KEPT), check, consent)
        _see_it_logged(session, check, kept.get("result"), coming=CORRECTED in kept)
    return _form(check, consent, status, now, kept)


def _see_it_logged(session: Session, check: Check, result: Mapping[str, Any] | None, *, coming: bool) -> None:
    """See that a signed checkpoint is over the entry that commits to the one bit. Raises vault.Tampered.

    And that no other has taken its place, or whoever kept an old row could bring it back. While another is `coming`
    the old one stands; the log is asked all the same, so that this cannot be measured.
    """
    eligible = result["eligible"] if result else None
    entry = check.result_entry
    try:
        logged = entry is not None and audit.covered(session, entry) and isinstance(eligible, bool)
        over = entry is not None and audit.superseded(session, check.id, entry) and not coming
        if entry is not None and logged and not over and audit.says(session, check.id, entry, "eligible", eligible):
            return
    except vault.Absent:
        pass
    log.error("answer_is_not_in_the_log", check=check.id)
    raise vault.Tampered(logged=check.id)


def listed_form(session: Session, standing: Standing, now: datetime) -> dict[str, Any]:
    """As `check_form`; but one check whose stored data is damaged does not hide the others of a list.

    What cannot be read is null there, and the answer is not said to be there; a look at the check itself says what is
    wrong.
    """
    try:
        return check_form(session, standing, now)
    except (vault.Tampered, vault.Shredded, vault.UnknownKek):
        check, consent, status = standing
        log.error("stored_data_damaged", check=check.id)
        form = _form(check, consent, status, now, {})
        return {**form, "status": "in_progress"} if status == "completed" else form


def new_form(check: Check, consent: Consent, reference: str | None) -> dict[str, Any]:
    """A check that is just being asked for."""
    return _form(check, consent, "awaiting_consent", consent.requested_at, {"reference": reference})


def _form(check: Check, consent: Consent, status: str, now: datetime, kept: Mapping[str, Any]) -> dict[str, Any]:
    result = kept.get("result")
    return {
        "id": check.id,
        "reference": kept.get("reference"),
        "role": check.role,
        "purpose": check.purpose,
        "policy": {"id": check.policy, "version": check.version},
        "status": status,
        "created_at": _time(check.created_at, consent),
        "expires_at": _time(consent.expires_at, consent),
        "release_at": _time(_release_at(consent, status, now), consent),
        "eligible": None if result is None else bool(result["eligible"]),
        "valid_until": None,
        "superseded_at": _time(check.superseded_at, consent),
        "lease": lease.shown(consent, now) if status == "completed" else None,
    }


def body(form: Mapping[str, Any]) -> bytes:
    """The bytes of a form: the same form, the same bytes."""
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _release_at(consent: Consent, status: str, now: datetime) -> datetime | None:
    """The time told at consent; moved on while the answer is late; none for what is closed, whyever it is."""
    if status == "closed":
        return None
    return consent.released_at or shown_release_at(consent, now)


def _time(moment: datetime | None, consent: Consent) -> str | None:
    if moment is None:
        return None
    return stamp(grid.at_or_before(moment, consent.grid))


def stamp(moment: datetime) -> str:
    """A moment as it is written: to the second, in UTC (RFC 3339)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_until(stamped: str, now: datetime) -> int:
    """How many whole seconds it is until a moment that was written by `stamp`; at least one."""
    return max(1, math.ceil((datetime.fromisoformat(stamped) - now).total_seconds()))
