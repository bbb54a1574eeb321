"""What a person sees of everything that is about them, beside the pages of a single request (`gateway.consent`).

mine.py        the pages: every check, every look at a registry, what may be erased; mine_guard.py who comes in
mine_told.py   what is said there of a check, from its rows and from the audit log
mine_erase.py  what may be erased, and erasing it
"""

from flask import Flask

from gateway.subject.mine import pages
from gateway.subject.mine_guard import DOORS, guard

__all__ = ["DOORS", "guard", "init_app", "pages"]


def init_app(app: Flask) -> None:
    """Give an application the pages under /c/mine. `consent.init_app` comes first."""
    app.register_blueprint(pages)
