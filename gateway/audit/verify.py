"""Recomputing the whole log from its rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.audit import merkle, note
from gateway.audit.entries import fits, leaf
from gateway.audit.models import AuditCheckpoint, AuditEntry, AuditNode
from gateway.audit.sequence import latest, may_be_laid, signing_key

Progress = Callable[[int, int], None]

_CHUNK = 1024
_CHUNK_LEVELS = 10  # the levels of nodes that lie within one chunk


@dataclass(frozen=True)
class Misfit:
    """The first thing in the log that does not fit, by position and, if there is a row, entry id."""

    fault: str
    position: int | None = None
    entry: str | None = None

    def __str__(self) -> str:
        where = f"entry {self.position}"
        if self.position is None:
            where = "the log" if self.entry is None else "an entry that is not laid yet"
        return f"{where}{f' ({self.entry})' if self.entry else ''}: {self.fault}"


@dataclass(frozen=True)
class Verification:
    """What recomputing the log came to."""

    ok: bool
    size: int
    root: bytes
    first_bad: Misfit | None = None


class _Misfits(Exception):
    def __init__(self, misfit: Misfit) -> None:
        super().__init__(misfit.fault)
        self.misfit = misfit


def verify(session: Session, progress: Progress | None = None) -> Verification:
    """Recompute every entry's hash, every node and every checkpoint, and check the signatures.

    Entries that wait to be laid are held against the hash that they were written with.

    Stops at the first entry that does not fit and names it. `progress(done, total)` is called as it goes.
    """
    tree = merkle.Growing()
    try:
        _walk(session, tree, progress or (lambda _done, _total: None))
    except _Misfits as stopped:
        return Verification(False, tree.size, tree.root(), stopped.misfit)
    return Verification(True, tree.size, tree.root())


def verify_tail(session: Session, last: int = _CHUNK) -> Misfit | None:
    """Check the newest checkpoint's signature and the last entries under it: a moment's work in a log of any size."""
    checkpoint = latest(session)
    if checkpoint is None:
        return None
    try:
        _check_note(checkpoint, *_signer(session))
        begin = max(0, checkpoint.size - last)
        for position, entry in _entries(session, begin, checkpoint.size):
            node = session.get(AuditNode, (0, position))
            if node is None or node.hash != _hashed(entry, position):
                raise _Misfits(Misfit("it is not what was laid here", position, entry.id))
    except _Misfits as stopped:
        return stopped.misfit
    return None


def waiting_since(session: Session) -> datetime | None:
    """When the oldest entry was written that could have been laid since and was not."""
    return session.scalar(select(func.min(AuditEntry.at)).where(may_be_laid()))


def waiting(session: Session) -> int:
    """How many entries could have been laid and were not."""
    return session.scalar(select(func.count()).select_from(AuditEntry).where(may_be_laid())) or 0


def _walk(session: Session, tree: merkle.Growing, progress: Progress) -> None:
    checkpoints = session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.size)).all()
    laid = session.scalar(select(func.count()).where(AuditEntry.position.is_not(None))) or 0
    signer = _signer(session) if checkpoints else None
    started = 0
    for checkpoint in checkpoints:
        assert signer is not None  # noqa: S101 - there are checkpoints
        _check_note(checkpoint, *signer)
        _add_entries(session, tree, checkpoint.size, laid, progress)
        if tree.root() != checkpoint.root:
            fault = f"the entries {started} to {checkpoint.size - 1} do not give the root that was signed for them"
            raise _Misfits(Misfit(fault, started, _id_at(session, started)))
        started = checkpoint.size
    beyond = select(AuditEntry.position, AuditEntry.id).where(AuditEntry.position >= started)
    for position, entry_id in session.execute(beyond.order_by(AuditEntry.position).limit(1)):
        raise _Misfits(Misfit("it is laid into the log but under no checkpoint", position, entry_id))
    for entry_id in session.scalars(select(AuditEntry.id).where(AuditEntry.position.is_(None))).all():
        if not fits(session, entry_id):
            raise _Misfits(Misfit("it is not what was written", None, entry_id))


def _signer(session: Session) -> tuple[str, Ed25519PublicKey]:
    origin, private = signing_key(session)
    return origin, private.public_key()


def _check_note(checkpoint: AuditCheckpoint, origin: str, public: Ed25519PublicKey) -> None:
    try:
        said = note.read_checkpoint(note.opened(checkpoint.note, origin, public))
    except note.BadNote as bad:
        raise _Misfits(Misfit(f"the checkpoint of size {checkpoint.size}: {bad}")) from None
    if (said.origin, said.size, said.root) != (origin, checkpoint.size, checkpoint.root):
        raise _Misfits(Misfit(f"the checkpoint of size {checkpoint.size} is not what was signed"))


def _add_entries(session: Session, tree: merkle.Growing, size: int, laid: int, progress: Progress) -> None:
    """Add the entries up to a checkpoint, each compared with the nodes that were stored for it."""
    while tree.size < size:
        begin = tree.size
        end = min(size, (begin // _CHUNK + 1) * _CHUNK)
        stored = _Stored(session, begin // _CHUNK)
        for position, entry in _entries(session, begin, end):
            _add(tree, entry, position, stored)
        progress(end, max(laid, end))


def _hashed(entry: AuditEntry, position: int) -> bytes:
    try:
        return merkle.leaf_hash(leaf(entry))
    except (ValueError, TypeError, AttributeError):
        raise _Misfits(Misfit("it is not an entry of a known kind", position, entry.id)) from None


def _add(tree: merkle.Growing, entry: AuditEntry, position: int, stored: "_Stored") -> None:
    for level, index, made in tree.add(_hashed(entry, position)):
        if stored.hash(level, index) != made:
            what = "it is not what was laid here" if level == 0 else "the nodes above it are not what they were"
            raise _Misfits(Misfit(what, position, entry.id))


class _Stored:
    """The stored nodes over one chunk of entries, read at once; the few above are read as they are met."""

    def __init__(self, session: Session, chunk: int) -> None:
        self._session = session
        self._nodes: dict[tuple[int, int], bytes] = {}
        for level in range(_CHUNK_LEVELS + 1):
            width = _CHUNK >> level
            rows = session.execute(
                select(AuditNode.index, AuditNode.hash).where(
                    AuditNode.level == level,
                    AuditNode.index >= chunk * width,
                    AuditNode.index < (chunk + 1) * width,
                )
            )
            self._nodes.update(((level, index), made) for index, made in rows)

    def hash(self, level: int, index: int) -> bytes | None:
        if level <= _CHUNK_LEVELS:
            return self._nodes.get((level, index))
        return self._session.scalar(select(AuditNode.hash).where(AuditNode.level == level, AuditNode.index == index))


def _entries(session: Session, begin: int, end: int) -> Iterator[tuple[int, AuditEntry]]:
    """The rows at each position, read at once; one by one if one of them is such that it cannot be read."""
    query = select(AuditEntry).where(AuditEntry.position >= begin, AuditEntry.position < end)
    try:
        rows = {entry.position: entry for entry in session.scalars(query)}
    except (ValueError, TypeError):
        rows = {}
    for position in range(begin, end):
        yield position, rows.get(position) or _entry(session, position)


def _entry(session: Session, position: int) -> AuditEntry:
    try:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.position == position))
    except (ValueError, TypeError):
        raise _Misfits(Misfit("it cannot be read", position, _id_at(session, position))) from None
    if entry is None:
        raise _Misfits(Misfit("it is missing", position))
    return entry


def _id_at(session: Session, position: int) -> str | None:
    return session.scalar(select(AuditEntry.id).where(AuditEntry.position == position))
