"""The keys as an operator sees them: what each is for, how much is under it, when it goes."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from gateway import clock
from gateway.db import db
from gateway.retention import keys, terms
from gateway.vault import VaultKek, VaultKey, keks
from gateway.vault.ring import ring


@dataclass(frozen=True)
class Listed:
    """One key. `state` is current, ready (for its month), waiting (for a rotation), former, superseded, due, closed
    (to be taken out from here, whatever other machines have done), missing, or destroyed."""

    key: str
    use: str
    state: str
    under: int | None
    goes: datetime | None

    def as_json(self) -> dict[str, Any]:
        """With the day instead of the moment."""
        return {**asdict(self), "goes": None if self.goes is None else f"{self.goes:%Y-%m-%d}"}


def listed() -> list[Listed]:
    """Every key that is here, that is used, or that was."""
    with db.read() as session:
        counted = select(VaultKey.kek_id, func.count()).where(VaultKey.kek_id.is_not(None)).group_by(VaultKey.kek_id)
        under = {str(kek_id): int(count) for kek_id, count in session.execute(counted)}
        known = {row.id: row for row in session.scalars(select(VaultKek))}
    ids = sorted({*ring().keks, *under, *known})
    found = [_kek(kek_id, under.get(kek_id, 0), known.get(kek_id)) for kek_id in ids]
    return found + [_index(number) for number in range(1, len(ring().index_keys) + 1)]


def _kek(kek_id: str, under: int, known: VaultKek | None) -> Listed:
    period = keks.period_of(kek_id)
    superseded = known.superseded_at if known is not None else None
    goes = [terms.ours().closes(period)] if period else []
    goes += [superseded + terms.ours().backup] if superseded else []
    state = _state(kek_id, period, under, known)
    when = known.destroyed_at if known is not None and state == "destroyed" else min(goes, default=None)
    return Listed(kek_id, f"of {period}" if period else "standing", state, under, when)


def _state(kek_id: str, period: str | None, under: int, known: VaultKek | None) -> str:
    now = clock.now()
    if known is not None and known.destroyed_at is not None and not under and kek_id not in ring().keks:
        return "destroyed"
    if kek_id not in ring().keks:
        return "missing"
    if known is not None and known.closed_at is not None:
        return "closed"
    if kek_id in ring().waiting:
        return "waiting"
    if kek_id in keys.in_use(now):
        return "current"
    if kek_id in keys.over(now):
        return "due"
    if known is not None and known.superseded_at is not None:
        return "superseded"
    return "ready" if period is not None and period >= keks.month(now) else "former"


def _index(number: int) -> Listed:
    written = ring().generation
    state = "current" if number == written else "waiting" if number > written else "part of the current one"
    return Listed(f"index-{number}", "blind index", state, None, None)
