"""Everything about one person, on pages of their own: every check, every look at a registry, what may be erased.

There is no result and no reason here, and none in an address: a page of the request itself shows them, in a session
that is as fresh. It is no export and does not print, for nobody must be able to demand it (DESIGN §11).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway import clock, vault
from gateway.consent import attempts, contacts, deployment, forms, oidc, own_visits, people, visits
from gateway.consent.refusals import TooManyAttempts
from gateway.consent.render import language, seal, words
from gateway.db import db
from gateway.problems import page_renderer
from gateway.subject import mine_erase, mine_told
from gateway.subject.mine_guard import guard
from gateway.subject.mine_render import fresh, page, refusal

pages = Blueprint("mine", __name__, url_prefix=own_visits.PAGE)
pages.before_request(guard)
pages.after_request(seal)
page_renderer("mine", refusal)


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Show who one is: at the provider, or where there is none by one of one's requests."""
    if deployment.config().proof != "oidc":
        return page("mine-trial", start=url_for("consent.start"))
    g.form_targets = [oidc.authorization_origin()]
    if request.method != "POST":
        return redirect(own_visits.PAGE, 303) if _signed_in() else page("mine-sign-in")
    now = clock.now()
    with db.write(attempts.NAME) as session:
        full = attempts.sign_in_begins(session, request.remote_addr, now)
        if full:  # a visit takes up room
            raise TooManyAttempts(full, (full - now).total_seconds())
        visit, token = own_visits.begin(session)
    response = redirect(oidc.begin(oidc.to_own_page(visit)), 303)
    forms.set_cookie(response, forms.cookie(own_visits.COOKIE), token)
    return response


@pages.post("/from/<consent_id>")
def from_request(consent_id: str) -> Response:
    """In trials: from a request whose subject has proved who they are, to everything about them. As old a proof."""
    if deployment.config().proof == "oidc":
        return redirect(own_visits.PAGE, 303)
    with db.write(g.consent.check_id) as session:
        known = vault.get_all(session, g.consent.check_id, ("subject", "contact"))
        if len(known) < 2:  # the person has had them erased
            return redirect(url_for("mine.sign_in"), 303)
        visit, _ = own_visits.begin(session)
        person = people.by_particulars(known["subject"], known["contact"])
        token = own_visits.prove(session, visit, person, g.visit.proved_at)
    response = redirect(own_visits.PAGE, 303)
    forms.set_cookie(response, forms.cookie(own_visits.COOKIE), token)
    return response


def _signed_in() -> bool:
    """Whether this browser's person has just signed in."""
    with db.read() as session:
        visit = own_visits.find(session, request.cookies.get(forms.cookie(own_visits.COOKIE), ""))
    return visit is not None and visits.proved(visit, clock.now(), visits.FRESH)


@contextmanager
def _writing(consent_id: str) -> Iterator[Session]:
    """A write about the check of a consent of this person. Raises LinkUnknown."""
    with db.read() as session:
        check_id = mine_told.one_of(session, g.person, consent_id).check_id
    with db.write(check_id) as session:
        yield session


@pages.get("")
def everything() -> Response:
    """Every check about the person, newest first."""
    with db.read() as session:
        found, more = mine_told.of_person(session, g.person, request.args.get("after"))
        kept = contacts.of_person(session, g.person.named)
    checks = [mine_told.told(consent, language()) for consent in found]
    return page(
        "mine", checks=checks, after=found[-1].id if more else None, first="after" not in request.args,
        kept=kept and ", ".join(kept["contact"].values()), until=kept and words().day(kept["until"].date()),
    )  # fmt: skip


@pages.post("/kept/forget")
def forget_kept() -> Response:
    """Keep no contact for codes any more. Sent twice, it shows the same."""
    with db.write(contacts.NAME) as session:
        contacts.remove(session, g.person.named)
    return redirect(own_visits.PAGE, 303)


@pages.get("/<consent_id>")
def one(consent_id: str) -> Response:
    """One check: who asked for what, who looked and who acted, and what may be erased of it."""
    with db.read() as session:
        consent = mine_told.one_of(session, g.person, consent_id)
        looks, acts = mine_told.acts(session, consent, language()) if fresh() else ((), ())
        erasable = mine_erase.told(session, consent, fresh=fresh())
        gone = mine_erase.vault_is_empty(session, consent)
    return page(
        "mine-one", check=mine_told.told(consent, language()), looks=looks, acts=acts, fresh=fresh(), gone=gone,
        erasable=erasable, contact=consent.reachable, trial=deployment.config().proof != "oidc",
    )  # fmt: skip


@pages.post("/<consent_id>/open")
def open_request(consent_id: str) -> Response:
    """Go on to the pages of the request: proved as here, if the person has proved there before by the same sign-in.

    Else to its own proof, for name, birth date and every identifier must fit there.
    """
    with _writing(consent_id) as session:
        consent = mine_told.one_of(session, g.person, consent_id)
        proved_at = g.visit.proved_at if people.has_proved(session, consent, g.person) else None
        _, token = visits.begin(session, consent, proved_at=proved_at)
    to = "consent.prove" if proved_at is None else "answer.status"
    response = redirect(url_for(to, consent_id=consent_id), 303)
    forms.set_cookie(response, forms.visit_cookie(consent_id), token)
    return response


@pages.route("/<consent_id>/erase", methods=["GET", "POST"])
def erase(consent_id: str) -> Response:
    """Erase what may be erased, after a question. Sent twice, or when nothing may be, it shows how it stands."""
    with db.read() as session:
        consent = mine_told.one_of(session, g.person, consent_id)
        what = mine_erase.told(session, consent, fresh=fresh())
    if request.method == "POST" and what != "stale":
        with _writing(consent_id) as session:
            mine_erase.erase(session, mine_told.one_of(session, g.person, consent_id))
    if request.method == "POST" or what not in ("all", "part"):
        return redirect(url_for("mine.one", consent_id=consent_id), 303)
    return page("mine-question", check=mine_told.told(consent, language()), what=what)


@pages.route("/<consent_id>/contact", methods=["GET", "POST"])
def contact(consent_id: str) -> Response:
    """Send no more messages about a check, after a question."""
    if request.method == "POST":
        with _writing(consent_id) as session:
            mine_erase.forget_contact(session, mine_told.one_of(session, g.person, consent_id))
        return redirect(url_for("mine.one", consent_id=consent_id), 303)
    with db.read() as session:
        consent = mine_told.one_of(session, g.person, consent_id)
    if not consent.reachable:
        return redirect(url_for("mine.one", consent_id=consent_id), 303)
    what = "contact" if deployment.config().proof == "oidc" else "contact-trial"
    return page("mine-question", check=mine_told.told(consent, language()), what=what)


@pages.post("/leave")
def leave() -> Response:
    """Close these pages in this browser now, and those of single requests with them."""
    with db.write(g.visit.id) as session:
        visits.end(session, forms.visit_cookies())
        visit = own_visits.find(session, request.cookies.get(forms.cookie(own_visits.COOKIE), ""))
        if visit is not None:
            own_visits.end(session, visit)
    response = redirect(url_for("consent.start"), 303)
    forms.set_cookie(response, forms.cookie(own_visits.COOKIE), "")
    return response
