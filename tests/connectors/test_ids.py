"""The closed list of identifier types, and the form of each."""

import pytest

from connectors.ids import ID_TYPES


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("cn-resident-id", "999999199204174563", None),
        ("cn-resident-id", "11010519491231002X", None),  # the example of the standard
        ("cn-resident-id", "11010519491231002x", None),
        ("cn-resident-id", "999999199204174564", "its check digit does not fit"),
        ("cn-resident-id", "999999199213174563", "holds no date"),
        ("cn-resident-id", "99999919920417456", "does not have 18 characters"),
        ("cn-resident-id", "99999919920417456A", "must be 17 digits"),
        ("nl-bsn", "111222333", None),
        ("nl-bsn", "111222334", "eleven test"),
        ("nl-bsn", "000000000", "eleven test"),
        ("nl-bsn", "11122233", "nine digits"),
        ("us-ssn", "219-09-9999", None),
        ("us-ssn", "219099999", None),
        ("us-ssn", "666-09-9999", "not issued"),
        ("us-ssn", "219-09-999", "nine digits"),
        ("gb-nino", "AB 12 34 56 C", None),
        ("gb-nino", "BG123456C", "not issued"),
        ("gb-nino", "AB123456E", "two letters, six digits"),
        ("passport", "E" * 40, None),
        ("passport", "E" * 41, "at most 40"),
    ],
)
def test_the_form_of_each(kind: str, value: str, problem: str | None) -> None:
    """As far as it is public; what is wrong is said without the value."""
    said = ID_TYPES[kind](value)
    if problem is None:
        assert said is None
    else:
        assert said is not None
        assert problem in said
        assert value not in said
