"""The pages: which policies there are, and one of them explained, with the form to try it.

The forms carry no token against cross-site requests, as nobody is signed in here, no cookie is read and nothing is
changed: a foreign page that sends this form makes its visitor see an answer about what that page made up.
"""

from datetime import date
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from gateway.problems import NotFound, page_renderer
from gateway.tryout import choices, form, outcome, shelf
from gateway.tryout.render import language, page, refusal, seal
from policies.plain import looked_at_by_law
from policies.policy import Policy

MOST_BYTES = 16_384
"""How large a form may be, in bytes: a full one is far smaller."""

pages = Blueprint("tryout", __name__, url_prefix="/would-i-pass")
pages.after_request(seal)
page_renderer("tryout", refusal)


@pages.before_request
def bound() -> None:
    """What is larger than any form of ours is not read."""
    request.max_content_length = min(MOST_BYTES, request.max_content_length or MOST_BYTES)


@pages.get("")
def shelf_of_law() -> Response:
    """Every policy that can be tried, by country."""
    return page("shelf", groups=shelf.ours().by_jurisdiction())


@pages.route("/<jurisdiction>/<industry>/<role>", methods=["GET", "POST"])
def policy(jurisdiction: str, industry: str, role: str) -> Response:
    """One policy for one role; with a form that is sent, what comes of it. What is typed is in no address."""
    policy_id = f"{jurisdiction}/{industry}"
    rules, today = shelf.ours().rules(policy_id, role), shelf.today(policy_id)
    if request.method != "POST":
        return _page(rules, role, form.read(MultiDict(), today, jurisdiction))
    typed = form.read(request.form, today, jurisdiction)
    applied = None if typed.day is None else shelf.ours().on(policy_id, role, typed.day)
    if typed.day is not None and applied is None:
        typed.wrong["day"] = "not_in_force"
    if typed.wrong or applied is None:
        return _page(rules, role, typed, 422)
    return _page(rules, role, typed, answer=outcome.decide(shelf.ours(), applied, role, typed))


@pages.get("/<path:_rest>")
def nowhere(_rest: str) -> Response:
    """An address that was cut off or mistyped."""
    raise NotFound


def _page(
    rules: Policy, role: str, typed: form.Typed, status: int = 200, answer: outcome.Outcome | None = None
) -> Response:
    lang, today = language(), shelf.today(rules.id)
    offered: dict[str, Any] = {
        "offences": choices.offences(lang),
        "kinds": choices.words("kind", lang),
        "dispositions": choices.words("disposition", lang),
        "sentences": choices.words("sentence", lang),
        "jurisdictions": choices.jurisdictions(shelf.ours(), today, lang),
        "traits": choices.traits(shelf.ours(), rules, role, today, lang),
    }
    return page(
        "policy", status, policy=rules, role=role, today=today, typed=typed, answer=answer, entries=form.ENTRIES,
        names=form.fields, units=form.UNITS, nothing=form.NOTHING, years_ahead=str(outcome.YEARS_AHEAD),
        role_name=rules.role_labels[role][lang], title=rules.title[lang], sent=request.method == "POST",
        since=date.fromisoformat(rules.version),
        since_applied=date.fromisoformat(answer.policy.version) if answer else None, later=outcome.later,
        looked_at=looked_at_by_law(rules, role, lang), not_covered=[line[lang] for line in rules.not_covered],
        **offered,
    )  # fmt: skip
