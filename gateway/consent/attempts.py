"""How often somebody may try: short codes and sign-ins from one place, proofs by one-time code for one consent.

Such a proof costs a strike when a code is sent and another for each wrong code, so that five codes at most can be
tried before a pause. Each pause is twice as long as the one before, up to a day; a proof that succeeds wipes
the slate clean. Strikes count alike whether or not the particulars were right.
"""

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete
from sqlalchemy.orm import Session

from gateway import vault
from gateway.consent.models import Failures

MOST_STRIKES = 6
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(days=1)

WINDOW = timedelta(minutes=15)
MOST_FROM_ONE_PLACE = 20
MOST_FROM_EVERYWHERE = 2_000
MOST_SIGN_INS = 200
"""From one place: an office has one address."""

NAME = "consent.codes"
"""What a write that tries a short code names (`db.write`): the failures of all are counted together."""

_EVERYWHERE = "all"


class Tried(Protocol):
    """What attempts are counted for: a consent, or a contact that codes are sent to."""

    strikes: int
    pauses: int
    paused_until: datetime | None


def strike(tried: Tried, now: datetime) -> datetime | None:
    """Count an attempt at proof. Returns the end of the pause that it brings on, if it does."""
    tried.strikes += 1
    if tried.strikes < MOST_STRIKES:
        return None
    tried.paused_until = now + min(FIRST_PAUSE * 2 ** min(tried.pauses, 16), LONGEST_PAUSE)
    tried.pauses += 1
    tried.strikes = 0
    return tried.paused_until


def paused(tried: Tried, now: datetime) -> datetime | None:
    """Until when nothing may be tried, if there is a pause now."""
    until = tried.paused_until
    return until if until is not None and until > now else None


def succeeded(tried: Tried) -> None:
    """Wipe the slate clean after a proof."""
    tried.strikes = tried.pauses = 0
    tried.paused_until = None


def sign_in_begins(session: Session, address: str | None, now: datetime) -> datetime | None:
    """Count a sign-in that is begun without a request, which takes up room; until when none may be, if there are
    too many from one place."""
    forget_old(session, now)
    place = place_of(address, "sign-in-place")
    row = session.get(Failures, place)
    if row is not None and row.count >= MOST_SIGN_INS:
        return row.since + WINDOW
    _count(session, place, now)
    return None


def place_of(address: str | None, kind: str = "consent-place") -> str:
    """A network address as it is counted: blind, and a whole /64 of IPv6 as one, for a household has that many."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return vault.index(kind, "unknown")
    network = ipaddress.ip_network((ip, 64 if ip.version == 6 else 32), strict=False)
    return vault.index(kind, str(network.network_address))


def full_until(session: Session, place: str, now: datetime) -> datetime | None:
    """Until when this place may try no more short codes, if it has failed too often."""
    for row, most in _counted(session, place):
        if row is not None and row.count >= most and row.since + WINDOW > now:
            return row.since + WINDOW
    return None


def failed(session: Session, place: str, now: datetime) -> None:
    """Count a wrong short code; forget the windows that are over."""
    forget_old(session, now)
    for key in (place, _EVERYWHERE):
        _count(session, key, now)


def forget_old(session: Session, now: datetime) -> None:
    """Forget the windows that are over: a place is an address of somebody."""
    session.execute(delete(Failures).where(Failures.since <= now - WINDOW))


def _count(session: Session, key: str, now: datetime) -> None:
    row = session.get(Failures, key)
    if row is None:
        session.add(Failures(place=key, since=now, count=1))
    else:
        row.count += 1
    session.flush()


def _counted(session: Session, place: str) -> Iterable[tuple[Failures | None, int]]:
    yield session.get(Failures, place), MOST_FROM_ONE_PLACE
    yield session.get(Failures, _EVERYWHERE), MOST_FROM_EVERYWHERE
