"""The blueprint of these pages: every route behind the guard of the subject's pages, every answer sealed."""

from pathlib import Path

from flask import Blueprint, Response, g

from gateway import clock
from gateway.consent import visits
from gateway.consent.guard import guard
from gateway.consent.render import Room, seal
from gateway.problems import page_renderer

room = Room(Path(__file__).parent)

answer = Blueprint("answer", __name__, url_prefix="/c")
answer.before_request(guard)
answer.after_request(seal)
page_renderer("answer", room.refusal)


def closing(response: Response) -> Response:
    """Let an open page that tells of an answer give way when the proof is not fresh any more."""
    left = g.visit.proved_at + visits.FRESH - clock.now()
    response.headers["Refresh"] = f"{int(left.total_seconds()) + 1}; url=status"
    return response
