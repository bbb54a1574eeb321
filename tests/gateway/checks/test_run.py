"""The route of a check, from consent to a settled answer."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from connectors.fake import FakeRegistry
from gateway import vault, work
from gateway.audit.models import AuditEntry
from gateway.checks import deployment
from gateway.checks.run import LONGEST_PAUSE, WAITS_FOR_A_PERSON, draw, fix, keep, run, why_a_person
from gateway.db import db
from policies.evaluator import Adjudication
from policies.library import Library

pytestmark = pytest.mark.both_databases


def looks() -> int:
    """How many looks at registries are in the log."""
    with db.read() as session:
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.kind == "registry.asked")
        return session.scalar(query) or 0


def result(check_id: str) -> object:
    """The result that was kept, or None."""
    with db.read() as session:
        return vault.get(session, check_id, "result") if vault.has(session, check_id, "result") else None


def test_a_clean_person(stage) -> None:
    """The one bit is kept, the day and the versions are pinned, the registry was asked once with what it is owed."""
    check_id = stage.caller().asked()
    stage.agree(check_id)
    check = stage.check(check_id)
    assert result(check_id) == {"eligible": True}
    assert (check.day, check.ready_at) == (date(2026, 11, 20), stage.time.at)
    assert check.regimes == {regime.id: regime.version for regime in Library.shipped().regimes(check.day).values()}
    (query,) = stage.police.asked
    assert (query.purpose, query.policy, query.born) == ("hiring", "cn/kindergarten", date(1990, 4, 23))
    assert query.consent.startswith("con_")
    assert [(name.full, name.script) for name in query.names] == [("王小明", "Hans")]


def test_nothing_is_asked_without_consent(stage) -> None:
    """A task that runs too early, or for a check that was declined or cancelled, asks nobody."""
    hr = stage.caller()
    early, declined = hr.asked(key="1"), hr.asked(key="2")
    stage.decline(declined)
    run(early)
    run(declined)
    assert stage.police.asked == []
    assert looks() == 0


def test_nothing_is_held_while_a_registry_is_asked(stage) -> None:
    """Neither a lock nor a transaction, for a check and for a review: a registry may take its time."""
    in_use: list[int] = []
    stage.police.meanwhile = lambda: in_use.append(db.engine.pool.checkedout())
    hr, desk = stage.caller(), stage.desk()
    _, review_id = stage.opened(hr, "BARRED")
    assert desk.get(f"/v1/reviews/{review_id}").status_code == 200
    assert in_use == [0, 0]


def test_every_registry_is_asked_hit_or_no_hit(stage) -> None:
    """A refusal by the first registry does not spare the second."""
    check_id = stage.caller("cn/physician").asked("BARRED", policy="cn/physician", role="physician")
    stage.agree(check_id)
    assert len(stage.police.asked) == len(stage.health.asked) == 1
    assert looks() == 2


def test_a_silent_registry(stage) -> None:
    """Silence is no answer: later, ever more slowly, and then the same answer as ever."""
    check_id = stage.caller().asked()
    stage.police.down = True
    assert stage.act(check_id)
    with pytest.raises(work.Later) as first:
        run(check_id)
    stage.time.forward(timedelta(minutes=10))
    with pytest.raises(work.Later) as second:
        run(check_id)
    stage.time.forward(timedelta(days=2))
    with pytest.raises(work.Later) as third:
        run(check_id)
    assert first.value.seconds < second.value.seconds < third.value.seconds == LONGEST_PAUSE
    assert result(check_id) is None
    stage.police.down = False
    run(check_id)
    assert result(check_id) == {"eligible": True}


def test_a_look_that_is_repeated_is_known_as_the_same(stage) -> None:
    """One key for a look, however often it is repeated that day; another for every registry, check, day and look."""
    hr, terms = stage.caller("cn/physician"), {"policy": "cn/physician", "role": "physician"}
    first, second = hr.asked(key="1", **terms), hr.asked(key="2", **terms)
    stage.health.garbled = True
    for check_id in (first, second):
        assert stage.act(check_id)
    for check_id in (first, first, second):
        with pytest.raises(work.Later):
            run(check_id)
    stage.time.forward(timedelta(days=1))
    with pytest.raises(work.Later):
        run(first)
    police, health = ([query.key for query in registry.asked] for registry in (stage.police, stage.health))
    for keys in (police, health):
        assert keys[0] == keys[1]
        assert len(set(keys)) == 3
    assert not set(police) & set(health)
    assert not [key for key in police + health if first in key or second in key]


def test_no_look_while_one_of_them_is_known_to_be_silent(stage) -> None:
    """No registry is asked in vain while another is down."""
    check_id = stage.caller("cn/physician").asked(policy="cn/physician", role="physician")
    stage.health.down = True
    assert stage.act(check_id)
    with pytest.raises(work.Later):
        run(check_id)
    assert stage.police.asked == []


def test_an_answer_that_cannot_be_used(stage) -> None:
    """A garbled answer is silence, not a clean record."""
    check_id = stage.caller().asked()
    stage.police.garbled = True
    assert stage.act(check_id)
    with pytest.raises(work.Later):
        run(check_id)
    assert result(check_id) is None
    assert stage.review(check_id) is None


def test_a_registry_that_the_deployment_lacks(stage) -> None:
    """The check waits; it is never answered from the others alone."""
    check_id = stage.caller("cn/physician").asked(policy="cn/physician", role="physician")
    deployment._deployment = replace(deployment.ours(), registries={"police": stage.police})
    assert stage.act(check_id)
    with pytest.raises(work.Later):
        run(check_id)
    assert result(check_id) is None
    assert stage.police.asked == []


def test_a_pinned_version_that_is_gone(stage) -> None:
    """Without its law a check waits for a person, whatever newer law there is."""
    check_id = stage.caller().asked()
    library = deployment.ours().library
    versions = {**library.policy_versions, "cn/kindergarten": library.policy_versions["cn/city-transit"]}
    deployment._deployment = replace(deployment.ours(), library=replace(library, policy_versions=versions))
    assert stage.act(check_id)
    with pytest.raises(work.Later) as waits:
        run(check_id)
    assert waits.value.seconds == WAITS_FOR_A_PERSON
    assert stage.police.asked == []


def test_withdrawn_between_the_looks(stage) -> None:
    """Consent is looked at again before every registry: a withdrawal meanwhile stops the next look."""

    class Withdrawing(FakeRegistry):
        def ask(self, query):
            stage.withdraw(check_id)
            return super().ask(query)

    check_id = stage.caller("cn/physician").asked(policy="cn/physician", role="physician")
    police = Withdrawing("police")
    deployment._deployment = replace(deployment.ours(), registries={"police": police, "health": stage.health})
    stage.agree(check_id)
    assert (len(police.asked), len(stage.health.asked)) == (1, 0)
    assert result(check_id) is None


def test_withdrawn_after_the_last_look(stage) -> None:
    """What was worked out is not kept when the consent does not stand any more."""

    class Withdrawing(FakeRegistry):
        def ask(self, query):
            stage.withdraw(check_id)
            return super().ask(query)

    check_id = stage.caller().asked()
    deployment._deployment = replace(deployment.ours(), registries={"police": Withdrawing("police")})
    stage.agree(check_id)
    assert result(check_id) is None
    assert stage.review(check_id) is None


@pytest.mark.parametrize("passport", ["CLEAN", "BARRED"])
def test_run_twice(stage, passport: str) -> None:
    """A task that is repeated after it was done asks nobody and changes nothing."""
    check_id = stage.caller().asked(passport)
    stage.agree(check_id)
    before = (stage.check(check_id).ready_at, stage.review(check_id), looks())
    stage.time.forward(timedelta(minutes=1))
    run(check_id)
    after = (stage.check(check_id).ready_at, stage.review(check_id), looks())
    assert [str(part and getattr(part, "id", part)) for part in before] == [
        str(part and getattr(part, "id", part)) for part in after
    ]
    stage.forward(days=3)
    run(check_id)
    assert looks() == before[2]


def test_the_day_stays(stage) -> None:
    """The day is fixed at the first attempt, also when a registry answers only days later."""
    check_id = stage.caller().asked()
    stage.police.down = True
    assert stage.act(check_id)
    with pytest.raises(work.Later):
        run(check_id)
    stage.time.forward(timedelta(days=3))
    stage.police.down = False
    run(check_id)
    assert stage.check(check_id).day == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("outcome", "needs_person", "refusal", "drawn", "why"),
    [
        ("undetermined", False, "automatic", False, "undetermined"),
        ("undetermined", False, "automatic", True, "undetermined"),
        ("ineligible", False, "reviewed", False, "refusal"),
        ("ineligible", False, "automatic", False, None),
        ("ineligible", True, "automatic", False, "refusal"),
        ("ineligible", False, "automatic", True, None),
        ("eligible", False, "reviewed", False, None),
        ("eligible", False, "automatic", True, "sample"),
    ],
)
def test_what_goes_to_the_desk(outcome: str, needs_person: bool, refusal: str, drawn: bool, why: str | None) -> None:
    """What is open, refusals unless policy and law let them pass, and the clear ones that are drawn."""

    class Given(Adjudication):
        @property
        def needs_person(self) -> bool:
            return needs_person

    policy = Library.shipped().version("cn/kindergarten", "2025-06-01")
    policy = replace(policy, release=replace(policy.release, refusal=refusal))
    assert why_a_person(policy, Given(outcome, ()), drawn) == why


def test_an_automatic_refusal(make_stage) -> None:
    """Under a policy that refuses automatically, a sure refusal is settled like any answer."""
    stage = make_stage(refusal="automatic")
    check_id = stage.caller().asked("BARRED")
    stage.agree(check_id)
    assert result(check_id) == {"eligible": False}
    assert stage.review(check_id) is None


def test_the_review_share(make_stage) -> None:
    """The share is drawn before anything is known; all of the clear ones go to the desk when it is one."""
    stage = make_stage(review_share=1.0)
    check_id = stage.caller().asked("CLEAN")
    stage.agree(check_id)
    assert stage.review(check_id) is not None
    policy = deployment.ours().library.version("cn/kindergarten", "2025-06-01")
    half = replace(policy, release=replace(policy.release, review_share=0.5))
    drawn = sum(draw(half) for _ in range(400))
    assert 120 < drawn < 280


def test_kept_twice(stage) -> None:
    """Two attempts that end at the same time: the first one's answer stands."""
    check_id = stage.caller().asked()
    assert stage.act(check_id)
    asked = fix(check_id)
    keep(asked, Adjudication("eligible", ()), drawn=False)
    keep(asked, Adjudication("ineligible", ()), drawn=False)
    assert result(check_id) == {"eligible": True}
    assert stage.review(check_id) is None
