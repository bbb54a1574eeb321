"""A check walked through over HTTP by everybody who has a part in it, and the search for what must be nowhere."""

import base64
import io
import json
import logging
import re
import threading
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import inspect, select, text
from werkzeug.serving import make_server

from connectors.base import Query, Reply, Unavailable
from connectors.fake import FakeRegistry
from gateway import logs, metrics, watch, work
from gateway.app import create_app
from gateway.config import Config
from gateway.db import db
from gateway.oauth.models import Client, Institution
from gateway.oauth.register import add_client, add_institution
from gateway.watch.numbers import OFTEN_SECONDS
from policies.library import Library
from policies.model import Report, read_record
from tests.server import HOST, free_port
from tests.stage import with_release
from tests.visitors import Software, Subject, wait_for
from tests.workers import a_day_of_work

RECORD = {
    "ref": "REF-kestrel-7731",
    "proceeding": "PROC-heron-4242",
    "jurisdiction": "cn",
    "kind": "criminal",
    "offence": "traffic.hit-and-run",
    "disposition": "convicted",
    "acted_on": "2003-07-29",
    "decided_on": "2004-01-19",
    "sentences": [{"kind": "imprisonment", "length": "P17M", "started_on": "2004-02-23"}],
}
CASE, BODY = "CASE-egret-9019", "People's Court of Plover Bay"
SAID_BY_THE_REGISTRY = (
    *("REF-kestrel-7731", "PROC-heron-4242", CASE, BODY, "traffic.hit-and-run", "hit-and-run"),
    *("2003-07-29", "2004-01-19", "2004-02-23", "P17M", "imprisonment", "convicted"),
)
DECIDED_BY = ("any-crime", "harm-ever", "drug-use-ever", "Kindergarten Work Rules", "幼儿园工作规程")
"""The bar that decides, others that do not, and its citation."""

PERSON = {
    "names": [{"full": "Zofia Wrzeszczyk", "script": "Latn"}, {"full": "佐菲亚·鹭鸶", "script": "Hans"}],
    "born": "1961-02-03",
    "ids": [{"type": "passport", "value": "PPKESTREL9917"}, {"type": "national-id", "value": "NID-dunlin-31"}],
    "contact": {"email": "zofia@bittern.example", "phone": "+8613977755531"},
}
SAID_OF_THE_PERSON = (
    *("Zofia Wrzeszczyk", "Wrzeszczyk", "佐菲亚·鹭鸶", "鹭鸶", "1961-02-03", "PPKESTREL9917", "NID-dunlin-31"),
    *("zofia@bittern.example", "+8613977755531"),
)
REFERENCE = "zofia-w-for-the-nursery"

PUPIL = {
    "names": [{"full": "Ottoline Smewhurst", "script": "Latn"}],
    "born": "2012-08-09",
    "ids": [{"type": "passport", "value": "PPSMEW40417"}],
    "contact": {"email": "ottoline@dunnock.example"},
    "guardian": {
        "names": [{"full": "Perpetua Godwitt", "script": "Latn"}],
        "born": "1973-05-06",
        "ids": [{"type": "passport", "value": "PPGODWIT4471"}],
        "contact": {"email": "perpetua@pipit.example"},
    },
}
"""Somebody who is too young to consent alone."""
SAID_OF_THE_PUPIL = ("Ottoline Smewhurst", "Smewhurst", "2012-08-09", "PPSMEW40417", "ottoline@dunnock.example")
SAID_OF_THE_GUARDIAN = ("Perpetua Godwitt", "Godwitt", "1973-05-06", "PPGODWIT4471", "perpetua@pipit.example")


