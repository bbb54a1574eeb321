"""Every room with its guard, and the routes that are open to everyone. What is in neither list stays shut."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway import consent, staff, subject
from gateway.desk import pages as desk_pages
from gateway.desk.guard import at_the_desk
from gateway.oauth import Guard, needs

GUARDS: Mapping[str, Guard] = {
    "asking": needs("checks:write"),
    "reading": needs("checks:read"),
    "leasing": needs("checks:write"),
    "reviews": at_the_desk,
}
"""Each room of the API with its guard."""

OWN_GUARDS: Mapping[str, Callable[[], Any]] = {
    "consent": consent.guard,  # a link's secret, then proof of who the person is; see its DOORS
    "answer": consent.guard,
    "leases": consent.guard,  # the same doors: the subject's pages of a lease
    "mine": subject.guard,  # proof of who the person is; see its DOORS
    "desk": desk_pages.guard,  # somebody signed in who works here as an adjudicator
    "staff": staff.guard,  # a password and a one-time code; see its DOORS
}
"""Rooms that guard themselves: the blueprint runs this before every request."""

OPEN_ENDPOINTS: Mapping[str, str] = {
    "oauth.token": "the client authenticates itself in the request",
    "oauth.revoke": "the client authenticates itself in the request",
    "oauth.introspect": "the client authenticates itself in the request",
    "oauth.jwks": "public keys",
    "oauth.authorization_server": "metadata (RFC 8414)",
    "oauth.protected_resource": "metadata (RFC 9728)",
    "front.home": "says what this is",
    "front.docs": "the API, to be read",
    "front.openapi": "the API, for machines",
    "front.static": "the pages' style and sign",
    "front.icon": "the sign, where browsers look for it",
    "health.alive": "for supervisors; one word",
    "health.ready": "for load balancers; one word",
    "receipts.verify": "whoever was shown a receipt may ask whether we signed it; nothing more is told",
    "front.problems": "lists the types of errors",
    "tryout.shelf_of_law": "the published policies, for everybody to read",
    "tryout.policy": "explains a published policy, and tries a made-up record: nothing is read, changed or kept",
    "tryout.nowhere": "an address of these pages that is none",
    "problem": "explains a type of error",
}
"""The routes that are open to everyone, each with its reason."""
