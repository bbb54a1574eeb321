"""What a person sees of what became of a check, and of everything that is about them.

status.py      how a check stands, and the answer      reasons.py, contest.py   why, and that it is not right
mine.py        the pages: every check, every look at a registry, what may be erased; mine_guard.py who comes in
mine_told.py   what is said there of a check, from its rows and from the audit log
mine_erase.py  what may be erased, and erasing it
"""

from flask import Flask

from gateway.subject import contest, reasons, status
from gateway.subject.mine import pages
from gateway.subject.mine_guard import DOORS, guard
from gateway.subject.room import answer

__all__ = ["DOORS", "contest", "guard", "init_app", "pages", "reasons", "status"]


def init_app(app: Flask) -> None:
    """Give an application the pages of answers and those under /c/mine. `consent.init_app` comes first."""
    app.register_blueprint(answer)
    app.register_blueprint(pages)
