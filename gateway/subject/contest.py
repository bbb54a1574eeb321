"""The subject contests a no: why, by one of three words, and another person looks again."""

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.checks.contest import GROUNDS, contest, contestable
from gateway.checks.models import Check
from gateway.consent import shown
from gateway.db import db
from gateway.subject.room import answer, closing, room


@answer.route("/<consent_id>/contest", endpoint="contest", methods=["GET", "POST"])
def ask(consent_id: str) -> Response:
    """Say why, and send it; sent twice, or when there is nothing to contest, it shows how it stands."""
    status = redirect(url_for("answer.status", consent_id=consent_id), 303)
    if request.method != "POST":
        with db.read() as session:
            may = contestable(session, session.get_one(Check, g.consent.check_id), g.consent)
        return _page() if may else status
    ground = request.form.get("ground", "")
    if ground not in GROUNDS:
        return _page(422)
    contest(g.consent.check_id, ground)
    return status


def _page(code: int = 200) -> Response:
    left = g.consent.released_at is not None
    page = room.page("contest", code, grounds=GROUNDS, missing=code != 200, left=left, **shown.about(g.consent))
    return closing(page)
