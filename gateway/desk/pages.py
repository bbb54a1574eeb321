"""The adjudicator's pages: what waits, one question, what follows, done.

    /desk                  what waits, without a word of why
    /desk/<review>         the question; its form asks whose the entries are, whether the bars hold, or for a word
                           sent: what is open even so, or what follows from it, to be confirmed with a reason
    /desk/<review>/decide  the decision; it leads to /desk/done, so that a page loaded again decides nothing again

What was answered is carried in the forms, and every step asks the registries again: nothing of it is kept meanwhile.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.db import db
from gateway.desk import told
from gateway.desk.decide import CHOICES, REASONS
from gateway.desk.judge import Judged, judge, see_that_it_stands
from gateway.desk.queue import PAGE, Seat, page
from gateway.desk.settling import Answers, settle_by_answers, settle_by_word
from gateway.desk.shown import BY_ANSWERS, Shown, look
from gateway.problems import Problem, page_renderer
from gateway.staff import Pages, Room, StaffGuard, member, rooms
from gateway.staff.render import seal
from policies.policy import jurisdiction_of

ROLE = "adjudicator"
_PERSON, _BAR = "person.", "bar."

guard = StaffGuard(ROLE)
ours = Pages(Path(__file__).parent, "desk.errors")

pages = Blueprint("desk", __name__, url_prefix="/desk")
pages.before_request(guard)
pages.after_request(seal)
rooms.register(
    Room(
        "/desk",
        (ROLE,),
        {"en": "Questions for a person", "zh": "需要由人判断的问题"},
        {"en": "Decide what the records leave open.", "zh": "判断记录中尚未确定的问题。"},
    )
)


def refusal(problem: Problem, incident: str | None) -> str:
    """The page for a refusal; after a change in the registries it leads back to the question."""
    place = f"desk.errors.{problem.type}"
    if not ours.words().has(f"{place}.title"):
        return ours.refusal(problem, incident)
    onward = (url_for("desk.queue"), "desk.back")
    if problem.type in ("review-changed", "registry-silent") and request.view_args:
        onward = (url_for("desk.question", **request.view_args), "desk.look_again")
    return ours.html("error", place=place, until="", incident=incident, onward=onward)


page_renderer("desk", refusal)


@pages.get("")
def queue() -> Response:
    """What waits, the oldest release time first."""
    with db.read() as session:
        found, cursor = page(session, _seat(), request.args.get("after"))
    text = ours.words()
    waiting = [
        {
            "href": url_for("desk.question", review_id=one.review.id),
            "name": told.work(one.check, text.language),
            "due": ours.words(jurisdiction_of(one.check.policy)).moment(one.due),
        }
        for one in found
    ]
    return ours.page("queue", waiting=waiting, more=cursor, first=request.args.get("after") is None, most=str(PAGE))


@pages.get("/done")
def done() -> Response:
    """The decision is taken."""
    return ours.page("done", url_queue=url_for("desk.queue"))


@pages.get("/<review_id>")
def question(review_id: str) -> Response:
    """The question, with what the registries say at this moment."""
    return _ask(look(_seat(), review_id))


@pages.post("/<review_id>")
def step(review_id: str) -> Response:
    """What was answered: is something open even so? Else what follows, to be confirmed."""
    shown = look(_seat(), review_id)
    see_that_it_stands(shown, request.form.get("seen", ""))
    return _follow(shown)


@pages.post("/<review_id>/decide")
def decide(review_id: str) -> AnyResponse:
    """The decision. Raises what `settle_by_word` does."""
    reason, answers = request.form.get("reason", ""), _answers()
    if not reason:
        return step(review_id)
    if answers.persons or answers.bars:
        settle_by_answers(_seat(), review_id, answers, reason)
    else:
        settle_by_word(_seat(), review_id, request.form.get("decision", ""), reason, answers.seen)
    return redirect(url_for("desk.done"), 303)


def _follow(shown: Shown) -> Response:
    answers, decision = _answers(), request.form.get("decision", "")
    by_answers = _asks(shown) != "decision"
    if not by_answers and decision not in CHOICES[shown.why]:
        return _ask(shown, missing=True)
    if not by_answers:
        return _confirm(shown, CHOICES[shown.why][decision], {"decision": decision})
    if set(answers.persons) != set(shown.persons):
        return _ask(shown, missing=True)
    judged = judge(shown, answers.seen, answers.persons, answers.bars)
    if judged.eligible is None:
        return _ask_bars(shown, judged, answers)
    return _confirm(shown, judged.eligible, _carried(answers))


def _asks(shown: Shown) -> str:
    """What the form of a question asks: whose the entries are, whether the bars hold, or for the decision itself."""
    if shown.why in BY_ANSWERS and shown.persons:
        return "persons"
    return "bars" if shown.why == "undetermined" and shown.reasons else "decision"


def _ask(shown: Shown, missing: bool = False) -> Response:
    asks, text = _asks(shown), ours.words()
    return _page(
        "question", shown, 422 if missing else 200,
        asks=asks, missing=missing, carried={}, rules=told.rules(shown, text),
        persons=told.persons(shown, text) if asks == "persons" else [],
    )  # fmt: skip


def _ask_bars(shown: Shown, judged: Judged, answers: Answers) -> Response:
    """The bars that are open although it is said whose the entries are."""
    left = [reason.bar for reason in judged.left]
    missing = "asked" in request.form
    return _page(
        "question", shown, 422 if missing else 200,
        asks="bars", missing=missing, carried=_carried(answers), persons=[],
        rules=told.rules(shown, ours.words(), left, answers.persons),
    )  # fmt: skip


def _confirm(shown: Shown, eligible: bool | None, carried: Mapping[str, str]) -> Response:
    missing = request.endpoint == "desk.decide"
    follows = {True: "yes", False: "no", None: "again"}[eligible]
    return _page(
        "confirm", shown, 422 if missing else 200,
        follows=follows, reasons=REASONS[eligible], carried=carried, missing=missing,
        back=url_for("desk.question", review_id=shown.waiting.review.id),
    )  # fmt: skip


def _page(template: str, shown: Shown, status: int, **context: Any) -> Response:
    check, text = shown.waiting.check, ours.words()
    return ours.page(
        template, status, where=jurisdiction_of(check.policy), shown=shown,
        name=told.work(check, text.language), day=text.day(shown.asked.day), choices=list(CHOICES[shown.why]),
        url_queue=url_for("desk.queue"), url_here=url_for("desk.question", review_id=shown.waiting.review.id),
        **context,
    )  # fmt: skip


def _seat() -> Seat:
    return Seat(member().id, covers=member().may_act_for)


def _answers() -> Answers:
    """What was sent, without what is no answer: it counts as not given."""
    sent = request.form.to_dict()
    persons = {name.removeprefix(_PERSON): said for name, said in sent.items() if name.startswith(_PERSON)}
    bars = {name.removeprefix(_BAR): said for name, said in sent.items() if name.startswith(_BAR)}
    return Answers(
        sent.get("seen", ""),
        {handle: said for handle, said in persons.items() if said in ("same", "other")},
        {bar: said for bar, said in bars.items() if said in ("yes", "no")},
    )


def _carried(answers: Answers) -> dict[str, str]:
    """The answers as hidden fields of the next form."""
    persons = {f"{_PERSON}{handle}": said for handle, said in answers.persons.items()}
    return {**persons, **{f"{_BAR}{bar}": said for bar, said in answers.bars.items()}}
