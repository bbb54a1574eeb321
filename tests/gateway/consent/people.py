"""The subject's pages on a small application of their own, and a person who uses them as a browser does."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from gateway import audit, clock, consent, notices, problems, vault
from gateway import subject as subject_pages
from gateway.checks import deployment, run  # which registers the task that follows consent
from gateway.checks.models import Check
from gateway.config import Config
from gateway.consent.ask import Asked
from gateway.consent.models import Consent
from gateway.db import db, new_id
from gateway.notices.models import TO_GO, Message
from gateway.oauth import register
from policies.library import Library
from tests.gateway.consent.provider import ALICE, CLIENT, SECRET

AFTER_CONSENT = run.run
NOW = datetime(2026, 11, 20, 7, 20, tzinfo=UTC)

SUBJECT = {
    "names": [{"full": "王小明", "script": "Hans"}, {"full": "Wang Xiaoming", "script": "Latn"}],
    "born": "1990-04-23",
    "ids": [{"type": "cn-resident-id", "value": "110105199004230019"}],
}
CONTACT = {"email": "xiaoming@mail.example"}
RIGHT = {"name": "Wang Xiaoming", "year": "1990", "month": "4", "day": "23"}
WRONG = {"name": "Wang Xiaohong", "year": "1990", "month": "4", "day": "23"}


def make_app(config: Config) -> Flask:
    """The consent pages as an application hosts them."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.max_body
    notices.init(config)
    consent.init_app(app, config)
    deployment.init(config, {}, Library.shipped())
    subject_pages.init_app(app)
    problems.install(app, config.issuer)
    return app


@dataclass(frozen=True)
class Request:
    """A request for consent, as the institution got it."""

    check_id: str
    asked: Asked
    guardians_url: str = ""

    @property
    def id(self) -> str:
        return self.asked.consent.id

    @property
    def path(self) -> str:
        """The link without the host."""
        return self.asked.url.removeprefix("http://localhost:8000")

    @property
    def row(self) -> Consent:
        with db.read() as session:
            return session.get_one(Consent, self.id)


def ask(
    institution: str = "Sunflower Kindergarten",
    subject: dict[str, Any] = SUBJECT,
    beside: dict[str, Any] | None = None,
    **changes: Any,
) -> Request:
    """A kindergarten asks about a teacher; `beside` is the guardian of one who is too young to consent alone."""
    check_id = new_id("chk")
    policy = Library.shipped().policy("cn/kindergarten", clock.now().date())
    terms: dict[str, Any] = {
        "role": "teacher", "purpose": "hiring", "contact": CONTACT, "language": "en",
        "hold": timedelta(days=1), "grid": timedelta(hours=1), "subject": subject, **changes,
    }  # fmt: skip
    asked = consent.ask(check_id, institution, policy, **terms)
    joining = consent.guardian.ask(asked.consent, beside, terms["language"])
    kept = {"subject": subject, **asked.kept, **joining.kept}
    db.insert([_check(check_id, asked.consent), *vault.sealed(check_id, kept)])
    db.insert([*asked.rows, *joining.rows])
    return Request(check_id, asked, joining.answer.get("guardian", {}).get("url", ""))


def _check(check_id: str, consent: Consent) -> Check:
    """The row of the check, with somebody who asks for it."""
    with db.write() as session:
        here = register.add_institution(session, "HR", check_id, "cn", ("cn/kindergarten",))
        client, _ = register.add_client(session, here, "HR", None, ("checks:write",))
        return Check(
            id=check_id, institution_id=here.id, client_id=client.id, policy=consent.policy, version=consent.version,
            role=consent.role, purpose=consent.purpose, created_at=consent.requested_at,
        )  # fmt: skip


def deliver() -> None:
    """Hand over every message that is queued, as the durable tasks would."""
    with db.read() as session:
        to_go = select(Message.id).where(Message.state.in_(TO_GO)).order_by(Message.created_at, Message.state.desc())
        queued = session.scalars(to_go).all()
    for message_id in queued:
        notices.deliver(message_id)


def letters(config: Config) -> list[dict[str, Any]]:
    """Everything in the outbox."""
    deliver()
    path = Path(config.outbox.removeprefix("file:"))
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def sent_code(config: Config) -> str:
    """The six digits of the last letter that has some."""
    found = [re.search(r"\b(\d{6})\b", letter["text"]) for letter in letters(config) if "://" not in letter["text"]]
    return [match[1] for match in found if match][-1]


class Person:
    """Somebody with a browser of their own: opens pages, fills in the one form that is there, follows redirects."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.client = app.test_client()
        self.headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": language}
        self.page = ""
        self.path = ""

    def open(self, path: str) -> TestResponse:
        return self._keep(self.client.get(path, headers=self.headers, follow_redirects=True))

    def send(self, follow: bool = True, path: str | None = None, **fields: str) -> TestResponse:
        """Submit the form of the present page."""
        token = re.search(r'name="form" value="([0-9a-f]{64})"', self.page)
        data = {"form": token[1] if token else "", **fields}
        to = path or self.path
        return self._keep(self.client.post(to, data=data, headers=self.headers, follow_redirects=follow))

    def _keep(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html":
            self.page, self.path = response.text, response.request.path
        return response

    @property
    def text(self) -> str:
        """The words on the page."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page.split("<main", 1)[-1])).split())

    def prove(self, request: Request, config: Config, particulars: dict[str, str] = RIGHT) -> TestResponse:
        """Open the link and prove who one is."""
        self.open(request.path)
        self.send()
        self.send(**particulars)
        return self.send(code=sent_code(config))


class Control:
    """What the tests make the provider do."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.base}/realm"
        self.set(person=ALICE, lie="", in_userinfo_only=[], asked=[])

    @property
    def settings(self) -> dict[str, str]:
        """What a deployment must be told to work with it."""
        return {
            "SEALGATE_PROOF": "oidc",
            "SEALGATE_OIDC_ISSUER": self.issuer,
            "SEALGATE_OIDC_CLIENT_ID": CLIENT,
            "SEALGATE_OIDC_CLIENT_SECRET": SECRET,
            "SEALGATE_OIDC_ASSURANCE": "substantial",
        }

    def set(self, **what: Any) -> None:
        assert requests.post(f"{self.base}/control", json=what, timeout=5).ok

    def asked(self) -> list[dict[str, str]]:
        return list(requests.get(f"{self.base}/asked", timeout=5).json())


def answer(request: Request, eligible: bool) -> None:
    """The answer is there and under a checkpoint of the log, and the subject is told."""
    with db.write() as session:
        vault.put(session, request.check_id, "result", {"eligible": eligible})
        audit.record(
            session, "answer", request.check_id, policy="cn/kindergarten", version="2025-06-01", eligible=eligible
        )
    audit.sequence()
    with db.write() as session:
        consent.tell(session, request.check_id)
