"""A policy states how surely a person must have proved who they are; a deployment that cannot do it takes no check."""

from typing import Any

import pytest

from gateway import vault
from gateway.db import db
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


def test_registries_are_asked_about_what_was_vouched_for_alone(make_stage: Any) -> None:
    """The number that an institution wrote down is not in the question unless the provider knows it."""
    stage = make_stage({**PROVIDER, "SEALGATE_OIDC_ASSURANCE": "high"})
    check_id = stage.caller().asked("BARRED")
    with db.write() as session:
        subject = vault.get(session, check_id, "subject")
        vault.put(session, check_id, "vouched", {**subject, "ids": []})
    stage.agree(check_id)
    assert [query.ids for query in stage.police.asked] == [()]
