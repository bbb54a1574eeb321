"""The subject's act, and the pages on which it is done.

`ask` opens a request; the subject's pages (`agree`, `decline`, `withdraw`) or time (`expire`) decide it; the
check is run, the subject is told (`tell`), and the answer may leave (`release`) while the consent stands. What was
agreed to is kept as a `record` and given to the subject as a signed `receipt`.
"""

from flask import Flask

from gateway.config import Config
from gateway.consent import contact_pages, contacts, decision, deployment, entry, given, guardian, oidc, receipts
from gateway.consent.ask import TERM, Asked, ask, invite
from gateway.consent.blueprint import pages
from gateway.consent.decide import (
    agree,
    cancel,
    decided,
    hold_back,
    inform,
    lateness,
    observe_lateness,
    opens_at,
    release,
    shown_release_at,
    tell,
    withdraw,
)
from gateway.consent.guard import DOORS, OPEN_ENDPOINTS, guard
from gateway.consent.models import Consent
from policies.library import Library

__all__ = [
    "DOORS",
    "OPEN_ENDPOINTS",
    "TERM",
    "Asked",
    "Consent",
    "agree",
    "ask",
    "cancel",
    "contact_pages",
    "contacts",
    "decided",
    "decision",
    "entry",
    "given",
    "guard",
    "guardian",
    "hold_back",
    "inform",
    "init_app",
    "invite",
    "lateness",
    "observe_lateness",
    "opens_at",
    "pages",
    "receipts",
    "release",
    "shown_release_at",
    "tell",
    "withdraw",
]


def init_app(app: Flask, config: Config, library: Library | None = None) -> None:
    """Give an application the subject's pages under /c. `library` is the shipped one unless another is given."""
    deployment.init(config, library or Library.shipped())
    if config.proof == "oidc":
        oidc.register(app, config)
    app.register_blueprint(pages)
