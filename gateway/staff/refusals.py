"""What the pages of those who work here refuse. Each has a page in the reader's words: `staff.errors.<type>`.

`onward` is the page that it leads to.
"""

from datetime import datetime

from gateway.problems import BadRequest, Forbidden, NotFound, TooMany


class SignInNeeded(Forbidden):
    """Nobody is signed in, or not any more."""

    type = "staff-sign-in-needed"
    title = "Sign in first"
    meaning = "Sessions of those who work here end after fifteen minutes without use, and after eight hours."
    onward = "sign_in"


class NotYourRoom(Forbidden):
    """Whoever is signed in has none of the roles that it takes."""

    type = "staff-role-missing"
    title = "Your role does not open this room"
    meaning = "What somebody may do here follows from the roles that the operator has given them."
    onward = "home"


class FormStale(BadRequest):
    """A form came without the token of the page that it belongs to."""

    type = "staff-form-stale"
    title = "The form does not belong to this session"
    meaning = "A form must be sent from the page that we gave, by the browser that we gave it to, with cookies."
    onward = "home"


class TooManyAttempts(TooMany):
    """There were many failures, with this name or from this place; `until` says when it may be tried again."""

    type = "staff-too-many-attempts"
    title = "Too many attempts"
    meaning = "After a few failed sign-ins there is a pause, longer each time."
    onward = "sign_in"

    def __init__(self, until: datetime, seconds: float) -> None:
        super().__init__(headers={"Retry-After": str(max(1, int(seconds)))})
        self.until = until


class LinkOver(NotFound):
    """The link with which somebody enrols is not known: used, over, or mistyped."""

    type = "staff-link-over"
    title = "This link is of no use"
    meaning = "A link to enrol works once, within a day. The operator can make another one."
    onward = "sign_in"
