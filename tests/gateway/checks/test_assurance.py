"""A policy states how surely a person must have proved who they are; a deployment that cannot do it takes no check."""

from typing import Any

import pytest

from tests.stage import request_for

PROVIDER = {
    "SEALGATE_PROOF": "oidc",
    "SEALGATE_OIDC_ISSUER": "http://127.0.0.1:9",
    "SEALGATE_OIDC_CLIENT_ID": "sealgate",
    "SEALGATE_OIDC_CLIENT_SECRET": "a secret of the provider",
}


@pytest.mark.parametrize(("assurance", "status"), [("low", 409), ("substantial", 201), ("high", 201)])
def test_a_provider_must_be_as_sure_as_the_policy_wants(make_stage: Any, assurance: str, status: int) -> None:
    """cn/kindergarten wants a substantial assurance."""
    stage = make_stage({**PROVIDER, "SEALGATE_OIDC_ASSURANCE": assurance})
    about = {name: value for name, value in request_for("CLEAN")["subject"].items() if name != "contact"}
    answer = stage.caller().ask(subject=about)  # the provider knows the person, so that nobody needs a contact
    assert answer.status_code == status
    if status == 409:
        assert answer.json["type"].endswith("/problems/proof-too-weak")
        assert "substantial" in answer.json["detail"]
