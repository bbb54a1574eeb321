"""Proof by particulars and a one-time code: the weak proof of trials, refused by the configuration when live.

Whoever types the name and the birth date gets the same page whether they are right or wrong, for the same
work: the comparison looks at every name, a code is made, a message is queued. Only when the particulars were
right does the message go out and can the code be right. The contact was named by the institution, so this
proves no more than that the contact is read by somebody who knows the particulars.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from gateway import clock, notices
from gateway.consent import attempts, guardian, tokens, visits
from gateway.consent.models import Consent, Visit

CODE_TERM = timedelta(minutes=10)


_INSIDE_A_PART = "'\u2018\u2019\u00b4`"
"""Apostrophes, as keyboards have them: `O'Brien` is one part of a name."""


def plain(name: str) -> str:
    """A name as it is compared: letters and digits only, case, width and composition evened out.

    Spaces, hyphens and apostrophes go, because keyboards differ in them; accents stay.
    """
    return "".join(char for char in _even(name) if _counts(char))


def stated(claim: Any) -> str:
    """An identifier as a claim states it: text, or a number. Of several, or of anything else, none is taken.

    Written out, a list of two would be one identifier, perhaps another person's.
    """
    return str(claim) if isinstance(claim, (str, int)) and not isinstance(claim, bool) else ""


def same_person(subject: Mapping[str, Any], name: str, born: str) -> bool:
    """Whether a name and a birth date (YYYY-MM-DD) are the subject's, in time that does not depend on it.

    The parts of a name may stand in any order; a name written without spaces, as Han names are, is one part.
    """
    typed = _forms(name)
    right_name = False
    for known in subject["names"]:
        for one, other in zip(typed, _forms(known["full"]), strict=True):
            right_name |= hmac.compare_digest(one, other)
    right_born = hmac.compare_digest(_digest(born), _digest(str(subject["born"])))
    return right_name & right_born & bool(plain(name))


def send_code(session: Session, consent: Consent, visit: Visit, name: str, born: date, language: str) -> None:
    """Compare the particulars and queue a code, which reaches somebody and is right only if they are.

    An earlier code of this visit is dead from now on.
    """
    now = clock.now()
    person = guardian.particulars(session, consent, visit)
    contact = guardian.contact(session, consent, visit)
    right = same_person(person, name, born.isoformat())
    digits, nothing = tokens.new_digits(), tokens.new_link()
    visit.code_hash = tokens.digits_hash(visit.id, digits if right else nothing)
    visit.code_expires_at = now + CODE_TERM
    notices.send(
        session, contact, "code", language, until=visit.code_expires_at, withheld=not right,
        code=digits, minutes=str(CODE_TERM // timedelta(minutes=1)),
    )  # fmt: skip


def check_code(session: Session, consent: Consent, visit: Visit, digits: str) -> str | None:
    """Take a typed code; the token of the proved visit's new cookie if it was right, and then never again."""
    now = clock.now()
    expected = visit.code_hash or tokens.digits_hash(visit.id, tokens.new_link())
    in_time = visit.code_expires_at is not None and now < visit.code_expires_at
    right = tokens.digits_fit(expected, visit.id, digits)
    if not (right and in_time):
        if attempts.strike(guardian.side(session, consent, visit), now):
            visit.code_hash = visit.code_expires_at = None
        return None
    attempts.succeeded(guardian.side(session, consent, visit))
    return visits.prove(visit)


def _forms(name: str) -> tuple[bytes, bytes, bytes]:
    """A name in the three forms that are compared: joined, in sorted parts, in sorted parts split at hyphens too."""
    return _digest(plain(name)), _digest(_sorted_parts(name, "Pd")), _digest(_sorted_parts(name, ""))


def _sorted_parts(name: str, kept_together: str) -> str:
    """The parts of a name in one order; a mark of the category `kept_together` does not divide them."""
    spread = "".join(
        char if _counts(char) else "" if char in _INSIDE_A_PART or unicodedata.category(char) == kept_together else " "
        for char in _even(name)
    )
    return " ".join(sorted(spread.split()))


def _even(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _counts(char: str) -> bool:
    """Whether a character is part of a name at all: a letter, a mark on one, a digit."""
    return unicodedata.category(char)[0] in "LMN"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
