"""A registry that a policy needs and that is not there is seen before a check waits for it."""

from connectors.fake import FakeRegistry
from gateway.app import create_app
from gateway.checks.needed import all_there, say_what_is_wanting, wanting


def test_a_registry_under_another_name(stage, lines) -> None:
    """The probe fails from the moment an institution is registered, and one line says which name is missing."""
    create_app(stage.config, registries={"polizei": FakeRegistry("polizei")})
    assert all_there()
    stage.caller("cn/kindergarten:carer")
    assert not all_there()
    (line,) = lines()
    assert (line["registry"], line["policy"]) == ("police", "cn/kindergarten")
    assert line["said"] == "registries.toml names no police, which cn/kindergarten asks; there is polizei"


def test_every_policy_and_registry_is_said(stage, lines) -> None:
    """Each policy with each of its registries that is missing; nothing when nothing is."""
    stage.caller("cn/kindergarten", "cn/physician")
    assert not say_what_is_wanting()
    assert lines() == []
    create_app(stage.config, registries={"police": stage.police})
    assert say_what_is_wanting()
    assert [(line["policy"], line["registry"]) for line in lines()] == [("cn/physician", "health")]


def test_a_registry_that_is_not_ready(stage) -> None:
    """What is needed must be ready; what nobody asks need not be."""
    stage.caller("cn/kindergarten")
    stage.health.down = True
    assert all_there()
    stage.police.down = True
    assert [str(one) for one in wanting()] == ["police, which cn/kindergarten asks, is not ready"]
    assert not all_there()
    stage.police.down = False
    assert all_there()


def test_a_policy_that_is_not_on_the_shelf_needs_nothing(stage) -> None:
    """A registration for a policy that is to come, or is not in force, does not stop the others."""
    with_another = stage.caller("cn/kindergarten", "cn/beekeeping")
    assert with_another.institution_id
    assert all_there()
