"""What a registry says of a person leaves no trace, and neither do the person's own particulars, outside the vault.

A whole check is walked through real HTTP with the work engine running: a registry that fails in every way before it
answers, a refusal that goes over the desk, the release, the subject's page. Then every table, every file of the data
folder (the write-ahead log and the counts of metrics too), every log line, every response, what Prometheus was told on
the way and the rules that ship for it are searched for the canaries, in clear and encoded.
"""

import base64
import json
import urllib.parse

import pytest

from gateway import metrics
from tests.stage import stage_environ
from tests.walk import (
    CHOSEN,
    DECIDED_BY,
    REFERENCE,
    SAID_BY_THE_REGISTRY,
    SAID_OF_THE_PERSON,
    TYPED,
    Walk,
    named,
    traces,
    unused_port,
    walk,
)

__all__ = ["stage_environ", "unused_port", "walk"]


@pytest.mark.both_databases
def test_no_trace(walk: Walk) -> None:
    """Nothing that the registry said, nothing of why, and nothing of the person is anywhere that it should not be."""
    everything = [*walk.tables(), *walk.files(), *walk.logged()]
    everything += [*named("metrics", walk.to_prometheus), ("alerts", metrics.alerts().encode())]
    assert len(everything) > 300, "there is something to search"
    secret = (*SAID_BY_THE_REGISTRY, *DECIDED_BY, *SAID_OF_THE_PERSON, REFERENCE)
    assert traces(secret, everything) == []
    institution = named("institution", walk.to_institution)
    assert traces((*SAID_BY_THE_REGISTRY, *DECIDED_BY, *SAID_OF_THE_PERSON), institution) == []
    assert traces((*SAID_BY_THE_REGISTRY, *SAID_OF_THE_PERSON, REFERENCE), named("stranger", walk.to_strangers)) == []
    # The desk sees the offence and how the matter ended, since the bar turns on them, and nothing else of the entry.
    shown = ("traffic.hit-and-run", "hit-and-run", "convicted", "imprisonment")
    hidden = [word for word in SAID_BY_THE_REGISTRY if word not in shown]
    assert traces([*hidden, *SAID_OF_THE_PERSON, REFERENCE, "Nursery"], named("desk", walk.to_desk)) == []
    # The subject reads what would lead to a no, by the policy; of the record and of other contacts nothing.
    record = [word for word in SAID_BY_THE_REGISTRY if word != "imprisonment"]
    assert traces([*record, "PPKESTREL9917", "NID-dunlin-31", REFERENCE], named("subject", walk.to_subject)) == []


def test_what_else_was_done_on_the_way(walk: Walk) -> None:
    """One walk for all of it, since a walk takes long."""
    what_is_tried_leaves_no_trace(walk)
    a_receipt_leaves_no_trace_and_tells_nothing(walk)
    those_who_work_here_leave_no_trace(walk)
    what_is_measured_names_nobody(walk)
    the_failures_were_logged(walk)


def what_is_tried_leaves_no_trace(walk: Walk) -> None:
    """A made-up record is in the page that answers it, and nowhere else: no table, file, line, header or number."""
    assert [answer.status_code for answer in walk.to_who_tries] == [200, 422]
    assert all(TYPED[0] in answer.text for answer in walk.to_who_tries), "it was read"
    everything = [*walk.tables(), *walk.files(), *walk.logged(), *named("metrics", walk.to_prometheus)]
    headers = [repr((answer.status_code, answer.headers)).encode() for answer in walk.to_who_tries]
    assert traces([*TYPED, *CHOSEN], [*everything, *named("headers", headers)]) == []
    assert not any(answer.cookies for answer in walk.to_who_tries)
    assert traces(TYPED, named("next", [*walk.to_who_comes_next, *walk.to_strangers])) == []
    lines = [json.loads(line) for line in walk.log.getvalue().splitlines() if "tryout" in line]
    assert len(lines) == 4, "one line for each request"
    told = {"method", "endpoint", "status", "milliseconds", "request", "event", "level", "logger", "time"}
    assert all(set(line) == told for line in lines)


def a_receipt_leaves_no_trace_and_tells_nothing(walk: Walk) -> None:
    """Its numbers are nowhere outside the vault, so that it leads to no check; what came out is not in it."""
    numbers = [walk.receipt[name] for name in ("record_id", "receipt_id", "pii_principal_id")]
    assert len(set(numbers)) == 3
    assert traces(numbers, [*walk.tables(), *walk.files(), *walk.logged(), *named("metrics", walk.to_prometheus)]) == []
    told = [("receipt", json.dumps(walk.receipt, ensure_ascii=False).encode())]
    private = (*SAID_BY_THE_REGISTRY, *SAID_OF_THE_PERSON, REFERENCE, *walk.ids, "eligible", "ConsentWithdrawn")
    assert traces(private, told) == []


def those_who_work_here_leave_no_trace(walk: Walk) -> None:
    """Neither their names nor what they sign in with is outside the vault; and their pages tell nothing of a check."""
    assert len(walk.said_of_staff) >= 10
    everything = [*walk.tables(), *walk.files(), *walk.logged(), *named("metrics", walk.to_prometheus)]
    assert any("staff_sessions" in place for place, _ in everything)
    assert traces(walk.said_of_staff, [*everything, *named("stranger", walk.to_strangers)]) == []
    assert traces((*SAID_BY_THE_REGISTRY, *SAID_OF_THE_PERSON, REFERENCE), named("staff", walk.to_staff)) == []


def what_is_measured_names_nobody(walk: Walk) -> None:
    """Neither who asked, nor by what, nor about which check, nor under which policy, nor what came of it."""
    told = named("metrics", [*walk.to_prometheus, metrics.alerts().encode()])
    assert b"sealgate_registry_asks_total" in walk.to_prometheus[-1], "something was measured"
    words = ("Nursery", "The desk", "kindergarten", "carer", "hiring", "eligible", "refusal", "undetermined", "review")
    assert len(walk.ids) == 6
    assert traces([*words, *walk.ids], told) == []


def the_failures_were_logged(walk: Walk) -> None:
    """The registry did fail, once with a message full of details; the log has it by class and place."""
    log = walk.log.getvalue()
    assert '"event": "registry_silent"' in log
    assert '"error": "ValueError"' in log
    assert "REF-kestrel" not in log


@pytest.mark.parametrize("word", [*SAID_BY_THE_REGISTRY[:4], *SAID_OF_THE_PERSON])
def test_the_search_finds_what_is_there(word: str) -> None:
    """A canary is found in clear, in other encodings, in hex, in base64 at any place, and escaped."""
    raw = word.encode()
    hidden = {
        "clear": b"xx" + raw + b"yy",
        "utf-16": word.encode("utf-16"),
        "hex": b"0x" + raw.hex().encode(),
        "base64": base64.b64encode(b"a" + raw + b"zz"),
        "base64 again": base64.urlsafe_b64encode(b"ab" + raw + b"z"),
        "base64 of utf-16": base64.b64encode(b"abc" + word.encode("utf-16-be")),
        "URL": urllib.parse.quote(f"/x?name={word}&y").encode(),
    }
    for place, content in hidden.items():
        assert traces([word], [(place, content)]) or traces([word], [(place, urllib.parse.unquote_to_bytes(content))])
    assert traces([word], [("nothing", b"nothing of the kind" * 50)]) == []
