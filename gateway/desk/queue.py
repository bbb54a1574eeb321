"""What waits on the desk, and for whom: the oldest release time first, and nothing in its order says why.

Refusals, undetermined checks, ambiguous matches, the random share and contests lie between each other. A contest
after the answer has left takes its place as if its answer were held anew from then.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from gateway import logs, problems, vault
from gateway.checks import terms
from gateway.checks.models import Check, Review
from gateway.checks.settle import CONTEST
from gateway.consent import Consent, decided, grid
from gateway.desk.decide import DecidedAlready, deciders, why
from gateway.oauth.models import Institution
from policies.policy import jurisdiction_of

PAGE = 50

log = logs.get("desk")

_PLACE = (
    *(Review.id, Review.opened_at, Check.policy),
    *(Consent.release_at, Consent.released_at, Consent.hold_seconds, Consent.grid_seconds),
)
_Placed = Row[str, datetime, str, datetime | None, datetime | None, int, int]


@dataclass(frozen=True)
class Seat:
    """Who sits at the desk: a client of one, or a person who works here."""

    by: str
    institution: str | None = None
    """A client's own institution, whose checks it does not see."""
    covers: Callable[[str], bool] = field(default=lambda _jurisdiction: True, repr=False)
    """Whether it may decide about checks under a jurisdiction's policies."""


@dataclass(frozen=True)
class Waiting:
    """One review, and by when it ought to be decided."""

    review: Review
    check: Check
    due: datetime


def page(session: Session, seat: Seat, cursor: str | None = None) -> tuple[list[Waiting], str | None]:
    """What waits for a seat, `PAGE` at most, after the review `cursor`; and the next cursor, if there is more.

    Raises InvalidFields for a cursor that is none.
    """
    after = (datetime.min.replace(tzinfo=UTC), "") if cursor is None else _place_of(session, seat, cursor)
    found: list[Waiting] = []
    for due, review_id in _places(session, seat):
        if (due, review_id) <= after:
            continue
        if len(found) == PAGE:
            return found, found[-1].review.id
        found += _shown(session, seat, review_id, due)
    return found, None


def opened(session: Session, seat: Seat, review_id: str) -> Waiting:
    """A review that waits for a seat. Raises NotFound, DecidedAlready, vault.Tampered if the rows do not say what was
    asked."""
    query = _of(seat).where(Review.id == review_id)
    placed = session.execute(query).one_or_none()
    if placed is None or not _covers(seat, placed.policy):
        raise problems.NotFound("There is no such review.")
    review = session.get_one(Review, review_id)
    if review.decided_at is not None:
        raise DecidedAlready
    check = session.get_one(Check, review.check_id)
    if _decided_before(session, seat, check):
        raise problems.NotFound("There is no such review.")
    terms.verify(session, check, decided(session, check.id))
    return Waiting(review, check, _due(placed))


def _places(session: Session, seat: Seat) -> list[tuple[datetime, str]]:
    """Every place in the queue of a seat, in order."""
    rows = session.execute(_of(seat).where(Review.decided_at.is_(None))).all()
    return sorted((_due(row), row.id) for row in rows if _covers(seat, row.policy))


def _place_of(session: Session, seat: Seat, review_id: str) -> tuple[datetime, str]:
    row = session.execute(_of(seat).where(Review.id == review_id)).one_or_none()
    if row is None:
        raise problems.InvalidFields(errors=[{"field": "cursor", "problem": "is not a cursor of this list"}])
    return _due(row), review_id


def _of(seat: Seat) -> Select[str, datetime, str, datetime | None, datetime | None, int, int]:
    """Reviews of checks whose consent stands, not of the seat's own institution, nor of one that is suspended."""
    found = (
        select(*_PLACE)
        .join(Check, Check.id == Review.check_id)
        .join(Consent, Consent.check_id == Check.id)
        .join(Institution, Institution.id == Check.institution_id)
        .where(Consent.state == "given", Institution.suspended_at.is_(None))
    )
    return found if seat.institution is None else found.where(Check.institution_id != seat.institution)


def _covers(seat: Seat, policy: str) -> bool:
    return seat.covers(jurisdiction_of(policy))


def _due(placed: _Placed) -> datetime:
    """On the grid, as release times are: any other moment would mark a contest out."""
    release_at: datetime | None = placed.release_at
    if placed.released_at is None and release_at is not None:
        return release_at
    held = placed.opened_at + timedelta(seconds=placed.hold_seconds)
    return grid.at_or_after(held, timedelta(seconds=placed.grid_seconds))


def _shown(session: Session, seat: Seat, review_id: str, due: datetime) -> Iterator[Waiting]:
    """The review, unless somebody else must decide it. What cannot be read is the operator's, and hides no other."""
    review = session.get_one(Review, review_id)
    check = session.get_one(Check, review.check_id)
    try:
        if not _decided_before(session, seat, check):
            yield Waiting(review, check, due)
    except (vault.Tampered, vault.Shredded, vault.Absent, vault.UnknownKek):
        log.error("review_damaged")  # of which check would say that it is on the desk


def _decided_before(session: Session, seat: Seat, check: Check) -> bool:
    """Whether it is a contest, and of something that this very seat has decided: another person must look at it."""
    return why(session, check) == CONTEST and seat.by in deciders(session, check.id)
