"""Writing entries, in the transaction of the act that they record."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock, vault
from gateway.audit import merkle
from gateway.audit.kinds import KINDS, Kind
from gateway.audit.models import AuditEntry
from gateway.db import new_id

Fact = str | int | bool | None

_FORM = "sealgate audit 1"
_CLEAR = re.compile(r"[A-Za-z0-9_.:+/*,-]{0,300}")  # no spaces: people's names have them
_KEPT = "audit"
_ROOM = 2048
"""Bytes that a check's secret takes up with the ids of its sealed entries: how many there are tells of a review."""


def record(session: Session, kind: str, subject: str | None, **facts: Fact) -> str:
    """Write an entry of a kind about something (its id), and give its id.

    `facts` are fields of the kind; one that is left out is null. Clear fields take ids, words and whole
    numbers; sealed ones anything, and `subject` must own the vault data that their salt is kept with.
    Raises LookupError for an unknown kind, TypeError for unknown fields or values that may not be in clear.

    Its hash is kept with the entry from the start and is what will be laid: whoever changes the row before the
    sequencer comes by is found out as well as afterwards, and does not hold up the entries behind it.
    """
    found, entry_id = _kind(kind, facts), new_id("aud")
    entry = _entry(kind, entry_id, subject, facts, _salt(session, found, entry_id, subject))
    session.add(entry)
    session.flush()
    return entry_id


def entry(kind: str, subject: str | None, **facts: Fact) -> AuditEntry:
    """An entry as `record` writes it, as a row for `db.insert`; of a kind without anything sealed. Raises likewise."""
    found = _kind(kind, facts)
    if found.sealed or found.sealed_about:
        raise TypeError(f"{kind} has sealed fields")
    return _entry(kind, new_id("aud"), subject, facts, b"")


def _kind(kind: str, facts: Mapping[str, Fact]) -> Kind:
    found = KINDS.get(kind)
    if found is None:
        raise LookupError(f"no audit entry is of the kind {kind}")
    unknown = set(facts) - set(found.fields)
    if unknown:
        raise TypeError(f"{kind} has no field {', '.join(sorted(unknown))}")
    return found


def _entry(kind: str, entry_id: str, subject: str | None, facts: Mapping[str, Fact], salt: bytes) -> AuditEntry:
    found = KINDS[kind]
    about, values = _values(found, entry_id, subject, facts, salt)
    now = clock.now().replace(microsecond=0)
    made = AuditEntry(
        id=entry_id,
        kind=kind,
        about=about,
        at=hour_of(now) if found.sealed_about else now,
        facts=json.dumps(values, separators=(",", ":")),
    )
    if found.sealed_about:
        made.recorded = -1 - secrets.randbelow(2**62)
    made.leaf = merkle.leaf_hash(leaf(made)).hex()
    return made


def _salt(session: Session, kind: Kind, entry_id: str, subject: str | None) -> bytes:
    if not kind.sealed and not kind.sealed_about:
        return b""
    if subject is None:
        raise TypeError("an entry with sealed fields is about something")
    kept = vault.get(session, subject, _KEPT) if vault.has(session, subject, _KEPT) else None
    if kept is None:
        kept = {"secret": secrets.token_hex(32), "entries": []}
    if kind.sealed_about:
        kept["entries"].append(entry_id)
    vault.put(session, subject, _KEPT, kept, room=_ROOM)
    return _salt_of(kept, entry_id)


def _salt_of(kept: Mapping[str, Any], entry_id: str) -> bytes:
    """An entry's salt, from the one secret of what it is about: rows for each salt would say what it went through."""
    return hmac.digest(bytes.fromhex(kept["secret"]), entry_id.encode(), hashlib.sha256)


