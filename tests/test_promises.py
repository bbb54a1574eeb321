"""The ten promises of the design (DESIGN §1), each with the tests that fail when it is broken.

What a promise says in general is tried here on whole checks, from the request to the answer, with real rooms and
fake registries. Finer tests are with the rooms; `test_no_trace.py` looks for details in everything that is kept.

More than 300 lines because the ten promises are to be read in one place.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from connectors.fake import FakeRegistry
from gateway import audit, consent, vault, work
from gateway.audit.models import AuditEntry
from gateway.checks import deployment, release
from gateway.checks.look import adjudicated, question
from gateway.checks.models import Check
from gateway.checks.run import run
from gateway.consent.decide import agree, decline, expire, withdraw
from gateway.consent.models import Consent
from gateway.db import db
from gateway.notices.models import Message
from policies.library import Library
from tests.server import Deployment, person
from tests.stage import RELEASE, Caller, Stage, make_stage, reports, request_for, stage, stage_environ
from tests.visitors import Subject

TOLD = RELEASE - timedelta(hours=6)
"""When the subject is told of an answer that leaves at RELEASE."""

__all__ = ["make_stage", "stage", "stage_environ"]

SECRETS = ("drugs.use", "theft", "violence", "drug-use-ever", "harm-ever", "case-1", "case-2", "case-3", "2012-05-05")
"""What the registry says of the stage's people, and the names of the bars that decide about them."""


def seen(caller: Caller, check_id: str) -> tuple[bytes, list[tuple[str, str]], bytes]:
    """All that an institution gets to see of a check at this moment, without what differs by right: its id."""
    one, listed = caller.get(f"/v1/checks/{check_id}"), caller.get("/v1/checks")
    form = next(form for form in listed.json["checks"] if form["id"] == check_id)  # type: ignore[index]
    hidden = one.data.replace(check_id.encode(), b"chk")
    headers = [header for header in one.headers.to_wsgi_list() if header[0] != "X-Request-Id"]
    return hidden, sorted(headers), json.dumps({**form, "id": "chk"}).encode()


def everything_kept() -> Iterator[tuple[str, bytes]]:
    """Every cell of every table of the database, the work engine's too."""
    with db.read() as session:
        tables = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        for table in tables:
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                for cell in row:
                    yield table, cell if isinstance(cell, bytes) else str(cell).encode()


# 1. One bit.


def test_promise_1_one_bit(stage: Stage) -> None:
    """Two people with the same answer get the same bytes at every moment, whatever is on record."""
    stage.police.answers |= {
        "SEALED": reports({"offence": "gambling", "disposition": "annulled", "decided_on": "2020-01-01"}),
        "CRIME": reports({"kind": "criminal", "disposition": "convicted", "offence": "sexual.assault"}),
        "NAMESAKE": reports({"offence": "theft"}, sure=False),
    }
    people = {"CLEAN": True, "FORGIVEN": True, "SEALED": True, "NAMESAKE": True, "UNCLEAR": True}
    people |= {"BARRED": False, "CRIME": False}
    hr, desk = stage.caller(), stage.desk()
    ids = {passport: hr.asked(passport) for passport in people}
    moments = [{passport: seen(hr, check_id) for passport, check_id in ids.items()}]
    for check_id in ids.values():
        stage.agree(check_id)
    moments.append({passport: seen(hr, check_id) for passport, check_id in ids.items()})
    stage.settle_reviews(desk)
    stage.until(RELEASE - timedelta(seconds=1))
    moments.append({passport: seen(hr, check_id) for passport, check_id in ids.items()})
    for moment in moments:
        assert len(set(map(repr, moment.values()))) == 1, "before the release everybody looks the same"
    stage.until(RELEASE)
    after = {passport: seen(hr, check_id) for passport, check_id in ids.items()}
    for eligible in (True, False):
        same = {repr(after[passport]) for passport, answer in people.items() if answer is eligible}
        assert len(same) == 1
    yes, no = after["CLEAN"], after["BARRED"]
    assert yes[0].replace(b'"eligible":true', b'"eligible":false') == no[0]
    assert [name for name, _ in yes[1]] == [name for name, _ in no[1]]


