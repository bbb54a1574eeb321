"""The blueprint of these pages: every route behind the guard of the subject's pages, every answer sealed."""

from pathlib import Path

from flask import Blueprint

from gateway.consent.guard import guard
from gateway.consent.render import Room, seal
from gateway.problems import page_renderer

room = Room(Path(__file__).parent)

answer = Blueprint("answer", __name__, url_prefix="/c")
answer.before_request(guard)
answer.after_request(seal)
page_renderer("answer", room.refusal)
