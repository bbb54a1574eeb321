"""Three-valued truth: `True`, `False`, and `None` for "the record does not say".

Kleene's strong logic of indeterminacy: a conjunction with one *no* is *no*, a disjunction with one *yes* is
*yes*, and what cannot be settled stays unknown.
"""

from collections.abc import Iterable

Truth = bool | None


def all_of(values: Iterable[Truth]) -> Truth:
    """Conjunction: *no* if one is no, else *unknown* if one is unknown, else *yes*."""
    unknown = False
    for value in values:
        if value is False:
            return False
        unknown = unknown or value is None
    return None if unknown else True


def any_of(values: Iterable[Truth]) -> Truth:
    """Disjunction: *yes* if one is yes, else *unknown* if one is unknown, else *no*."""
    unknown = False
    for value in values:
        if value is True:
            return True
        unknown = unknown or value is None
    return None if unknown else False


def negation(value: Truth) -> Truth:
    """The opposite; the opposite of unknown is unknown."""
    return None if value is None else not value
