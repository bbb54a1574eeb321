"""Acts on a consent that may take two: the subject's, and that of a guardian (`guardian.py`).

Each act is noted for the one who did it; the consent is given when nothing is missing, in whichever order, and only
then is the release time fixed. Either may decline until then and withdraw after it. Neither is told that the other
declined, only that nothing came of it: nobody is to be pressed about it at home.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from gateway import audit, clock
from gateway.consent import decide, guardian, record
from gateway.consent.models import Consent, Guardian, Visit
from gateway.consent.refusals import SessionEnded
from gateway.consent.states import before


@dataclass(frozen=True)
class Joint:
    """How a consent that takes two stands, for one of the two."""

    mine: bool
    """Whether the reader is the guardian."""
    name: str = field(repr=False)
    """The other's, as the institution gave it."""
    open: bool
    """Whether the request can still be decided."""
    needed: bool
    """Whether the subject is still too young to decide alone."""
    agreed: bool
    """Whether the reader has agreed."""
    by_other: bool
    """Whether it was the other who declined or withdrew."""

    @property
    def waiting(self) -> bool:
        """Whether the reader has agreed and the other has still to decide."""
        return self.open and self.agreed and self.needed

    @property
    def over(self) -> bool:
        """Whether the reader is the guardian of somebody who has come of age."""
        return self.mine and not self.needed

    @property
    def to_decide(self) -> bool:
        """Whether the reader has still to decide."""
        return self.open and not self.waiting and not self.over

    def state(self, state: str) -> str:
        """A consent's state in the word that the reader is told."""
        if self.over:
            return "of_age"
        if state == "withdrawn":
            return "taken_back" if self.by_other else state
        return "ended" if state in ("expired", "cancelled") or (state == "declined" and self.by_other) else state


def standing(session: Session, consent: Consent, visit: Visit) -> Joint | None:
    """How it stands for the one whose visit it is; None where the subject consents alone.

    Raises SessionEnded for a guardian when the subject has had both their particulars erased.
    """
    row = session.get(Guardian, consent.id)
    if row is None:
        return None
    other = "subject" if visit.guardian else guardian.KEPT
    name = guardian.name(session, consent, other)
    if visit.guardian and not name:
        raise SessionEnded
    return Joint(
        mine=visit.guardian,
        name=name,
        open=consent.state == "requested" and clock.now() < consent.expires_at,
        needed=guardian.needed(session, consent, row),
        agreed=(row.agreed_at if visit.guardian else row.subject_agreed_at) is not None,
        by_other=(row.ended_at is None) is visit.guardian,
    )


def agree(session: Session, consent: Consent, *, as_guardian: bool) -> bool:
    """One of the two agrees, or the one there is. Returns whether it was this call that noted it."""
    row = session.get(Guardian, consent.id)
    if row is None:
        return decide.agree(session, consent)
    needed = guardian.needed(session, consent, row)
    if as_guardian and not needed:
        return False
    now = clock.now()
    mine = Guardian.agreed_at if as_guardian else Guardian.subject_agreed_at
    values = {mine.key: now} if needed else {mine.key: now, "of_age_at": now}
    # Who agreed as a minor and has come of age must say so again, since nobody else has to any more.
    if not _note(session, consent, row, mine.is_(None) if needed else Guardian.of_age_at.is_(None), values):
        return False
    if as_guardian:
        _record(session, consent, "guardian.joined")
    decide.agree(session, consent)
    return True


def decline(session: Session, consent: Consent, *, as_guardian: bool) -> bool:
    """One of the two declines. Nothing is asked of anybody."""
    return _end(session, consent, as_guardian, decide.decline)


def withdraw(session: Session, consent: Consent, *, as_guardian: bool) -> bool:
    """One of the two takes the agreement back; possible until the answer has left."""
    return _end(session, consent, as_guardian, decide.withdraw)


def _end(session: Session, consent: Consent, as_guardian: bool, act: Callable[[Session, Consent], bool]) -> bool:
    row = session.get(Guardian, consent.id) if as_guardian else None
    if row is not None and not guardian.needed(session, consent, row):
        return False
    done = act(session, consent)
    if done and row is not None:
        row.ended_at = clock.now()
        if consent.state == "declined":
            _record(session, consent, "guardian.declined")
    return done


def _note(session: Session, consent: Consent, row: Guardian, may: ColumnElement[bool], values: dict[str, Any]) -> bool:
    """Note an act where it may be done in the database at this moment, and the request is open."""
    still = select(Consent.id).where(
        Consent.id == consent.id, Consent.state.in_(before("given")), Consent.expires_at > clock.now()
    )
    done = session.execute(
        update(Guardian)
        .where(Guardian.consent_id == consent.id, may, still.exists())
        .values(values)
        .returning(Guardian.consent_id)
        .execution_options(synchronize_session=False)
    ).all()
    session.refresh(row)
    return bool(done)


def _record(session: Session, consent: Consent, kind: str) -> None:
    record.begin(session, consent.check_id)
    audit.record(session, kind, consent.check_id, consent=consent.id)
