"""The closed list of identifier types, and the form of each."""

import pytest

from connectors.ids import ID_TYPES
from gateway.checks import forms


def test_a_registry_and_a_check_know_the_same_types() -> None:
    """A type that only one of them knew would never be found."""
    assert set(ID_TYPES) == set(forms.ID_TYPES)


@pytest.mark.parametrize(
    ("kind", "value", "valid"),
    [
        ("cn-resident-id", "999999199204174563", True),
        ("cn-resident-id", "11010519491231002X", True),  # the example of the standard
        ("cn-resident-id", "11010519491231002x", True),
        ("cn-resident-id", "999999199204174564", False),
        ("cn-resident-id", "999999199213174563", False),
        ("cn-resident-id", "99999919920417456", False),
        ("nl-bsn", "111222333", True),
        ("nl-bsn", "111222334", False),
        ("nl-bsn", "000000000", False),
        ("us-ssn", "219-09-9999", True),
        ("us-ssn", "219099999", True),
        ("us-ssn", "666-09-9999", False),
        ("gb-nino", "AB 12 34 56 C", True),
        ("gb-nino", "BG123456C", False),
        ("passport", "E" * 40, True),
        ("passport", "E" * 41, False),
    ],
)
def test_the_form_of_each(kind: str, value: str, valid: bool) -> None:
    """As far as it is public; both sides give the same answer."""
    assert ID_TYPES[kind](value) is valid
    assert forms.ID_TYPES[kind](value) is valid