def test_promise_1_what_is_kept_is_alike(stage: Stage) -> None:
    """After release a refusal that a person confirmed and a clear answer are kept alike: the same values in the same
    columns, the same sizes in the vault."""
    hr, desk = stage.caller(), stage.desk()
    ids = [hr.asked("CLEAN"), hr.asked("BARRED")]
    for check_id in ids:
        stage.agree(check_id)
    stage.forward(minutes=5)
    stage.settle_reviews(desk)
    stage.until(RELEASE)
    with db.read() as session:
        kept = "SELECT name, length(sealed) FROM vault_items WHERE owner_id = :id AND name IN ('result', 'review')"
        sizes = [session.execute(text(f"{kept} ORDER BY name"), {"id": check_id}).all() for check_id in ids]
        whole = [vars(session.get_one(Check, check_id)) for check_id in ids]
    own = ("_sa_instance_state", "id", "result_entry")
    rows = [{name: value for name, value in row.items() if name not in own} for row in whole]
    assert rows[0] == rows[1]
    assert len(sizes[0]) == 2
    assert sizes[0] == sizes[1]


def test_promise_1_no_list_of_the_reviewed(stage: Stage) -> None:
    """After release no join of the tables, by link, time or place in the log, tells who went over the desk."""
    hr = stage.caller()
    ids = [hr.asked(passport) for passport in ("CLEAN", "BARRED", "FORGIVEN", "UNCLEAR")]
    for check_id in ids:
        stage.time.forward(timedelta(minutes=3))
        stage.agree(check_id)
        audit.sequence()  # as the sequencer does every few seconds
    stage.forward(minutes=5)
    stage.settle_reviews(stage.desk())  # whose own entries come between: a neighbour by mere chance is not sought
    audit.sequence()
    stage.until(RELEASE)
    joins = {
        "by link": "SELECT reviews.id FROM reviews",
        "by time": "SELECT r.id, c.check_id FROM reviews r JOIN consents c"
        " ON abs(julianday(r.opened_at) - julianday(c.given_at)) < 0.01",
        "by time in the log": "SELECT e.id, c.check_id FROM audit_entries e JOIN consents c"
        " ON abs(julianday(e.at) - julianday(c.given_at)) < 1.0 / 24 / 60 WHERE e.kind LIKE 'review.%'",
        "adjacent in the log": "SELECT e.id, n.about FROM audit_entries e JOIN audit_entries n"
        " ON abs(e.position - n.position) = 1 WHERE e.kind LIKE 'review.%' AND n.kind = 'consent.given'",
        "adjacent as written": "SELECT e.id, n.about FROM audit_entries e JOIN audit_entries n"
        " ON abs(e.recorded - n.recorded) = 1 WHERE e.kind LIKE 'review.%' AND n.about LIKE 'chk_%'",
        "pinned beside": "SELECT id FROM audit_entries WHERE kind IN ('policy.pinned', 'registry.asked')"
        " AND about LIKE 'chk_%'",
    }
    with db.read() as session:
        opened = "SELECT count(*) FROM audit_entries WHERE kind = 'review.opened' AND position IS NOT NULL"
        assert session.execute(text(opened)).scalar() == 2
        assert {how: session.execute(text(join)).all() for how, join in joins.items()} == {how: [] for how in joins}


# 2. Time is part of the answer.


