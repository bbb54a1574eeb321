"""What the consent pages refuse. Each has a page in the reader's words: `errors.<type>` in the texts.

None of them says anything about the subject, the record, or what was decided. `onward` is the page that it leads to.
"""

from datetime import datetime

from gateway.problems import BadRequest, Conflict, Forbidden, Gone, NotFound, TooMany, Unavailable


class LinkUnknown(NotFound):
    """No request has this link."""

    type = "consent-link-unknown"
    title = "There is no such request"
    meaning = "The link is not that of a request for consent: it was cut off or changed on its way."
    onward = "start"


class LinkExpired(Gone):
    """The request was not agreed to in its time."""

    type = "consent-link-expired"
    title = "This request has ended"
    meaning = "A request for consent stands for fourteen days. After that its link and its code are of no use."


class SessionEnded(Forbidden):
    """The browser shows nothing that lets it see this request, or does not any more."""

    type = "consent-session-ended"
    title = "The session has ended"
    meaning = "Pages about a person close by themselves. The person opens the link again."
    onward = "start"


class ProofNeeded(Forbidden):
    """The proof is too old for an act."""

    type = "consent-proof-needed"
    title = "Proof of identity is needed again"
    meaning = "An act of consent needs a proof of identity that is not older than fifteen minutes."
    onward = "prove"


class FormStale(BadRequest):
    """A form came without the token of the page that it belongs to."""

    type = "consent-form-stale"
    title = "The form does not belong to this session"
    meaning = "A form must be sent from the page that we gave, by the browser that we gave it to, with cookies."
    onward = "prove"


class TooManyAttempts(TooMany):
    """Too many codes or particulars were tried; `until` says when it may be tried again."""

    type = "consent-too-many-attempts"
    title = "Too many attempts"
    meaning = "Codes may be tried a few times only. After that there is a pause, longer each time."

    def __init__(self, until: datetime, seconds: float) -> None:
        super().__init__(headers={"Retry-After": str(max(1, int(seconds)))})
        self.until = until


class NoContact(Conflict):
    """A code cannot be sent: the institution named no contact."""

    type = "consent-no-contact"
    title = "There is no contact to send a code to"
    meaning = "This deployment sends a code to the contact named in the request, and the request names none."


class NotMatched(Forbidden):
    """Whoever signed in is not known to be the person whom the request is about."""

    type = "consent-not-matched"
    title = "The sign-in does not fit the request"
    meaning = "The provider's particulars of the person who signed in are not those of the request."
    onward = "prove"


class SignInFailed(Forbidden):
    """The provider did not vouch for anybody."""

    type = "consent-sign-in-failed"
    title = "The sign-in did not work"
    meaning = "The identity provider gave no valid answer: it was broken off, came too late, or failed a check."
    onward = "prove"


class ProviderDown(Unavailable):
    """The provider cannot be reached."""

    type = "consent-provider-down"
    title = "The sign-in service does not answer"
    meaning = "The identity provider cannot be reached. Nothing was lost; try again later."
    onward = "prove"
