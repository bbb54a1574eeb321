"""The people who work at the deployment: regulators, approvers, adjudicators, auditors.

They sign in with a password and a one-time code (`pages`), in sessions that are short (`sessions`). A room for them
stands behind a guard and knows who is there:

    desk.before_request(StaffGuard("adjudicator"))          member().id

`rooms.register` puts a room on their home page, and `render.Pages` makes its pages look like the others.
"""

from flask import Flask

from gateway.staff import pages, rooms
from gateway.staff.attempts import forget_old
from gateway.staff.guard import DOORS, Door, Member, StaffGuard, guard, member
from gateway.staff.people import ROLES
from gateway.staff.render import Pages, seal
from gateway.staff.rooms import Room

__all__ = [
    "DOORS",
    "ROLES",
    "Door",
    "Member",
    "Pages",
    "Room",
    "StaffGuard",
    "forget_old",
    "guard",
    "init_app",
    "member",
    "rooms",
    "seal",
]


def init_app(app: Flask) -> None:
    """Give an application the pages under /staff. Those of consent must be there: style and words are theirs."""
    app.register_blueprint(pages.pages)