TRIED = {
    "e1-offence": "hazmat",
    "e1-kind": "barring",
    "e1-disposition": "youth-conditionally-cautioned",
    "e1-acted_on": "1987-06-05",
    "e1-decided_on": "1988-07-06",
    "e1-age_at_act": "17",
    "e1-sentence": "detention-training-order",
    "e1-length": "8317",
    "e1-unit": "days",
    "born": "1969-08-09",
}
"""A record that somebody makes up on the page “Would I pass?”, for rules that nobody here is checked under."""
MISTYPED = {**TRIED, "e2-offence": "smuggled-curlews", "e2-age_at_act": "lapwing", "day": "on dotterel day"}
TRIED_UNDER = ("/would-i-pass/cn/narcotics-trade/wholesaler", "narcotics-trade", "wholesaler")
TYPED = ("1987-06-05", "1988-07-06", "1969-08-09", "smuggled-curlews", "lapwing", "on dotterel day")
CHOSEN = ("hazmat", "youth-conditionally-cautioned", "youth-conditionally", "detention-training-order", *TRIED_UNDER)

_BY_CHANCE = re.compile(rb"[a-z2-7]{1,5}")
"""What stands somewhere among the random ids of every few dozen runs."""


def forms(word: str) -> set[bytes]:
    """A word as it may be hidden: other encodings, hex, base64 at any offset, escapes of JSON and of URLs."""
    found = {urllib.parse.quote(word).encode(), urllib.parse.quote_plus(word).encode()}
    found.add(word.encode("ascii", "backslashreplace"))
    for raw in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        found |= {raw, raw.hex().encode(), raw.hex().upper().encode()}
        for offset in range(3):
            padded = bytes(offset) + raw
            whole = base64.b64encode(padded).rstrip(b"=")
            inner = whole[(offset * 8 + 5) // 6 : len(padded) * 8 // 6]
            found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in found if not _BY_CHANCE.fullmatch(form)}


