"""The states of a consent and the moves between them. What is not in the table cannot happen."""

from collections.abc import Mapping
from typing import Literal

State = Literal["requested", "given", "declined", "withdrawn", "expired", "cancelled"]

# Each state with those that may follow it. From the last four nothing follows: the institution asks anew.
MOVES: Mapping[State, frozenset[State]] = {
    "requested": frozenset({"given", "declined", "expired", "cancelled"}),
    "given": frozenset({"withdrawn"}),
    "declined": frozenset(),
    "withdrawn": frozenset(),
    "expired": frozenset(),
    "cancelled": frozenset(),
}


def before(to: State) -> tuple[State, ...]:
    """The states from which a consent may move to this one."""
    return tuple(state for state, following in MOVES.items() if to in following)