def _values(
    kind: Kind, entry_id: str, subject: str | None, facts: Mapping[str, Fact], salt: bytes
) -> tuple[str | None, list[Fact]]:
    clear: list[Fact] = [_in_clear(field, facts.get(field)) for field in kind.clear]
    sealed: list[Fact] = [commitment(field_salt(salt, field), field, facts.get(field)) for field in kind.sealed]
    if kind.sealed_about:
        return commitment(field_salt(salt, "about"), "about", subject), clear + sealed
    return (None if subject is None else str(_in_clear("about", subject))), clear + sealed


def _in_clear(field: str, value: Fact) -> Fact:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str) and _CLEAR.fullmatch(value):
        return value
    raise TypeError(f"the field {field} takes an id, a word or a whole number")


def field_salt(salt: bytes, field: str) -> bytes:
    """The salt of one field, so that one can be opened without the others."""
    return hmac.digest(salt, field.encode(), hashlib.sha256)


def commitment(salt: bytes, field: str, value: Fact) -> str:
    """What is written for a sealed field, in hex: without the salt of the field it says nothing of the value."""
    opened = json.dumps([_FORM, field, value], separators=(",", ":"))
    return hmac.digest(salt, opened.encode(), hashlib.sha256).hex()


def opening(session: Session, subject: str, entry_id: str, field: str) -> bytes:
    """The salt that opens one sealed field (or `about`) of an entry. Raises vault.Shredded, vault.Absent."""
    return field_salt(_salt_of(vault.get(session, subject, _KEPT), entry_id), field)


def about(session: Session, subject: str) -> Sequence[AuditEntry]:
    """Every entry about something, in order, with those whose tie to it is sealed as long as their salts live.

    Of those only the hour is known. They come in the order in which they were written, after the others of their hour.
    """
    sealed = vault.get(session, subject, _KEPT)["entries"] if vault.has(session, subject, _KEPT) else []
    entries = session.scalars(select(AuditEntry).where((AuditEntry.about == subject) | AuditEntry.id.in_(sealed))).all()
    place = {entry_id: number for number, entry_id in enumerate(sealed)}

    def order(entry: AuditEntry) -> tuple[datetime, bool, int]:
        return hour_of(entry.at), entry.id in place, place.get(entry.id, entry.recorded)

    return sorted(entries, key=order)


def hour_of(moment: datetime) -> datetime:
    """The full hour at or before a moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


def says(session: Session, subject: str, entry_id: str, field: str, value: Fact) -> bool:
    """Whether an entry is about something named in clear, as it was written, and its sealed field is this value.

    Raises vault.Shredded, vault.Tampered.
    """
    if not fits(session, entry_id):
        return False
    entry = session.scalars(select(AuditEntry).where(AuditEntry.id == entry_id)).one()
    sealed = KINDS[entry.kind].sealed
    if entry.about != subject or field not in sealed:
        return False
    written = json.loads(entry.facts)[len(KINDS[entry.kind].clear) + sealed.index(field)]
    return bool(written == commitment(opening(session, subject, entry_id, field), field, value))


def superseded(session: Session, subject: str, entry_id: str) -> bool:
    """Whether the log says of an answer about something that another one took its place."""
    said = select(AuditEntry.facts).where(AuditEntry.about == subject, AuditEntry.kind == "answer.superseded")
    return any(json.loads(facts) == [entry_id] for facts in session.scalars(said))


def fits(session: Session, entry_id: str) -> bool:
    """Whether an entry's row still is what was written; not if it cannot even be read."""
    try:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.id == entry_id)).one_or_none()
        return entry is not None and merkle.leaf_hash(leaf(entry)).hex() == entry.leaf
    except (ValueError, TypeError, AttributeError):
        return False


def leaf(entry: AuditEntry) -> bytes:
    """The bytes of an entry that the tree is made over. Raises ValueError if the row cannot be an entry."""
    kind, values = KINDS.get(entry.kind), json.loads(entry.facts)
    if kind is None or not isinstance(values, list) or len(values) != len(kind.fields):
        raise ValueError("not an entry of a known kind")
    at = entry.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps([_FORM, entry.id, entry.kind, entry.about, at, values], separators=(",", ":")).encode()
