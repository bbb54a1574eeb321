"""The interface's own rules."""

from datetime import date

import pytest

from connectors.base import ConfigurationError, Id, Misconfigured, Name, Query


@pytest.mark.parametrize("missing", ["purpose", "consent", "policy"])
def test_a_query_without_purpose_consent_or_policy_cannot_be_made(missing: str) -> None:
    """Consent first: there is no way to put the question without it."""
    facts = {"purpose": "hiring", "consent": "con_abc", "policy": "cn/kindergarten"} | {missing: ""}
    with pytest.raises(ValueError, match=f"a query must carry its {missing}"):
        Query((Name("Lin Zhou"),), date(1990, 5, 20), (), **facts)


def test_a_query_about_nobody_cannot_be_made() -> None:
    """A birth date alone names no person."""
    with pytest.raises(ValueError, match="a name or an identifier"):
        Query((), date(1990, 5, 20), (), "hiring", "con_abc", "cn/kindergarten")


def test_reprs_show_no_person() -> None:
    """A query's repr shows the purpose and the consent, and nothing of the person."""
    query = Query((Name("Lin Zhou"),), date(1990, 5, 20), (Id("passport", "E12"),), "hiring", "con_abc", "cn/x")
    assert repr(query) == "Query(purpose='hiring', consent='con_abc', policy='cn/x')"


def test_a_configuration_error_names_file_table_and_key() -> None:
    """It is found by everybody who looks for a misconfigured registry."""
    error = ConfigurationError("registries.toml", "police", "path", "is missing")
    assert isinstance(error, Misconfigured)
    assert str(error) == "registries.toml, [police], path: is missing"