def test_promise_2_time_is_part_of_the_answer(stage: Stage) -> None:
    """A quick answer, a refusal, a review, a slow registry: in progress to the release time, and not one word more."""
    hr, desk = stage.caller(), stage.desk()
    ids = {passport: hr.asked(passport) for passport in ("CLEAN", "BARRED", "UNCLEAR", "FORGIVEN")}
    slow = hr.asked("SLOW", key="slow")
    for check_id in ids.values():
        stage.agree(check_id)
    assert stage.act(slow, agree)
    stage.police.down = True
    with pytest.raises(work.Later):
        run(slow)
    stage.police.down = False
    for moment in (1, 6 * 3600, 24 * 3600):
        stage.forward(seconds=moment - (stage.time.at - RELEASE + timedelta(hours=25)).total_seconds())
        views = {seen(hr, check_id)[0] for check_id in (*ids.values(), slow)}
        assert len(views) == 1
        assert b'"status":"in_progress"' in views.pop()
        if moment == 1:
            run(slow)
            stage.settle_reviews(desk)
    stage.until(RELEASE - timedelta(microseconds=1))
    assert {hr.see(check_id)["status"] for check_id in (*ids.values(), slow)} == {"in_progress"}
    stage.until(RELEASE)
    done = [hr.see(check_id) for check_id in (*ids.values(), slow)]
    assert {check["status"] for check in done} == {"completed"}
    assert {check["release_at"] for check in done} == {"2026-11-21T10:00:00Z"}


def test_promise_2_late_is_the_next_grid_time(stage: Stage) -> None:
    """What is ready late leaves at a grid time, never when it becomes ready."""
    hr, desk = stage.caller(), stage.desk()
    check_id = hr.asked("BARRED")
    stage.agree(check_id)
    stage.until(TOLD + timedelta(minutes=7))
    stage.settle_reviews(desk)
    for minutes in (0, 8, 30, 59):
        stage.until(RELEASE + timedelta(minutes=minutes))
        assert hr.see(check_id)["status"] == "in_progress"
    stage.until(RELEASE + timedelta(hours=1))
    assert hr.see(check_id)["status"] == "completed"


def test_promise_2_being_late_says_nothing(stage: Stage) -> None:
    """At the observed rate of lateness answers are deferred by lot, drawn before anything is known of them."""
    hr = stage.caller()
    with db.write() as session:
        consent.observe_lateness(session, "cn/kindergarten", 1.0)
    clean = hr.asked("CLEAN")
    stage.agree(clean)
    stage.until(RELEASE)
    assert hr.see(clean)["status"] == "in_progress", "everybody is late here, so the clear are late too"
    stage.until(RELEASE + timedelta(hours=12))
    assert hr.see(clean)["status"] == "completed"


def test_promise_2_withdrawn_closes_at_a_release_time(stage: Stage) -> None:
    """Whoever withdraws after consent is closed when an answer would have come, and looks the same until then."""
    hr = stage.caller()
    stays, goes = hr.asked("CLEAN"), hr.asked("BARRED")
    for check_id in (stays, goes):
        stage.agree(check_id)
    stage.act(goes, withdraw)
    stage.until(RELEASE - timedelta(seconds=1))
    assert seen(hr, stays) == seen(hr, goes)
    stage.until(RELEASE)
    assert (hr.see(stays)["status"], hr.see(goes)["status"]) == ("completed", "closed")


def test_promise_2_times_are_no_finer_than_the_grid(stage: Stage) -> None:
    """Every time that leaves lies on the release grid, at every stage."""
    hr = stage.caller()
    forms = [hr.ask().json]
    check_id = forms[0]["id"]
    stage.agree(check_id)
    forms.append(hr.see(check_id))
    stage.forward(days=2, minutes=11)
    forms += [hr.see(check_id), *hr.get("/v1/checks").json["checks"]]
    times = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\"]*", json.dumps(forms))
    assert len(times) >= 10
    assert all(time.endswith(":00:00Z") for time in times)


# 3. Consent first.


