"""The pages of kept contacts: have a code sent, type it; after a sign-in, say whether a contact is to be kept."""

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway import clock
from gateway.consent import attempts, contacts, tokens
from gateway.consent.blueprint import pages
from gateway.consent.entry import proved, refuse_pause
from gateway.consent.models import Consent, Visit
from gateway.consent.refusals import LinkUnknown
from gateway.consent.render import language, page
from gateway.db import db

KEEP = "yes"
"""What the ticked box sends."""


@pages.route("/<consent_id>/contact/send", methods=["GET", "POST"])
def send(consent_id: str) -> AnyResponse:
    """Have a code sent to the contact that was proved before: the same answer whether or not there is one."""
    _refuse_where_it_proves_too_little()
    if request.method != "POST":
        return redirect(url_for("consent.prove", consent_id=consent_id), 303)
    refuse_pause(g.consent)
    with db.write(g.consent.check_id, contacts.NAME) as session:
        consent, visit = session.get_one(Consent, consent_id), session.get_one(Visit, g.visit.id)
        refuse_pause(consent)
        if attempts.strike(consent, clock.now()) is None:
            contacts.send_code(session, consent, visit, language())
    refuse_pause(consent)
    return redirect(url_for("consent.contact", consent_id=consent_id), 303)


@pages.route("/<consent_id>/contact", methods=["GET", "POST"])
def contact(consent_id: str) -> AnyResponse:
    """Type the code that was sent, if one was: the page is there either way."""
    _refuse_where_it_proves_too_little()
    refuse_pause(g.consent)
    if request.method != "POST":
        return page("contact", wrong=False)
    with db.write(g.consent.check_id, contacts.NAME) as session:
        consent, visit = session.get_one(Consent, consent_id), session.get_one(Visit, g.visit.id)
        refuse_pause(consent)
        token = contacts.check_code(session, consent, visit, tokens.read_digits(request.form.get("code", "")))
    if token is None:
        refuse_pause(consent)
        return page("contact", 422, wrong=True)
    return proved(consent_id, token)


@pages.route("/<consent_id>/keep", methods=["GET", "POST"])
def keep(consent_id: str) -> AnyResponse:
    """After a sign-in: keep the contact that it vouches for, or not. Asked once; what was not wanted is shredded."""
    if request.method == "POST":
        with db.write(g.consent.check_id, contacts.NAME) as session:
            visit = session.get_one(Visit, g.visit.id)
            if request.form.get("keep") == KEEP:
                contacts.keep(session, visit)
            contacts.forget_offer(session, visit)
    else:
        with db.read() as session:
            offered = contacts.offer(session, g.visit)
        if offered:
            return page("keep", contact=offered, term=contacts.term(), box=KEEP)
    return redirect(url_for("consent.read", consent_id=consent_id), 303)


def _refuse_where_it_proves_too_little() -> None:
    """Raises LinkUnknown where nobody can prove themselves so: the weaker proof is not there behind the stronger."""
    if not contacts.allowed(g.consent):
        raise LinkUnknown
