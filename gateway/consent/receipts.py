"""The pages of receipts: the subject's own, to be read and saved, and the open one, where anybody looks at one."""

from dataclasses import asdict
from typing import Any

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.consent import deployment, receipt
from gateway.consent.blueprint import pages
from gateway.consent.render import language, page
from gateway.consent.shown import of_two
from gateway.consent.wording import Wording
from policies.library import NothingInForce

FILE = "consent-receipt.jws"


@pages.route("/<consent_id>/receipt", methods=["GET", "POST"])
def own(consent_id: str) -> AnyResponse:
    """What the subject agreed to, signed; sent as a form, it is saved as a file (RFC 7515 §9.2.1)."""
    consent, two = g.consent, of_two(g.consent)
    if consent.given_at is None or (two and two.over):
        return redirect(url_for("answer.status", consent_id=consent_id), 303)
    signed = receipt.issue(consent)
    if request.method == "POST":
        held = {"Content-Disposition": f'attachment; filename="{FILE}"'}
        return Response(signed, content_type="application/jose", headers=held)
    return page("receipt", signed=signed, **_shown(receipt.verify(signed)))


@pages.route("/receipts", methods=["GET", "POST"])
def verify() -> Response:
    """Anybody: did we sign this receipt, and what does it say? Not how the consent stands; see `receipt`."""
    if request.method != "POST":
        return page("verify", asked=False, **_shown(None))
    return page("verify", asked=True, **_shown(receipt.verify(request.form.get("receipt", ""))))


def _shown(looked: receipt.Looked | None) -> dict[str, Any]:
    told = None if looked is None else looked.told
    if looked is None or told is None:
        return {"told": None, "why": looked.why if looked else None}
    words = Wording(language(), told.jurisdiction)
    return {"told": asdict(told) | _in_their_words(told) | {"given": words.moment(told.given_at)}, "why": None}


def _in_their_words(told: receipt.Told) -> dict[str, str]:
    """Title, citation and role in the language of this reader, where the library has the version still."""
    lang = language()
    try:
        policy = deployment.library().version(told.policy, told.version)
        label = policy.role_labels[told.role][lang]
    except (NothingInForce, KeyError):
        return {}
    return {"title": policy.title[lang], "cites": policy.source.cited(lang), "role_title": label}
