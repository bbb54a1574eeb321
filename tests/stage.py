"""A stage for whole checks: a deployment in a temporary folder with fake registries, and those who act on it.

Everything is the real thing except the registries and the clock. Tasks are run by hand, so that a test says
what happens when; the tests that need the durable engine start it themselves. A test file gets the fixtures by
importing `stage_environ`, `make_stage` and `stage` (its folder's conftest may do it for it).
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import ECKey
from sqlalchemy import select
from werkzeug.test import TestResponse

from connectors.fake import FakeRegistry
from gateway import clock, consent
from gateway.app import create_app
from gateway.audit.models import AuditEntry
from gateway.checks import release
from gateway.checks.models import Check, Review
from gateway.checks.run import run
from gateway.config import Config
from gateway.consent import Consent
from gateway.consent.decide import agree, decline, withdraw
from gateway.db import db
from gateway.oauth import clients, register, signing, tokens
from policies.library import Library
from policies.model import Report, read_record
from tests.databases import make_tables

NOW = datetime(2026, 11, 20, 9, 7, 13, 250_000, tzinfo=UTC)
RELEASE = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
"""When the answer to a consent given at NOW leaves: a day's hold, then the next full hour."""

SCOPES = ("checks:write", "checks:read")
JWKS = {"keys": [ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "k1"}]}
"""Of every caller here: their tokens come by themselves. (Hashing a secret for each takes twenty milliseconds.)"""


def key(letter: str) -> str:
    """A 256-bit key in base64url, different for each letter."""
    return base64.urlsafe_b64encode(letter.encode() * 32).decode().rstrip("=")


def reports(*entries: Mapping[str, Any], sure: bool = True) -> list[Report]:
    """What a registry says: one report an entry, in the record format; the commonest words may be left out."""
    whole = [{"jurisdiction": "cn", "kind": "administrative", "disposition": "penalised", **entry} for entry in entries]
    return [Report(entry, sure=sure) for entry in read_record({"entries": whole}).entries]


# One person for each way that a check of a kindergarten teacher can go, by passport.
PEOPLE: dict[str, Sequence[Report]] = {
    "CLEAN": [],
    "BARRED": reports({"offence": "drugs.use", "decided_on": "2012-05-05", "ref": "case-1"}),
    "FORGIVEN": reports({"offence": "theft", "decided_on": "2012-05-05", "ref": "case-2"}),
    "UNCLEAR": reports({"offence": "violence", "decided_on": "2024-01-01", "ref": "case-3"}),
}