def test_promise_3_consent_first(stage: Stage) -> None:
    """No registry hears of a person before the person's own act, nor after a no, a cancellation or an expiry."""
    hr = stage.caller()
    ids = {how: hr.asked(key=how) for how in ("waiting", "declined", "cancelled", "expired", "withdrawn", "given")}
    stage.act(ids["declined"], decline)
    hr.post(f"/v1/checks/{ids['cancelled']}/cancel")
    assert stage.act(ids["withdrawn"], agree)
    assert stage.act(ids["withdrawn"], withdraw)
    for check_id in ids.values():
        run(check_id)
    assert stage.police.asked == []
    stage.agree(ids["given"])
    assert len(stage.police.asked) == 1
    stage.time.forward(timedelta(days=14))
    assert not stage.act(ids["waiting"], agree), "one whose time is up cannot be agreed to before it is tidied away"
    expire()
    assert not stage.act(ids["expired"], agree), "nor afterwards"
    run(ids["expired"])
    run(ids["waiting"])
    assert len(stage.police.asked) == 1


def test_promise_3_consent_is_bound(stage: Stage) -> None:
    """The act is bound to this institution, role, policy version and purpose, and the registry is told which act."""
    hr = stage.caller()
    check_id = hr.asked(purpose="re-check", role="carer")
    stage.agree(check_id)
    with db.read() as session:
        given = consent.decided(session, check_id)
        check = session.get_one(Check, check_id)
    bound = (given.institution, given.policy, given.version, given.role, given.purpose)
    assert bound == ("Sunflower Kindergarten", "cn/kindergarten", "2025-06-01", "carer", "re-check")
    assert (check.policy, check.version, check.role, check.purpose) == bound[1:]
    (query,) = stage.police.asked
    assert (query.consent, query.purpose, query.policy) == (given.id, "re-check", "cn/kindergarten")


def test_promise_3_withdrawal_stops_the_next_look(stage: Stage) -> None:
    """The consent must stand at the moment of each look, not only when the work began."""

    class Withdrawing(FakeRegistry):
        def ask(self, query):  # type: ignore[no-untyped-def]
            stage.act(check_id, withdraw)
            return super().ask(query)

    check_id = stage.caller("cn/physician").asked(policy="cn/physician", role="physician")
    registries = {"police": Withdrawing("police"), "health": stage.health}
    deployment._deployment = replace(deployment.ours(), registries=registries)
    stage.agree(check_id)
    assert stage.health.asked == []


# 4. Details live in memory only.


