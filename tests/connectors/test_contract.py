"""What every connector owes its caller, run against each of them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date
from pathlib import Path

import pytest

from connectors.base import Connector, ConnectorError, Id, Name, Query, Unavailable
from connectors.codes.table import NO_CODES
from connectors.embedded import EmbeddedRegistry, build
from connectors.fake import FakeRegistry
from policies.days import Duration
from policies.model import Entry, Report, Sentence

KEY = bytes(range(32))
ENTRY = Entry(
    jurisdiction="cn",
    kind="administrative",
    offence="drugs.use",
    disposition="penalised",
    ref="P-1",
    decided_on=date(2019, 6, 3),
    sentences=(Sentence("administrative-detention", length=Duration(0, 10), started_on=date(2019, 6, 3)),),
)
SOURCE = """\
id_type,id,name,born,ref,case,body,jurisdiction,kind,offence,disposition,decided_on,sentence,length,started_on
passport,E1234567,Lin Zhou,1990-05-20,P-1,No. 12,Police,cn,administrative,drugs.use,penalised,2019-06-03,\
administrative-detention,P10D,2019-06-03
passport,E7654321,He Yi,1991-01-02,,,,,,,,,,,
"""


class Kept:
    """A registry in which one person has one matter, and a way to make it fall silent."""

    def __init__(self, connector: Connector, silence: Callable[[], None]) -> None:
        self.connector = connector
        self.silence = silence


@contextmanager
def _fake(_: Path) -> Iterator[Kept]:
    registry = FakeRegistry("police", {"E1234567": [Report(ENTRY, case="No. 12", body="Police")]})
    yield Kept(registry, lambda: setattr(registry, "down", True))


@contextmanager
def _embedded(folder: Path) -> Iterator[Kept]:
    source, target = folder / "people.csv", folder / "people.sqlite"
    source.write_text(SOURCE)
    build(source, target, KEY, NO_CODES, lambda done, total: None)
    registry = EmbeddedRegistry("police", target, KEY)
    yield Kept(registry, target.unlink)
    registry.close()


@pytest.fixture(params=[_fake, _embedded], ids=["fake", "embedded"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    with request.param(tmp_path) as kept:
        yield kept


def question(passport: str = "E1234567", name: str = "Lin Zhou", born: date = date(1990, 5, 20)) -> Query:
    ids = (Id("passport", passport),)
    return Query((Name(name, "Latn"),), born, ids, "hiring", "con_abc", "cn/kindergarten", "key")


def test_a_record_comes_back_as_it_was_put_in(kept: Kept) -> None:
    """Every fact of an entry survives the registry, and so do its case number and body."""
    reply = kept.connector.ask(question())
    assert reply.reports == (Report(ENTRY, sure=True, case="No. 12", body="Police"),)


def test_no_record_is_a_reply(kept: Kept) -> None:
    """A person without entries, known to the registry or not, is answered with an empty reply."""
    assert kept.connector.ask(question("E7654321", "He Yi", date(1991, 1, 2))).reports == ()
    assert kept.connector.ask(question("X0000000", "Wu Ming", date(1970, 1, 1))).reports == ()


def test_the_reply_says_when_it_was_given(kept: Kept) -> None:
    """The time of an answer is in UTC."""
    assert kept.connector.ask(question()).answered_at.tzinfo is UTC


def test_silence_is_an_error(kept: Kept) -> None:
    """A registry that cannot answer raises, and never gives an empty reply."""
    assert kept.connector.ready()
    kept.silence()
    assert not kept.connector.ready()
    with pytest.raises(Unavailable):
        kept.connector.ask(question())


def test_errors_and_reprs_hold_nothing_personal(kept: Kept) -> None:
    """Neither an error nor a question nor a reply, written out, tells anything of the person."""
    reply = kept.connector.ask(question())
    kept.silence()
    with pytest.raises(ConnectorError) as caught:
        kept.connector.ask(question())
    written = f"{caught.value!r} {caught.value} {question()!r} {question().names!r} {question().ids!r} {reply!r}"
    for secret in ("E1234567", "Lin", "1990", "drugs", "No. 12"):
        assert secret not in written


def test_many_may_ask_at_once(kept: Kept) -> None:
    """Questions from several threads each get their own answer."""
    wrong: list[object] = []

    def ask(passport: str, expected: int) -> None:
        for _ in range(50):
            born = date(1990, 5, 20) if expected else date(1991, 1, 2)
            reply = kept.connector.ask(question(passport, "Wu Ming", born))
            if len(reply.reports) != expected:
                wrong.append(reply)

    threads = [threading.Thread(target=ask, args=pair) for pair in [("E1234567", 1), ("E7654321", 0)] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