@dataclass
class Caller:
    """A client that calls the API: its token is new for every request, as the clock may have moved on."""

    app: Flask
    issuer: str
    client_id: str
    institution_id: str

    def headers(self) -> dict[str, str]:
        """The header with a fresh token of all its scopes."""
        with db.write() as session:
            client = clients.find(session, self.client_id)
            assert client is not None
            token = tokens.issue(session, self.issuer, client, " ".join(client.scopes), f"{self.issuer}/v1")
        return {"Authorization": f"Bearer {token['access_token']}"}

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET a path."""
        return self.app.test_client().get(path, headers=self.headers(), **options)

    def post(self, path: str, json: object = None, headers: Mapping[str, str] = {}, **options: Any) -> TestResponse:
        """POST JSON to a path."""
        sent = {**self.headers(), **headers}
        if json is not None:
            options["json"] = json
        return self.app.test_client().post(path, headers=sent, **options)

    def ask(self, passport: str = "CLEAN", key: str | None = None, **changes: Any) -> TestResponse:
        """Ask for a check of the person with this passport."""
        return self.post("/v1/checks", request_for(passport, **changes), {"Idempotency-Key": key or f"key-{passport}"})

    def asked(self, passport: str = "CLEAN", key: str | None = None, **changes: Any) -> str:
        """Ask for a check and return its id."""
        answer = self.ask(passport, key, **changes)
        assert answer.status_code == 201, answer.text
        found: str = answer.json["id"]  # type: ignore[index]
        return found

    def see(self, check_id: str) -> dict[str, Any]:
        """The check as this caller sees it."""
        answer = self.get(f"/v1/checks/{check_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json  # type: ignore[assignment]
        return found


def request_for(passport: str, **changes: Any) -> dict[str, Any]:
    """A request for a check; `changes` replace top-level fields."""
    subject = {
        "names": [{"full": "王小明", "script": "Hans"}],
        "born": "1990-04-23",
        "ids": [{"type": "passport", "value": passport}],
        "contact": {"email": "somebody@mail.example"},
    }
    return {
        "policy": "cn/kindergarten",
        "role": "teacher",
        "purpose": "hiring",
        "reference": "applicant-2041",
        "subject": subject,
        **changes,
    }


class Stage:
    """A deployment, its institutions and its time."""

    def __init__(self, config: Config, time: clock.Stopped, library: Library) -> None:
        self.config = config
        self.time = time
        self.police = FakeRegistry("police", dict(PEOPLE))
        self.health = FakeRegistry("health")
        registries = {"police": self.police, "health": self.health}
        self.app = create_app(config, registries=registries, library=library)
        make_tables()
        with db.write() as session:
            signing.prepare(session)

    def caller(
        self, *policies: str, name: str = "Sunflower Kindergarten", scopes: Sequence[str] = SCOPES, desk: bool = False
    ) -> Caller:
        """Register an institution with one client."""
        with db.write() as session:
            registration = f"reg-{name}"
            institution = register.add_institution(session, name, registration, "cn", policies or ("cn/kindergarten",))
            client, _ = register.add_client(session, institution, f"{name}'s software", JWKS, scopes, desk=desk)
            return Caller(self.app, self.config.issuer, client.id, institution.id)

    def desk(self, name: str = "The desk") -> Caller:
        """Register an adjudicator's desk."""
        return self.caller(name=name, scopes=("reviews:decide",), desk=True)

    def act(self, check_id: str, act: Callable[..., bool] = agree) -> bool:
        """The subject's act: agree, decline or withdraw. The check is not run by it."""
        with db.write() as session:
            return act(session, consent.decided(session, check_id))

    def agree(self, check_id: str) -> None:
        """The subject agrees, and the check is run as far as it goes."""
        assert self.act(check_id, agree)
        run(check_id)

    def decline(self, check_id: str) -> None:
        """The subject declines."""
        assert self.act(check_id, decline)

    def withdraw(self, check_id: str) -> None:
        """The subject withdraws."""
        assert self.act(check_id, withdraw)

    def forward(self, **by: float) -> None:
        """Let time pass, as `until`."""
        self.until(self.time.at + timedelta(**by))

    def until(self, moment: datetime) -> None:
        """Let time pass until a moment, and let go what is due: at the hours of the first days, and when subjects are
        told. A gateway that stands still meanwhile would tell them late."""
        now = self.time.at
        hours = [now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=n) for n in range(1, 49)]
        with db.read() as session:
            told = select(Consent.tell_at).where(Consent.tell_at > now, Consent.tell_at < moment).distinct()
            stops = {at for at in (*session.scalars(told), *hours) if at is not None and now < at < moment}
        for stop in (*sorted(stops), moment):
            self.time.at = stop
            release.tick()

    def settle_reviews(self, desk: Caller, decision: str | None = None) -> None:
        """Let the desk confirm everything, and hold what is undetermined eligible, unless told otherwise."""
        usual = {"refusal": "confirm", "sample": "confirm", "undetermined": "eligible", "contest": "confirm"}
        for review in desk.get("/v1/reviews").json["reviews"]:  # type: ignore[index]
            why = desk.get(f"/v1/reviews/{review['id']}").json["why"]  # type: ignore[index]
            answer = self.decide(desk, review["id"], decision or usual[why])
            assert answer.status_code == 200, answer.text

    def decide(self, desk: Caller, review_id: str, decision: str, reason: str = "record-plain") -> TestResponse:
        """Let the desk decide a review in a word."""
        return desk.post(f"/v1/reviews/{review_id}/decision", {"decision": decision, "reason": reason})

    def opened(self, hr: Caller, passport: str, **changes: Any) -> tuple[str, str]:
        """A check that is on the desk: its id and the review's."""
        check_id = hr.asked(passport, **changes)
        self.agree(check_id)
        review = self.review(check_id)
        assert review is not None
        return check_id, review.id

    def entries(self, kind: str) -> list[AuditEntry]:
        """The audit entries of a kind, in order."""
        with db.read() as session:
            query = select(AuditEntry).where(AuditEntry.kind == kind).order_by(AuditEntry.recorded)
            return list(session.scalars(query))

    def check(self, check_id: str) -> Check:
        """The row of a check."""
        with db.read() as session:
            return session.get_one(Check, check_id)

    def review(self, check_id: str) -> Review | None:
        """The row of a check's review, if it is on the desk."""
        with db.read() as session:
            return session.scalar(select(Review).where(Review.check_id == check_id))


def with_release(library: Library, **changes: Any) -> Library:
    """The library with other release terms in every policy: `review_share`, `refusal`, `hold`, `grid`."""
    versions = {
        name: tuple(replace(one, release=replace(one.release, **changes)) for one in all_versions)
        for name, all_versions in library.policy_versions.items()
    }
    return replace(library, policy_versions=versions)


StageMaker = Callable[..., Stage]


def environ_in(folder: Path) -> dict[str, str]:
    """The environment of a stage's deployment in a folder, but for its database."""
    (folder / "registries.toml").touch()
    return {
        "SEALGATE_MODE": "trial",
        "SEALGATE_ISSUER": "http://localhost:8000",
        "SEALGATE_DATA": str(folder / "data"),
        "SEALGATE_SECRET_KEY": "not a secret, forty characters, for tests",
        "SEALGATE_KEKS": f"new:{key('n')}",
        "SEALGATE_INDEX_KEY": key("i"),
        "SEALGATE_REGISTRIES": str(folder / "registries.toml"),
        "SEALGATE_OUTBOX": f"file:{folder / 'outbox.jsonl'}",
        "SEALGATE_PROOF": "particulars",
    }


@pytest.fixture
def stage_environ(tmp_path: Path, database_environ: dict[str, str]) -> dict[str, str]:
    """The environment of the stage's deployment."""
    return {**environ_in(tmp_path), **database_environ}


@pytest.fixture
def make_stage(stage_environ: dict[str, str]) -> Iterator[StageMaker]:
    """Build a stage with other release terms or another environment. Nobody is drawn for review unless asked for."""
    with ExitStack() as stack:

        def make(environ: Mapping[str, str] = {}, **terms: Any) -> Stage:
            library = with_release(Library.shipped(), **{"review_share": 0.0, **terms})
            time = stack.enter_context(clock.stopped(NOW))
            stack.callback(db.close)
            return Stage(Config.from_env({**stage_environ, **environ}), time, library)

        yield make


@pytest.fixture
def stage(make_stage: StageMaker) -> Stage:
    """The usual stage: hold of a day, grid of an hour, refusals confirmed by a person."""
    return make_stage()