def traces(words: Iterable[str], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where a word is, in any of its forms: `word in place`."""
    hidden = [(word, form) for word in words for form in forms(word)]
    return [f"{word} in {place}" for place, content in places for word, form in hidden if form in content]


class Stubborn(FakeRegistry):
    """Fails in a new way at each of the first asks, once with a message that quotes the record; then answers."""

    failures = 0

    def ask(self, query: Query) -> Reply:
        self.failures += 1
        if self.failures == 1:
            raise Unavailable(self.name, "does not answer")
        if self.failures == 2:
            raise ValueError(f"{query!r} {RECORD!r} {PERSON!r}")
        return super().ask(query)


@dataclass
class Walk:
    """What was said to whom while a check was walked through."""

    config: Config
    log: io.StringIO
    to_institution: list[bytes] = field(default_factory=list)
    to_desk: list[bytes] = field(default_factory=list)
    to_subject: list[bytes] = field(default_factory=list)
    to_guardian: list[bytes] = field(default_factory=list)
    to_strangers: list[bytes] = field(default_factory=list)
    receipt: dict[str, Any] = field(default_factory=dict)
    """What the subject's receipt says."""
    to_prometheus: list[bytes] = field(default_factory=list)
    to_who_tries: list[requests.Response] = field(default_factory=list)
    to_who_comes_next: list[bytes] = field(default_factory=list)
    to_staff: list[bytes] = field(default_factory=list)
    said_of_staff: list[str] = field(default_factory=list)
    """Their names, passwords, keys, links and cookies."""
    ids: list[str] = field(default_factory=list)
    """Of the check, the review, the clients."""

    def ask_as_prometheus(self) -> None:
        """What is measured at this moment."""
        assert self.config.metrics is not None
        answer = requests.get(f"http://{HOST}:{self.config.metrics[1]}/metrics", timeout=30)
        assert answer.ok
        self.to_prometheus.append(answer.content)

    def tables(self) -> Iterator[tuple[str, bytes]]:
        """Every cell of the database, the engine's tables too."""
        seen = inspect(db.engine)
        schemas = [None] if db.embedded else ["public", "dbos"]
        names = [
            f'"{table}"' if schema is None else f'"{schema}"."{table}"'
            for schema in schemas
            for table in seen.get_table_names(schema)
        ]
        assert any("workflow_status" in name for name in names)
        with db.read() as session:
            for table in names:
                for row in session.execute(text(f"SELECT * FROM {table}")).mappings():
                    for column, cell in row.items():
                        yield f"{table}.{column}", cell if isinstance(cell, bytes) else str(cell).encode()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the data folder as it lies on the disk."""
        for path in sorted(self.config.data.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()

    def logged(self) -> Iterator[tuple[str, bytes]]:
        """Every line that was logged."""
        for number, line in enumerate(self.log.getvalue().splitlines(), 1):
            yield f"log line {number}", line.encode()


@pytest.fixture
def walk(stage_environ: dict[str, str], unused_port: int) -> Iterator[Walk]:
    """A check walked through to its end, with everything measured that can be."""
    environ = {**stage_environ, "SEALGATE_ISSUER": f"http://{HOST}:{unused_port}"}
    environ |= {"SEALGATE_RELEASE_HOLD": "PT3S", "SEALGATE_RELEASE_GRID": "PT1S"}
    environ["SEALGATE_METRICS"] = f"{HOST}:{free_port()}"
    config = Config.from_env(environ)
    log, before = io.StringIO(), logging.getLogger().handlers[:]
    logs.setup("debug", log)
    (entry,) = read_record({"entries": [RECORD]}).entries
    registry = Stubborn("police", {"PPKESTREL9917": [Report(entry, case=CASE, body=BODY)]})
    app = create_app(config, registries={"police": registry}, library=with_release(Library.shipped(), review_share=0.0))
    db.upgrade()
    watch.start(config)
    work.launch(config)
    server = make_server(HOST, unused_port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        found = Walk(config, log)
        _walk(found, config.issuer, Path(environ["SEALGATE_OUTBOX"].removeprefix("file:")))
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        work.stop()
        metrics.stop()
        db.close()
        logging.getLogger().handlers[:] = before


@pytest.fixture
def unused_port() -> int:
    """A free port of the loopback interface."""
    probe = make_server(HOST, 0, lambda *_: [])
    probe.server_close()
    return int(probe.server_port)


def _walk(found: Walk, url: str, outbox: Path) -> None:
    hr = _signed_in(url, "Nursery", ["checks:write", "checks:read"])
    desk = _signed_in(url, "The desk", ["reviews:decide"], desk=True)
    body = {"policy": "cn/kindergarten", "role": "carer", "purpose": "hiring", "reference": REFERENCE}
    wrong = hr.call("POST", "/v1/checks", {**body, "subject": {**PERSON, "born": "2161-02-03", "surprise": PERSON}})
    asked = hr.call("POST", "/v1/checks", {**body, "subject": PERSON})
    assert (wrong.status_code, asked.status_code) == (422, 201)
    found.to_institution += [wrong.content, asked.content]
    check_id = asked.json()["id"]
    found.ask_as_prometheus()
    subject = Subject(outbox)
    subject.decide(asked.json()["consent"]["url"], "Zofia Wrzeszczyk", "1961-02-03")
    review = wait_for("the review", lambda: desk.call("GET", "/v1/reviews").json()["reviews"])[0]
    found.to_institution.append(hr.call("GET", f"/v1/checks/{check_id}").content)
    path = f"/v1/reviews/{review['id']}"
    found.to_desk += [desk.call("GET", "/v1/reviews").content, desk.call("GET", path).content]
    found.said_of_staff, found.to_staff, in_rooms = a_day_of_work(url, outbox, "/desk", f"/desk/{review['id']}")
    assert b"Does this no stand?" in in_rooms[-1]
    found.to_desk += in_rooms
    found.ask_as_prometheus()
    decision = {"decision": "confirm", "reason": "record-plain"}
    found.to_desk.append(desk.call("POST", f"{path}/decision", decision).content)
    assert hr.await_end(check_id, desk)["eligible"] is False
    found.to_institution += [hr.call("GET", f"/v1/checks/{check_id}").content, hr.call("GET", "/v1/checks").content]
    subject.open(subject.page.url.rpartition("/")[0] + "/status")
    _look_at_everything(subject)
    found.to_subject += [page.encode() for page in subject.pages]
    for path in ("/", "/docs", "/readyz", f"/v1/checks/{check_id}", f"/c/{check_id}", "/nothing"):
        found.to_strangers.append(requests.get(url + path, timeout=30).content)
    for data in (TRIED, MISTYPED):
        found.to_who_tries.append(requests.post(url + TRIED_UNDER[0], data, timeout=30))
    for path in (TRIED_UNDER[0], "/would-i-pass"):
        found.to_who_comes_next.append(requests.get(url + path, timeout=30).content)
    found.ids += [check_id, review["id"], *_clients()]
    time.sleep(OFTEN_SECONDS)  # the state is read anew, with everything in it
    found.ask_as_prometheus()
    _look_at_receipts(found, url, subject)
    _join_as_guardian(found, hr, body, outbox)
    for visitor in (hr, desk, subject):
        visitor.close()


def _look_at_everything(subject: Subject) -> None:
    """The subject goes on to everything about them, to the check there, and back."""
    status = subject.page.url
    subject.send()
    subject.open(urllib.parse.urljoin(status, *set(re.findall(r'href="(/c/mine/con_\w+)"', subject.page.text))))
    assert "Decided the question" in subject.page.text
    subject.open(status)


def _look_at_receipts(found: Walk, url: str, subject: Subject) -> None:
    """The subject saves theirs; it is looked at, and so is one that somebody has filled with what they should not."""
    subject.open(subject.page.url.rpartition("/")[0] + "/receipt")
    found.to_subject.append(subject.page.content)
    subject.send()
    text = subject.page.text
    found.receipt = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    canary = base64.urlsafe_b64encode(json.dumps({**PERSON, **RECORD}).encode()).decode().rstrip("=")
    head, _, tail = text.split(".")
    for sent in (text, f"{head}.{canary}.{tail}", json.dumps(PERSON)):
        by_machine = requests.post(f"{url}/v1/consent-receipts/verify", json={"receipt": sent}, timeout=30)
        reader = Subject(subject.outbox)
        reader.open(f"{url}/c/receipts")
        reader.send(receipt=sent)
        found.to_strangers += [by_machine.content, reader.page.content]
        reader.close()
    assert b'"signed": true' in found.to_strangers[-6]
    assert b"We signed this receipt" in found.to_strangers[-5]


def _join_as_guardian(found: Walk, hr: Software, body: dict[str, Any], outbox: Path) -> None:
    """A guardian agrees first, and waits for the pupil."""
    wrong = {**PUPIL, "guardian": {**PUPIL["guardian"], "born": "2012-08-09"}}  # type: ignore[dict-item]
    refused = hr.call("POST", "/v1/checks", {**body, "subject": wrong})
    asked = hr.call("POST", "/v1/checks", {**body, "subject": PUPIL})
    assert (refused.status_code, asked.status_code) == (422, 201)
    guardian = Subject(outbox)
    guardian.decide(asked.json()["consent"]["guardian"]["url"], "Perpetua Godwitt", "1973-05-06")
    assert "We are waiting for Ottoline Smewhurst" in guardian.page.text
    found.to_institution += [refused.content, asked.content, hr.call("GET", "/v1/checks").content]
    found.to_guardian += [page.encode() for page in guardian.pages]
    guardian.close()


def _signed_in(url: str, name: str, scopes: list[str], **options: Any) -> Software:
    software = Software(url)
    with db.write() as session:
        institution = add_institution(session, name, f"reg-{name}", "cn", ["cn/kindergarten"])
        client, _ = add_client(session, institution, f"{name}'s software", software.jwks, scopes, **options)
        client_id = client.id
    software.sign_in(client_id, " ".join(scopes))
    return software


def _clients() -> list[str]:
    with db.read() as session:
        return [*session.scalars(select(Client.id)), *session.scalars(select(Institution.id))]


def named(name: str, contents: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """Contents with a name for the report."""
    return [(f"{name} {number}", content) for number, content in enumerate(contents, 1)]