def test_promise_4_details_live_in_memory_only(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that a registry said, and no bar that decided, is in a table, a task or a log line at any stage."""
    hr, desk = stage.caller(), stage.desk()

    def nothing_kept() -> None:
        for table, cell in everything_kept():
            for secret in SECRETS:
                assert secret.encode() not in cell, f"{secret} is in {table}"

    ids = [hr.asked(passport) for passport in ("CLEAN", "BARRED", "FORGIVEN", "UNCLEAR")]
    for check_id in ids:
        stage.agree(check_id)
    nothing_kept()
    for review in desk.get("/v1/reviews").json["reviews"]:
        desk.get(f"/v1/reviews/{review['id']}")
    nothing_kept()
    stage.settle_reviews(desk)
    stage.until(RELEASE)
    nothing_kept()
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_promise_4_reasons_are_derived_afresh_with_a_logged_look(stage: Stage) -> None:
    """What the desk is shown is asked for at that moment, is in the log, and says if the registry has changed."""
    hr, desk = stage.caller(), stage.desk()
    stage.agree(hr.asked("BARRED"))
    (review,) = desk.get("/v1/reviews").json["reviews"]
    looks = select(AuditEntry.id).where(AuditEntry.kind == "registry.asked")
    with db.read() as session:
        before = len(session.scalars(looks).all())
    assert desk.get(f"/v1/reviews/{review['id']}").json["changed"] is False
    stage.police.answers["BARRED"] = []
    assert desk.get(f"/v1/reviews/{review['id']}").json["changed"] is True
    with db.read() as session:
        assert len(session.scalars(looks).all()) == before + 2


# 5. Unknown is never yes; silence is never clean.


@pytest.mark.parametrize("how", ["down", "garbled", "missing"])
def test_promise_5_silence_is_never_clean(stage: Stage, how: str) -> None:
    """A registry that is down, talks nonsense or is not there means wait: for days, if it must be."""
    hr = stage.caller("cn/physician")
    check_id = hr.asked(policy="cn/physician", role="physician")
    if how == "missing":
        deployment._deployment = replace(deployment.ours(), registries={"police": stage.police})
    else:
        setattr(stage.health, how, True)
    assert stage.act(check_id, agree)
    for _ in range(3):
        with pytest.raises(work.Later):
            run(check_id)
        stage.forward(days=2)
    seen_now = hr.see(check_id)
    assert (seen_now["status"], seen_now["eligible"]) == ("in_progress", None)


def test_promise_5_unknown_is_never_an_answer(stage: Stage) -> None:
    """What the records leave open waits for a person, however long it takes, and no default comes in between."""
    hr, desk = stage.caller(), stage.desk()
    stage.police.answers["NAMESAKE"] = reports({"offence": "drugs.use", "decided_on": "2012-05-05"}, sure=False)
    ids = [hr.asked("UNCLEAR"), hr.asked("NAMESAKE")]
    for check_id in ids:
        stage.agree(check_id)
    for _ in range(30):
        stage.forward(days=1)
        assert {hr.see(check_id)["status"] for check_id in ids} == {"in_progress"}
    waiting = [desk.get(f"/v1/reviews/{one['id']}").json for one in desk.get("/v1/reviews").json["reviews"]]
    assert [question["why"] for question in waiting] == ["undetermined"] * 2
    stage.settle_reviews(desk)
    stage.forward(hours=7)
    assert {hr.see(check_id)["eligible"] for check_id in ids} == {True}


# 6. Log before you tell.


def test_promise_6_log_before_you_tell(stage: Stage) -> None:
    """No answer can be read before its entry is under a signed checkpoint, by anyone."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.time.at = TOLD
    assert audit.sequence() is not None, "an earlier checkpoint is not one over the answer"
    release.tell_subjects()
    release.open_answers()
    assert told_or_opened(hr, check_id) == (False, False), "not in the log"
    release.lay()
    release.tell_subjects()
    release.open_answers()
    assert told_or_opened(hr, check_id) == (False, False), "in the log, but under no checkpoint"
    audit.sequence()
    release.tell_subjects()
    stage.time.at = RELEASE
    release.open_answers()
    assert told_or_opened(hr, check_id) == (True, True)


def test_promise_6_every_answer_is_in_a_log_that_holds(stage: Stage) -> None:
    """After a release each answer has one entry that commits to it, and the whole log verifies."""
    hr, desk = stage.caller(), stage.desk()
    ids = {hr.asked(passport): passport != "BARRED" for passport in ("CLEAN", "BARRED", "FORGIVEN")}
    for check_id in ids:
        stage.agree(check_id)
    stage.settle_reviews(desk)
    stage.until(RELEASE)
    audit.sequence()
    with db.read() as session:
        for check_id, eligible in ids.items():
            (entry,) = session.scalars(
                select(AuditEntry).where(AuditEntry.kind == "answer", AuditEntry.about == check_id)
            )
            salt = audit.opening(session, check_id, entry.id, "eligible")
            assert audit.commitment(salt, "eligible", eligible) in entry.facts
            assert audit.covered(session, entry.id)
        assert audit.verify(session).ok


def told_or_opened(hr: Caller, check_id: str) -> tuple[bool, bool]:
    """Whether the subject was told, and whether the institution can read the answer."""
    with db.read() as session:
        told = consent.decided(session, check_id).told_at is not None
    return told, hr.see(check_id)["status"] == "completed"


# 7. Law is dated, cited data.


def test_promise_7_law_is_dated(stage: Stage) -> None:
    """A check is answered by the version in force when it was asked, though the law has changed since."""
    hr, desk = stage.caller(), stage.desk()
    asked_before = hr.asked("BARRED")
    library = deployment.ours().library
    (old,) = library.policy_versions["cn/kindergarten"]
    harmless = tuple(bar for bar in old.bars if bar.id != "drug-use-ever")
    new = replace(old, version="2026-11-21", bars=harmless, digest="sha256:new")
    versions = {**library.policy_versions, "cn/kindergarten": (old, new)}
    deployment._deployment = replace(deployment.ours(), library=replace(library, policy_versions=versions))
    stage.time.forward(timedelta(days=3))
    asked_after = hr.asked("BARRED", key="after")
    for check_id in (asked_before, asked_after):
        stage.agree(check_id)
    stage.settle_reviews(desk)
    stage.forward(days=2)
    before, after = hr.see(asked_before), hr.see(asked_after)
    assert (before["policy"]["version"], before["eligible"]) == ("2025-06-01", False)
    assert (after["policy"]["version"], after["eligible"]) == ("2026-11-21", True)


def test_promise_7_yesterdays_answer_can_be_derived_again(stage: Stage) -> None:
    """From the day and the versions that a check pins, also when newer regimes are on the shelf."""
    hr = stage.caller()
    check_id = hr.asked("BARRED")
    stage.agree(check_id)
    library = deployment.ours().library
    newer = tuple(replace(one, version="2026-11-01", rules={}) for one in library.regime_versions["cn"][-1:])
    shelf = {**library.regime_versions, "cn": (*library.regime_versions["cn"], *newer)}
    deployment._deployment = replace(deployment.ours(), library=replace(library, regime_versions=shelf))
    stage.time.forward(timedelta(days=400))
    with db.read() as session:
        again = question(session, session.get_one(Check, check_id))
    assert (again.day, again.policy.version) == (date(2026, 11, 20), "2025-06-01")
    assert again.regimes["cn"] == library.regimes(date(2026, 11, 20))["cn"]
    assert adjudicated(again, tuple(stage.police.answers["BARRED"])).outcome == "ineligible"


def test_promise_7_the_log_names_the_version(stage: Stage) -> None:
    """What answered is in the log with its digest, which is that of the document on the shelf."""
    check_id = stage.caller().asked()
    stage.agree(check_id)
    with db.read() as session:
        (facts,) = (entry.facts for entry in audit.about(session, check_id) if entry.kind == "policy.pinned")
    digest = Library.shipped().version("cn/kindergarten", "2025-06-01").digest
    assert json.loads(facts) == ["cn/kindergarten", "2025-06-01", digest]


# 8. No law, no look.


def test_promise_8_no_law_no_look(stage: Stage) -> None:
    """The same sealed entry: a no where a law opens the seal, a yes where only a ministry rule asks."""
    hr, desk = stage.caller("cn/kindergarten", "cn/city-transit", "cn/ride-hailing"), stage.desk()
    roles = {"cn/kindergarten": "teacher", "cn/city-transit": "driver", "cn/ride-hailing": "driver"}
    ids = {policy: hr.asked("BARRED", key=policy, policy=policy, role=role) for policy, role in roles.items()}
    for check_id in ids.values():
        stage.agree(check_id)
    stage.settle_reviews(desk)
    stage.until(RELEASE)
    answers = {policy: hr.see(check_id)["eligible"] for policy, check_id in ids.items()}
    assert answers == {"cn/kindergarten": False, "cn/city-transit": False, "cn/ride-hailing": True}


def test_promise_8_holds_at_the_desk(stage: Stage) -> None:
    """An adjudicator is shown neither a sealed entry that the bar in question may surely not read, nor one under a law
    that we do not have."""
    library = deployment.ours().library
    only_cn = replace(library, regime_versions={"cn": library.regime_versions["cn"]})
    deployment._deployment = replace(deployment.ours(), library=only_cn)
    stage.police.answers["BOTH"] = reports(
        {"offence": "drugs.use", "decided_on": "2012-05-05"},
        {"kind": "criminal", "disposition": "convicted", "offence": "traffic", "age_at_act": 29},
        {"kind": "criminal", "disposition": "convicted", "offence": "fraud.welfare", "jurisdiction": "gb-eaw"},
    )
    hr, desk = stage.caller("cn/ride-hailing"), stage.desk()
    stage.agree(hr.asked("BOTH", policy="cn/ride-hailing", role="driver"))
    (review,) = desk.get("/v1/reviews").json["reviews"]
    bars = desk.get(f"/v1/reviews/{review['id']}").json["bars"]
    shown = {matter["entry"]["offence"] for bar in bars for matter in bar["entries"]}
    assert shown == {"traffic"}
    assert all(bar["withheld"] == 1 for bar in bars)


# 9. The subject comes first.


def test_promise_9_the_subject_comes_first(stage: Stage) -> None:
    """The subject is told a quarter of the hold before the institution can read, and has half of that if told late."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    stage.time.at = TOLD
    release.lay()
    audit.sequence()
    release.open_answers()
    assert told_or_opened(hr, check_id) == (False, False), "the institution is not before the subject"
    release.tell_subjects()
    assert told_or_opened(hr, check_id) == (True, False)
    stage.until(RELEASE - timedelta(seconds=1))
    assert told_or_opened(hr, check_id) == (True, False)
    stage.until(RELEASE)
    assert told_or_opened(hr, check_id) == (True, True)


def test_promise_9_withdrawing_works_until_the_answer_has_left(stage: Stage) -> None:
    """Up to the last moment before release, and also when they know it already; never after."""
    hr = stage.caller()
    early, told, late = (hr.asked("BARRED", key=key) for key in ("early", "told", "late"))
    for check_id in (early, told, late):
        stage.agree(check_id)
    stage.settle_reviews(stage.desk())
    stage.time.at = TOLD - timedelta(microseconds=1)
    assert stage.act(early, withdraw)
    stage.until(TOLD)
    stage.until(RELEASE - timedelta(microseconds=1))
    assert stage.act(told, withdraw)
    stage.until(RELEASE)
    assert not stage.act(late, withdraw)
    stage.forward(hours=1)
    assert [hr.see(check_id)["status"] for check_id in (early, told, late)] == ["closed", "closed", "completed"]


def test_promise_9_messages_are_the_same_for_yes_and_for_no(stage: Stage) -> None:
    """There is news: one message each, of the same template, at the same moment, whatever the news is."""
    hr = stage.caller()
    for passport in ("CLEAN", "BARRED"):
        about = {**request_for(passport)["subject"], "contact": {"email": "somebody@mail.example"}}
        stage.agree(hr.asked(passport, subject=about))
    stage.settle_reviews(stage.desk())
    stage.until(RELEASE)
    with db.read() as session:
        news = session.scalars(select(Message).where(Message.template == "news")).all()
        letters = [vault.get(session, message.id, "letter") for message in news]
    assert len(news) == 2
    assert news[0].created_at == news[1].created_at
    assert letters[0] == letters[1]


def test_promise_9_a_person_decides_a_no(stage: Stage) -> None:
    """A refusal does not leave until a person has confirmed it; overturned, it is a yes."""
    hr, desk = stage.caller(), stage.desk()
    check_id = hr.asked("BARRED")
    stage.agree(check_id)
    stage.forward(days=5)
    assert hr.see(check_id)["status"] == "in_progress"
    stage.settle_reviews(desk, "overturn")
    stage.forward(hours=7)
    assert hr.see(check_id)["eligible"] is True


# 10. Nothing is lost.


@pytest.mark.slow
def test_promise_10_nothing_is_lost(tmp_path: Path) -> None:
    """kill -9 again and again: every check asked for is answered, once, and the same request gets the same answer."""
    gateway = Deployment(tmp_path / "data")
    gateway.start()
    try:
        hr = gateway.register("Sunflower Kindergarten", ["cn/kindergarten"], ["checks:write", "checks:read"])
        desk = gateway.register("The desk", ["cn/kindergarten"], ["reviews:decide"], desk=True)
        people = [("FORGIVEN", "Han Mei", "1985-01-02"), ("BARRED", "Li Lei", "1990-04-23")]
        first = {}
        for number in range(3):
            passport, name, born = people[number % 2]
            body = {**request_for(passport), "subject": person(passport, name, born)}
            first[number] = (body, hr.call("POST", "/v1/checks", body, key=f"k{number}").json())
            visitor = Subject(gateway.outbox)
            visitor.decide(first[number][1]["consent"]["url"], name, born)
            visitor.close()
            gateway.kill()
            gateway.start()
        for number, (body, answer) in first.items():
            assert hr.call("POST", "/v1/checks", body, key=f"k{number}").json() == answer
        ends = [hr.await_end(answer["id"], desk)["eligible"] for _, answer in first.values()]
        assert ends == [True, False, True]
        assert len(hr.call("GET", "/v1/checks").json()["checks"]) == 3
        gateway.stop()
        with gateway.opened(), db.read() as session:
            answers = session.scalars(select(AuditEntry.about).where(AuditEntry.kind == "answer")).all()
            assert sorted(answers) == sorted(answer["id"] for _, answer in first.values())
            assert audit.verify(session).ok
        hr.close()
        desk.close()
    finally:
        gateway.kill()


def test_promise_10_a_release_that_was_interrupted_goes_on(stage: Stage) -> None:
    """Stopped after any of its phases, the next tick ends the release; no answer is laid or told of twice."""
    for phases in range(4):
        hr = stage.caller(name=f"Kindergarten {phases}")
        check_id = hr.asked(key=str(phases))
        stage.agree(check_id)
        stage.time.forward(timedelta(days=2))
        for phase in (release.lay, audit.sequence, release.tell_subjects)[:phases]:
            phase()
        release.tick()
        stage.time.forward(timedelta(hours=4))
        release.tick()
        assert hr.see(check_id)["status"] == "completed"
        with db.read() as session:
            answers = select(AuditEntry).where(AuditEntry.kind == "answer", AuditEntry.about == check_id)
            assert len(session.scalars(answers).all()) == 1


def test_promise_10_a_full_disk_loses_nothing(stage: Stage) -> None:
    """While nothing can be written requests are refused as unavailable; sent again later each makes one check."""
    hr = stage.caller()

    def send(key: int, headers: dict[str, str]) -> int:
        sent = {**headers, "Idempotency-Key": str(key)}
        return stage.app.test_client().post("/v1/checks", headers=sent, json=request_for("CLEAN")).status_code

    headers = hr.headers()
    with _full_disk():
        assert {send(key, headers) for key in range(40)} == {201, 503}
    stage.time.forward(timedelta(minutes=2))
    headers = hr.headers()
    assert {send(key, headers) for key in range(40)} == {201}
    with db.read() as session:
        assert len(session.scalars(select(Check)).all()) == 40
        assert len(session.scalars(select(Consent)).all()) == 40


@contextmanager
def _full_disk() -> Iterator[None]:
    """Let the database grow by a few pages only."""
    with db.engine.connect() as connection:
        most = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 8

    def limit(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most}")

    event.listen(db.engine, "connect", limit)
    db.engine.dispose()
    try:
        yield
    finally:
        event.remove(db.engine, "connect", limit)
        db.engine.dispose()
