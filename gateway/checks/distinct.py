"""“Not this person”: what was once said of a matter that only looked like somebody's is remembered for next time.

Of the person and of the matter there are blind indexes only, those of the person sealed. It is about candidates:
a matter that a registry says is surely this person's is never left out.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway import clock, vault
from gateway.checks.models import Distinction
from gateway.consent import decided, people
from gateway.db import db
from gateway.vault import blind
from policies.model import Report

_OF = "persons"
_KIND = "distinction"


def number(registry: str, report: Report) -> str | None:
    """What a registry calls a matter and will call it again; None where it has no number, or none is told.

    With it goes what the matter is about and when it was: a number that is given a second time, or an entry that was
    rewritten, is another matter than the one that a person has looked at.
    """
    entry = report.entry
    told = "\0".join("" if one is None else str(one) for one in (entry.offence, entry.acted_on, entry.decided_on))
    if report.case is not None:
        return f"case {registry}\0{report.body or ''}\0{report.case}\0{told}"
    return None if entry.ref is None else f"ref {registry}\0{entry.ref}\0{told}"


def without_others(check_id: str, registry: str, reports: Sequence[Report]) -> list[Report]:
    """The reports of a live answer, without candidates of which is known that they are another person's."""
    doubtful = {name for report in reports if not report.sure and (name := number(registry, report)) is not None}
    if not doubtful:
        return list(reports)
    with db.read() as session:
        persons = _persons(session, check_id)
        known = {name: found for name in doubtful if (found := _find(session, name, persons)) is not None}
    _use(check_id, known.values())
    return [report for report in reports if report.sure or number(registry, report) not in known]


def remember(session: Session, check_id: str, numbers: Iterable[str]) -> None:
    """Keep that these matters are not those of a check's person; nothing if we would not know them again."""
    persons = _persons(session, check_id)
    for name in sorted(set(numbers)):
        if persons and _find(session, name, persons) is None:
            made = Distinction(matter=vault.index(_KIND, name), used_in=_month())
            session.add(made)
            session.flush()
            vault.put(session, made.id, _OF, sorted(persons), room=1024)


def forget(session: Session, distinction_id: str) -> None:
    """Forget one, as if nobody had said it."""
    session.delete(session.get_one(Distinction, distinction_id))
    vault.forget(session, distinction_id)


def _persons(session: Session, check_id: str) -> frozenset[str]:
    return frozenset(_now(people.of(session, decided(session, check_id))))


def _find(session: Session, name: str, persons: Collection[str]) -> str | None:
    """The id of what is kept of a matter and one of these."""
    rows = session.scalars(select(Distinction.id).where(Distinction.matter.in_(vault.indexes(_KIND, name)))).all()
    for row_id in rows:
        if not frozenset(_now(_kept(session, row_id))).isdisjoint(persons):
            return row_id
    return None


def _kept(session: Session, row_id: str) -> Iterable[str]:
    try:
        return list(vault.get_all(session, row_id, (_OF,)).get(_OF, ()))
    except vault.Shredded:  # its key was lost and given up
        return ()


def _now(indexes: Iterable[str]) -> Iterator[str]:
    """Indexes in the generation that is written now, whichever they were written in."""
    return (blind.brought_on(each) for each in indexes)


def _use(check_id: str, ids: Iterable[str]) -> None:
    """Note that they were of use; once a month, so that time says nothing."""
    month = _month()
    with db.read() as session:
        older = session.scalars(
            select(Distinction.id).where(Distinction.id.in_(list(ids)), Distinction.used_in < month)
        ).all()
    if older:
        with db.write(check_id) as session:
            session.execute(update(Distinction).where(Distinction.id.in_(older)).values(used_in=month))


def _month() -> date:
    return clock.now().date().replace(day=1)
