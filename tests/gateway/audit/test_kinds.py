import hashlib
import json

from gateway.audit.kinds import KINDS

# Kinds are added by adding a line here. A line that is here is never changed: entries of it are in logs.
FROZEN = {
    "check.requested": "a6aee1af1d545488",
    "check.closed": "7923fb59700ff554",
    "policy.pinned": "4d8c1bd14fb345f2",
    "consent.given": "5c66929d85ae1997",
    "consent.declined": "5c66929d85ae1997",
    "consent.withdrawn": "5c66929d85ae1997",
    "consent.expired": "5c66929d85ae1997",
    "answer": "b34959f9a1c2da0a",
    "registry.asked": "68a3d244381ecca0",
    "review.opened": "5480b4920f1ac3b6",
    "review.decided": "1b51093e933a1fc4",
    "review.looked": "38689392275ea125",
    "institution.added": "b0ad2c9f26b99897",
    "institution.suspended": "7f1a6071e77fcbdb",
    "client.added": "ee2c566d547ce3e6",
    "client.revoked": "9409f8061a065b23",
    "token.refused": "7923fb59700ff554",
    "key.rotated": "079ff15c00302d37",
    "data.shredded": "04e04a0c54b20c36",
    "check.forgotten": "04e04a0c54b20c36",
    "key.destroyed": "079ff15c00302d37",
    "answer.superseded": "093ee0b0ab0588a9",
    "guardian.joined": "75422d4ee84b4bdf",
    "guardian.declined": "75422d4ee84b4bdf",
    "lease.given": "5c66929d85ae1997",
    "lease.renewed": "5c66929d85ae1997",
    "lease.ended": "0a688fdfb10d1ff3",
    "data.erased": "04e04a0c54b20c36",
    "review.settled": "6b2ad9dea1b17638",
    "contest.opened": "d62700f94a18a47e",
    "staff.added": "cfac21f580378f02",
    "staff.revoked": "7f1a6071e77fcbdb",
    "staff.signed_in": "04e04a0c54b20c36",
    "staff.refused": "7923fb59700ff554",
    "staff.enrolled": "04e04a0c54b20c36",
    "staff.reset": "7f1a6071e77fcbdb",
    "staff.password_changed": "04e04a0c54b20c36",
}


def _digest(name: str) -> str:
    kind = KINDS[name]
    form = json.dumps([kind.clear, kind.sealed, kind.sealed_about], separators=(",", ":"))
    return hashlib.sha256(form.encode()).hexdigest()[:16]


def test_kinds_and_the_order_of_their_fields_never_change() -> None:
    """Every kind has the fields, in the order, that it was published with."""
    assert {name: _digest(name) for name in KINDS} == FROZEN
