"""What a person is told of a check about them: from its rows how it stands, from the log who looked and who acted.

No result and no reason is here. What the review desk did says much about a result: so it is told when the answer is
there, and not before, and in a fresh session only, as the answer itself is (DESIGN §11).
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import audit, clock
from gateway.audit.kinds import KINDS
from gateway.audit.models import AuditEntry
from gateway.checks.models import Check
from gateway.consent import Consent, deployment, people, shown_release_at
from gateway.consent.guard import ended
from gateway.consent.people import Person
from gateway.consent.refusals import LinkUnknown
from gateway.consent.wording import Wording
from gateway.subject.mine_render import Words
from policies.library import NothingInForce
from policies.policy import jurisdiction_of

PAGE = 10
"""How many checks a page has."""

_OF_THE_DESK = ("review.opened", "review.looked", "review.decided", "review.settled")
_FOR_THE_DESK = "review"


@dataclass(frozen=True)
class Told:
    """A check, in the reader's words."""

    id: str
    institution: str
    role: str
    purpose: str
    title: str
    cites: str
    version: str
    asked: str
    standing: str
    state: str
    release: str


@dataclass(frozen=True)
class Act:
    """One line of what was done: a look at a registry, or an act of somebody."""

    when: str
    what: str
    who: str
    times: int = 1


def of_person(session: Session, person: Person, after: str | None) -> tuple[list[Consent], bool]:
    """One page of the consents about a person, newest first, and whether there are more. Raises LinkUnknown."""
    found = select(Consent).where(people.about(person))
    if after is not None:
        last = one_of(session, person, after)
        earlier = (Consent.requested_at < last.requested_at) | (
            (Consent.requested_at == last.requested_at) & (Consent.id < last.id)
        )
        found = found.where(earlier)
    rows = session.scalars(found.order_by(Consent.requested_at.desc(), Consent.id.desc()).limit(PAGE + 1)).all()
    return list(rows[:PAGE]), len(rows) > PAGE


def one_of(session: Session, person: Person, consent_id: str) -> Consent:
    """A consent about a person. Raises LinkUnknown, for another's as for one that never was."""
    consent = session.scalar(select(Consent).where(Consent.id == consent_id, people.about(person)))
    if consent is None:
        raise LinkUnknown
    return consent


def told(consent: Consent, language: str) -> Told:
    """A check as its subject is told of it."""
    text = Words(language, jurisdiction_of(consent.policy))
    title, cites, role = _rules(consent, text.language)
    purpose, release = f"purpose.{consent.purpose}", shown_release_at(consent, clock.now())
    state = _state(consent)
    return Told(
        id=consent.id, institution=consent.institution, role=role,
        purpose=text(purpose) if text.has(purpose) else consent.purpose,
        title=title, cites=cites, version=_day(consent.version, text), asked=text.moment(consent.requested_at),
        standing=text(f"mine.state.{state}") if text.has(f"mine.state.{state}") else text(f"status.state_{state}"),
        state=state, release=text.moment(release) if state == "given" and release else "",
    )  # fmt: skip


def acts(session: Session, consent: Consent, language: str) -> tuple[Sequence[Act], Sequence[Act]]:
    """The looks at registries and the acts that the audit log has of a check, in order; the former go with its data."""
    text = Words(language, jurisdiction_of(consent.policy))
    check = session.get(Check, consent.check_id)
    over = consent.told_at is not None or (check is not None and check.closed_at is not None)
    entries = [entry for entry in audit.about(session, consent.check_id) if over or not _early(entry)]
    looks = [entry for entry in entries if entry.kind == "registry.asked"]
    return _counted(_looks(looks, text)), _counted(_acts(entries, consent, text))


def _counted(acts: Iterable[Act]) -> list[Act]:
    """Those of one hour that say the same as one, with how many: a person at the desk may look at a question often."""
    return [replace(act, times=times) for act, times in Counter(acts).items()]


def _state(consent: Consent) -> str:
    if consent.state == "requested":
        return "expired" if ended(consent) else "waiting"
    return "told" if consent.state == "given" and consent.told_at is not None else consent.state


def _rules(consent: Consent, language: str) -> tuple[str, str, str]:
    """Title, citation and role; the bare words where the library has the version no more."""
    try:
        policy = deployment.library().version(consent.policy, consent.version)
        return policy.title[language], policy.source.cited(language), policy.role_labels[consent.role][language]
    except (NothingInForce, KeyError):
        return consent.policy, "", consent.role


def _day(version: str, text: Wording) -> str:
    """A version by the day that it is named for."""
    try:
        return text.day(date.fromisoformat(version))
    except ValueError:
        return version


def _early(entry: AuditEntry) -> bool:
    return entry.kind in _OF_THE_DESK or _fact(entry, "why") == _FOR_THE_DESK


def _looks(entries: Iterable[AuditEntry], text: Wording) -> Iterable[Act]:
    for entry in entries:
        why, registry = f"mine.why.{_fact(entry, 'why')}", str(_fact(entry, "registry"))
        named = f"mine.registry.{registry}"
        yield Act(
            when=_when(entry, text),
            what=text(named) if text.has(named) else registry,
            who=text(why) if text.has(why) else text("mine.why.other"),
        )


def _acts(entries: Iterable[AuditEntry], consent: Consent, text: Wording) -> Iterable[Act]:
    for entry in entries:
        place = f"mine.act.{entry.kind.replace('.', '_')}"
        if text.has(f"{place}.what"):
            who = text(f"{place}.who", institution=consent.institution)
            yield Act(_when(entry, text), text(f"{place}.what"), who)


def _fact(entry: AuditEntry, field: str) -> object:
    """A field of an entry that is written in clear; None if its kind has none of the name."""
    clear = KINDS[entry.kind].clear
    return json.loads(entry.facts)[clear.index(field)] if field in clear else None


def _when(entry: AuditEntry, text: Wording) -> str:
    at: datetime = entry.at
    return text("mine.hour", moment=text.moment(at)) if KINDS[entry.kind].sealed_about else text.moment(at)
