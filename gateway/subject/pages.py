"""The pages of this room, each in its module, put together for the application."""

from gateway.subject import contest, reasons, status
from gateway.subject.room import answer

PAGES = (status.status, reasons.reasons, contest.ask)
"""Named, so that it is seen that they are loaded."""

__all__ = ["PAGES", "answer"]
