"""The blueprint of the subject's pages: every route behind the guard, every answer sealed."""

from flask import Blueprint

from gateway.consent.guard import guard
from gateway.consent.render import refusal, seal
from gateway.problems import page_renderer

pages = Blueprint("consent", __name__, url_prefix="/c")
pages.before_request(guard)
pages.after_request(seal)
page_renderer("consent", refusal)
