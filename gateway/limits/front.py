"""In front of the whole application: bodies are read, places are given out, and what is too much is refused at once.

granian 2.8 hands each request to one of its `blocking_threads` and lets the others wait in a queue without an end,
where nobody can refuse them, and where a supervisor asks in vain. So it gets as many threads as connections (it starts
them when they are needed), and no request waits for one: few work at a time, some wait here for their turn, and
the others are there to refuse, and to say that we live.

A body is read whole before its request gets a place. granian has no time-out for one that comes slowly or never ends,
and a thread that waits for one cannot be called back (an answer from another thread stops its event loop): that is what
the reverse proxy is for, which takes in requests whole. Without it, slow senders take threads and connections and
nothing else, until all connections are taken.
"""

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from gateway import logs
from gateway.limits.gate import Gate, Lane
from gateway.limits.refusals import Refusals

log = logs.get("limits")

FIRST, KNOWN, NEW, STRANGE = "first", "known", "new", "strange"
"""The lanes: what was accepted goes on; clients that were let in before; what they would add; all others."""

LaneOf = Callable[[str, str], str | None]
"""The lane of a method and a path, None for what never waits. `KNOWN` and `NEW` are for those who are known."""

CONNECTIONS = 512
"""How many connections a process has open at most, and threads: fewer than the 1,024 files that it may have."""

_WAITING = 8
"""How many wait in each lane for every place: so few that most of them are served before their patience ends."""
_MOST_KNOWN = 10_000
_PAUSE_SECONDS = 0.5
"""How long a refusal takes. Clients that ask again at once would else be refused thousands of times a second, which
leaves little of a processor for those who are served: six tenths of the answers were lost so in a trial."""
_SAY_EVERY_SECONDS = 10.0
_PIECE = 65_536


def lanes(places: int) -> dict[str, Lane]:
    """How the places are shared: what is new leaves some to what was accepted, strangers leave half of them."""
    waiting = _WAITING * places
    return {
        FIRST: Lane(places, waiting),
        KNOWN: Lane(places, waiting),
        NEW: Lane(max(1, places - max(1, places // 8)), waiting),
        STRANGE: Lane(max(1, places // 2), waiting),
    }


class Front:
    """The application `app` with at most `places` requests in it. `shed` counts those refused, by lane."""

    def __init__(self, app: WSGIApplication, places: int, max_body: int, lane_of: LaneOf, refusals: Refusals) -> None:
        self._app = app
        self._max_body = max_body
        self._lane_of = lane_of
        self._refusals = refusals
        self._gate = Gate(places, lanes(places))
        self._known: dict[bytes, None] = {}
        self._lock = threading.Lock()
        self._pauses = threading.Semaphore(CONNECTIONS // 2)
        self._said = -_SAY_EVERY_SECONDS
        self._unsaid = 0
        self.shed: dict[str, int] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request, or refuse it."""
        lane = self._lane(environ)
        if lane is None:
            return self._app(environ, start)
        if not self._take_in(environ):
            return self._refusals.cut_off(start)
        if not self._gate.enter(lane):
            return self._refuse(lane, environ, start)
        try:
            return _whole(self._app(environ, start))
        finally:
            self._gate.leave(lane)

    def know(self, authorization: str) -> None:
        """Remember credentials that were good a moment ago: what they are sent with is no longer strange.

        They are not believed for it, only served before those whose credentials nobody has looked at yet.
        """
        digest = _digest(authorization)
        if digest not in self._known:
            with self._lock:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[digest] = None

    def _lane(self, environ: WSGIEnvironment) -> str | None:
        lane = self._lane_of(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
        if lane in (KNOWN, NEW) and _digest(environ.get("HTTP_AUTHORIZATION", "")) not in self._known:
            return STRANGE
        return lane

    def _wanted(self, environ: WSGIEnvironment) -> int:
        """How many bytes of the body to read: all, or one more than allowed where its length is not known.

        None of one that says it is too long: whoever wants to read it will say so.
        """
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and environ.get("wsgi.input_terminated"):
            return self._max_body + 1
        length = environ.get("CONTENT_LENGTH") or "0"
        return int(length) if length.isdecimal() and int(length) <= self._max_body else 0

    def _take_in(self, environ: WSGIEnvironment) -> bool:
        """Read the body into memory. False where it ends before its length: its sender has gone."""
        wanted = self._wanted(environ)
        body = _read(environ["wsgi.input"], wanted) if wanted else b""
        environ["wsgi.input"] = io.BytesIO(body)
        return len(body) == wanted or not environ.get("CONTENT_LENGTH")

    def _refuse(self, lane: str, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        with self._lock:
            self.shed[lane] = self.shed.get(lane, 0) + 1
            self._unsaid += 1
            now, count = time.monotonic(), 0
            if now >= self._said + _SAY_EVERY_SECONDS:
                self._said, count, self._unsaid = now, self._unsaid, 0
        if count:
            log.warning("overloaded", kind=lane, count=count)
        if self._pauses.acquire(blocking=False):  # beyond that, connections are what there is too little of
            try:
                time.sleep(_PAUSE_SECONDS)
            finally:
                self._pauses.release()
        return self._refusals.overloaded(environ, start)


def _whole(pieces: Iterable[bytes]) -> list[bytes]:
    """The answer in memory: a client that reads slowly keeps no place."""
    try:
        return [b"".join(pieces)]
    finally:
        if close := getattr(pieces, "close", None):
            close()


def _read(source: io.BufferedIOBase, wanted: int) -> bytes:
    pieces, missing = [], wanted
    while missing and (piece := source.read(min(missing, _PIECE))):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _digest(authorization: str) -> bytes:
    return hashlib.sha256(authorization.encode("latin-1", "replace")).digest()
