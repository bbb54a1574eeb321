"""The kinds of entries, and the fields of each in their order. FROZEN: lines are added, never changed.

An entry's hash is made from its fields in this order, so a kind that is changed makes every entry of it
unverifiable. To say more, add a kind. `tests/gateway/audit/test_kinds.py` holds the table's digest.

What an entry is about (a check, a client, a key) and its fields are either written as they are, which is for
ids and words that tell nothing about a person, or **sealed**: written as a salted commitment, whose salt lies
in the vault under what the entry is about and is shredded with it.

What is done for a check between consent and answer has a sealed `about` too, so that reading the log ties it to
no check: were a review tied to one, the log would be nearly a list of the refused. So that time and order do not
tie it either, such an entry says only the hour in which it was written, is kept under a random number, and is
laid when its hour is over, with all others of the hour in random order. What that cannot hide: in an hour in
which a single check was under way, whoever reads log or rows can guess which one it was. And until its answer
leaves, the row of a review is there, with its check, for the desk to work on.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of entry."""

    clear: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    sealed_about: bool = False
    """Whether what the entry is about is sealed; then its time is the hour only, and its order is not kept."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields in the order in which they are hashed."""
        return self.clear + self.sealed


_CONSENT = Kind(clear=("consent", "policy", "version", "role"))

KINDS: dict[str, Kind] = {
    # about a check
    "check.requested": Kind(clear=("institution", "client", "policy", "version", "role", "purpose")),
    "check.closed": Kind(clear=("why",)),
    "consent.given": _CONSENT,
    "consent.declined": _CONSENT,
    "consent.withdrawn": _CONSENT,
    "consent.expired": _CONSENT,
    "answer": Kind(clear=("policy", "version"), sealed=("eligible",)),
    "answer.superseded": Kind(clear=("entry",)),  # by the next answer; `entry` is that of the old one
    "guardian.joined": Kind(clear=("consent",)),
    "guardian.declined": Kind(clear=("consent",)),
    "lease.given": _CONSENT,
    "lease.renewed": _CONSENT,
    "lease.ended": Kind(clear=("consent", "why")),
    "data.erased": Kind(),  # what the subject may have erased before its time
    # about a check that the log does not name
    "policy.pinned": Kind(clear=("policy", "version", "digest"), sealed_about=True),
    "registry.asked": Kind(clear=("registry", "why"), sealed_about=True),
    "review.opened": Kind(clear=("review",), sealed=("why",), sealed_about=True),
    "review.decided": Kind(clear=("review", "by"), sealed=("decision",), sealed_about=True),
    "review.looked": Kind(clear=("review", "by"), sealed_about=True),
    "review.settled": Kind(clear=("review", "by"), sealed=("decision", "reason"), sealed_about=True),
    "contest.opened": Kind(sealed=("ground",), sealed_about=True),
    # about people who work here
    "staff.added": Kind(clear=("roles", "by")),
    "staff.revoked": Kind(clear=("by",)),
    "staff.enrolled": Kind(),
    "staff.reset": Kind(clear=("by",)),
    "staff.password_changed": Kind(),
    "staff.signed_in": Kind(),
    "staff.refused": Kind(clear=("why",)),
    # about institutions, their clients, our keys
    "institution.added": Kind(clear=("jurisdiction", "policies")),
    "institution.suspended": Kind(clear=("by",)),
    "client.added": Kind(clear=("institution", "scopes")),
    "client.revoked": Kind(clear=("institution", "by")),
    "token.refused": Kind(clear=("why",)),
    "key.rotated": Kind(clear=("use",)),
    # what was destroyed when its time was up, and when: no more than that
    "data.shredded": Kind(),  # of a check: everything personal, for good once the key of its period is destroyed
    "check.forgotten": Kind(),  # of a check: that there was one
    "key.destroyed": Kind(clear=("use",)),  # a key-encryption key, by its id
}

SEALED_ABOUT = tuple(name for name, kind in KINDS.items() if kind.sealed_about)
