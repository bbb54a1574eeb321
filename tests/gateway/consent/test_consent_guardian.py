"""A subject who is too young to consent alone: two people, two proofs, two acts, and one answer for one of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from gateway import audit, consent, vault, work
from gateway.checks import run
from gateway.checks.contest import contest
from gateway.consent import decide, forms, receipt, record, visits
from gateway.consent.models import Consent, Guardian
from gateway.db import db
from gateway.retention import due
from gateway.subject import mine_erase
from tests.gateway.consent.people import Control, Person, letters, sent_code
from tests.gateway.consent.provider import ALICE
from tests.stage import Caller, Stage, StageMaker, make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]

PUPIL = {
    "names": [{"full": "Wang Xiaoming", "script": "Latn"}],
    "born": "2008-11-30",
    "ids": [{"type": "passport", "value": "CLEAN"}],
    "contact": {"email": "pupil@mail.example"},
}
MOTHER = {
    "names": [{"full": "Li Daiyu", "script": "Latn"}],
    "born": "1981-05-06",
    "ids": [{"type": "passport", "value": "LI-1981"}],
    "contact": {"email": "mother@mail.example"},
}
TYPED = {
    "subject": {"name": "Wang Xiaoming", "year": "2008", "month": "11", "day": "30"},
    "guardian": {"name": "Li Daiyu", "year": "1981", "month": "5", "day": "6"},
}
OTHER = {"subject": "guardian", "guardian": "subject"}


class Family:
    """One check of a pupil, and the two who decide, each with a browser."""

    def __init__(self, stage: Stage, key: str = "key", born: str = "2008-11-30", passport: str = "CLEAN") -> None:
        self.stage = stage
        self.hr: Caller = stage.caller(name=f"Kindergarten {key}")
        pupil = {**PUPIL, "born": born, "ids": [{"type": "passport", "value": passport}]}
        answer = self.hr.ask(key=key, subject={**pupil, "guardian": MOTHER})
        assert answer.status_code == 201, answer.text
        asked: dict[str, Any] = answer.json  # type: ignore[assignment]
        self.check_id: str = asked["id"]
        own = asked["consent"]
        self.ways: Mapping[str, Mapping[str, str]] = {"subject": own, "guardian": own["guardian"]}
        self.people = {who: Person(stage.app) for who in TYPED}

    @property
    def row(self) -> Consent:
        with db.read() as session:
            return consent.decided(session, self.check_id)

    def page(self, name: str) -> str:
        return f"/c/{self.row.id}/{name}"

    def begin(self, who: str, person: Person | None = None) -> Person:
        """Open one's link."""
        person = person or self.people[who]
        person.open(self.ways[who]["url"].removeprefix("http://localhost:8000"))
        person.send()
        return person

    def prove(self, who: str, person: Person | None = None) -> Person:
        """Prove who one is, at one's own link."""
        person = self.begin(who, person)
        if person.path.endswith("/prove"):
            person.send(**TYPED[who])
            person.send(code=sent_code(self.stage.config))
        return person

    def act(self, who: str, decision: str = "agree") -> Person:
        """Prove and decide."""
        person = self.prove(who)
        person.open(self.page("request"))
        person.send(decision=decision, path=self.page("request"))
        return person

    def kinds(self) -> list[str]:
        """The audit entries of the check, in order."""
        with db.read() as session:
            return [entry.kind for entry in audit.about(session, self.check_id)]

    def running(self) -> bool:
        return f"checks.run/{self.check_id}/now" in work.unfinished()


@pytest.fixture
def family(stage: Stage) -> Family:
    """A check of somebody of seventeen, asked for."""
    return Family(stage)


@pytest.mark.both_databases
@pytest.mark.parametrize("first", ["subject", "guardian"])
def test_it_takes_both_in_either_order_and_one_sees_the_answer(stage: Stage, family: Family, first: str) -> None:
    """One act changes nothing for the institution; the second fixes the release time; the guardian gets no result."""
    invited = {letter["to"]["email"]: letter["text"] for letter in letters(stage.config)}
    assert family.ways["guardian"]["url"] in invited["mother@mail.example"]
    assert family.ways["subject"]["url"] in invited["pupil@mail.example"]
    assert "Wang" not in invited["mother@mail.example"]
    before = family.hr.see(family.check_id)
    person = family.act(first)
    assert "You have agreed We are waiting for" in person.text
    assert ("Wang Xiaoming" if first == "guardian" else "Li Daiyu") in person.text
    assert family.hr.see(family.check_id) == before
    assert before["status"] == "awaiting_consent"
    assert not family.running()
    with db.write() as session:  # not by any other way either
        assert not decide.agree(session, session.get_one(Consent, family.row.id))
    stage.time.forward(timedelta(hours=3))
    person = family.act(OTHER[first])
    assert family.row.given_at == datetime(2026, 11, 20, 12, 7, 13, 250_000, tzinfo=UTC)
    assert family.hr.see(family.check_id)["release_at"] == "2026-11-21T13:00:00Z"
    assert family.running()
    joined = ["check.requested", "guardian.joined", "consent.given"]
    assert [kind for kind in family.kinds() if kind in joined] == joined
    run.run(family.check_id)
    stage.until(datetime(2026, 11, 21, 13, 0, tzinfo=UTC))
    assert family.hr.see(family.check_id)["eligible"] is True
    subject, guardian = family.prove("subject"), family.prove("guardian")
    subject.open(family.page("status"))
    assert "The answer Yes" in subject.text
    for page in ("status", "done", "request", "withdraw"):
        guardian.open(family.page(page))
        assert guardian.path == family.page("status")
        assert "The answer is there for Wang Xiaoming" in guardian.text
        assert 'class="word"' not in guardian.page
        assert "answer was" not in guardian.text
    with db.read() as session:
        kept = record.of(session, family.row)
    (number,) = [party["party_id"] for party in kept["parties"] if party.get("party_role") == "GuardianOfDataSubject"]
    assert [event["entity_id"] for event in kept["events"] if event["event_state"] == "ConsentGiven"] == [
        kept["pii_principal_id"],
        number,
    ]
    told = receipt.verify(receipt.issue(family.row)).told
    assert told is not None
    assert told.guardian
    guardian.open(family.page("receipt"))
    assert "A parent or guardian agreed as well." in guardian.text


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["subject", "guardian"])
def test_either_declines_and_the_other_is_not_told_who(stage: Stage, who: str) -> None:
    """Before or after the other has agreed: over, nothing was asked, and nobody is told whose decision it was."""
    for number, decisions in enumerate(([(who, "decline")], [(OTHER[who], "agree"), (who, "decline")])):
        family = Family(stage, f"key-{number}")
        for one, decision in decisions:
            person = family.act(one, decision)
        assert "You declined" in person.text or "You have declined" in person.text
        assert family.row.state == "declined"
        assert family.hr.see(family.check_id)["status"] == "closed"
        assert not family.running()
        assert ("guardian.declined" in family.kinds()) is (who == "guardian")
        other = family.prove(OTHER[who])
        other.open(family.page("done"))
        assert "Ended: you did not both agree in time, or the organisation took it back" in other.text
        assert "declined" not in other.text
        other.send(decision="agree", path=family.page("request"))
        assert family.row.state == "declined"


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["subject", "guardian"])
def test_who_has_agreed_first_may_still_decline(family: Family, who: str) -> None:
    """On the page on which they wait for the other."""
    person = family.act(who)
    person.send(decision="decline", path=family.page("request"))
    assert family.row.state == "declined"


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["subject", "guardian"])
def test_either_withdraws_before_the_answer_leaves(stage: Stage, family: Family, who: str) -> None:
    """And not after; the record says who it was."""
    family.act("subject")
    family.act("guardian")
    run.run(family.check_id)
    person = family.people[who]
    person.open(family.page("withdraw"))
    person.send()
    assert "You withdrew" in person.text
    assert family.row.state == "withdrawn"
    other = family.people[OTHER[who]]
    other.open(family.page("status"))
    assert "Ended: the agreement was taken back" in other.text
    with db.read() as session:
        kept, row = record.of(session, family.row), session.get_one(Guardian, family.row.id)
        number = vault.get(session, family.check_id, "guardian")["record_id"]
    assert (row.ended_at is not None) is (who == "guardian")
    assert kept["events"][-1]["event_state"] == "ConsentWithdrawn"
    assert kept["events"][-1]["entity_id"] == (number if who == "guardian" else kept["pii_principal_id"])
    stage.until(datetime(2026, 11, 21, 13, 0, tzinfo=UTC))
    assert family.hr.see(family.check_id)["status"] == "closed"


@pytest.mark.both_databases
def test_one_act_alone_expires(stage: Stage) -> None:
    """After fourteen days it is over, the guardian's link too, and the other's act comes too late."""
    family = Family(stage, born="2012-01-01")
    family.act("guardian")
    stage.time.forward(timedelta(days=14))
    person = Person(stage.app)
    person.open(family.ways["guardian"]["url"].removeprefix("http://localhost:8000"))
    assert "This request has ended" in person.text
    with db.write() as session:
        assert not consent.joint.agree(session, session.get_one(Consent, family.row.id), as_guardian=False)
    decide.expire()
    assert family.row.state == "expired"
    assert not family.running()
    consent_id = family.row.id
    stage.time.forward(stage.config.metadata_term)
    due.forget_due()
    with db.read() as session:
        assert session.get(Guardian, consent_id) is None


@pytest.mark.both_databases
def test_who_comes_of_age_decides_alone(stage: Stage) -> None:
    """From that day by the policy's law: the guardian has no say and sees nothing; an act of before is done again."""
    early, late, given = Family(stage, "early"), Family(stage, "late"), Family(stage, "given")
    early.act("subject")
    late.act("guardian")
    for who in ("subject", "guardian"):
        given.act(who)
    stage.time.at = datetime(2026, 11, 29, 15, 59, tzinfo=UTC)  # in China one minute before the birthday
    assert "We are waiting for your parent or guardian" in early.act("subject").text
    stage.time.at = datetime(2026, 11, 29, 16, 0, tzinfo=UTC)
    for family in (early, late, given):
        state = family.row.state
        guardian = family.prove("guardian")
        guardian.open(family.page("request"))
        assert "Wang Xiaoming is now of the age to decide alone" in guardian.text
        for page, fields in (
            ("request", {"decision": "agree"}),
            ("request", {"decision": "decline"}),
            ("withdraw", {}),
        ):
            guardian.send(path=family.page(page), **fields)
            assert family.row.state == state
        guardian.open(family.page("receipt"))
        assert guardian.path == family.page("status"), "the hour of an agreement is none of theirs"
    for family in (early, late):
        subject = family.prove("subject")
        subject.open(family.page("request"))
        assert "You decide alone" in subject.text
        subject.send(decision="agree", path=family.page("request"))
        assert "You have agreed" in subject.text
        assert (family.row.state, family.running()) == ("given", True)


@pytest.mark.both_databases
def test_nobody_can_do_both(stage: Stage, family: Family) -> None:
    """Neither's particulars fit the other's link; neither's proof opens the other's act; wrong ones learn nothing."""
    pages = []
    for who in TYPED:
        stranger = family.begin(who, Person(stage.app))
        stranger.send(**TYPED[OTHER[who]])
        pages.append(stranger.text)
        assert not [one for one in letters(stage.config) if "Your code is" in one["text"]]
        assert stranger.send(code="000000").status_code == 422
        stranger.open(family.page("request"))
        assert stranger.path == family.page("prove")
        assert "Wang" not in stranger.page + "".join(pages)
    assert pages[0] == pages[1]
    person = family.act("guardian")
    for _ in range(3):
        person.send(decision="agree", path=family.page("request"))
    assert family.row.state == "requested"
    begun = family.begin("subject", person)  # the same browser, at the other's link: nothing is proved there
    assert begun.path == family.page("prove")
    assert begun.send(decision="agree", path=family.page("request")).status_code == 403
    assert family.row.state == "requested"
    stranger = Person(stage.app)
    for _ in range(6):  # a guardian who tries too often keeps nobody else out
        family.begin("guardian", stranger).send(**TYPED["subject"])
    assert "Please take a break" in stranger.text
    family.act("subject")
    assert family.row.state == "given"


def test_codes_lead_to_their_own_page(family: Family) -> None:
    """The guardian's short code is the guardian's; it says so before the proof, and names nobody."""
    for who, said in (("subject", False), ("guardian", True)):
        person = family.people[who]
        person.open("/c")
        person.send(code=family.ways[who]["code"])
        assert person.path == family.page("prove")
        assert ("You are asked as the parent or guardian of a young person" in person.text) is said
        assert "Wang" not in person.page
        cookie = person.client.get_cookie(forms.visit_cookie(family.row.id))
        assert cookie is not None
        with db.read() as session:  # a door that does not ask for guardians does not open to one
            assert (visits.find(session, family.row.id, cookie.value) is None) is said


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        (PUPIL, "subject.guardian"),
        ({**PUPIL, "born": "2008-11-20", "guardian": MOTHER}, "subject.guardian"),
        ({**PUPIL, "guardian": {**MOTHER, "born": "2008-11-21"}}, "subject.guardian.born"),
        ({**PUPIL, "guardian": {**MOTHER, "ids": [{"type": "passport", "value": "cl-ean"}]}}, "subject.guardian.ids"),
        ({**PUPIL, "guardian": {**MOTHER, "guardian": MOTHER}}, "subject.guardian.guardian"),
        (
            {**PUPIL, "guardian": {name: MOTHER[name] for name in ("names", "born", "ids")}},
            "subject.guardian.contact",
        ),
    ],
)
def test_request_is_refused_by_name(stage: Stage, subject: dict[str, Any], named: str) -> None:
    """A minor without, an adult with, a minor as the guardian, the subject themselves, nowhere to send a code to."""
    answer = stage.caller().ask(subject=subject)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [named]  # type: ignore[index]


def test_age_is_that_of_the_policys_law(stage: Stage) -> None:
    """In England and Wales somebody of sixteen consents alone; a guardian is of full age there all the same."""
    hr = stage.caller("gb-eaw/basic")
    asked = {"policy": "gb-eaw/basic", "role": "any"}
    sixteen = {**PUPIL, "born": "2010-11-20"}
    assert hr.ask(key="1", subject=sixteen, **asked).status_code == 201
    fifteen = {**PUPIL, "born": "2010-11-21"}
    for guardian, status in (("2008-11-21", 422), ("2008-11-20", 201)):
        named = {**fifteen, "guardian": {**MOTHER, "born": guardian}}
        assert hr.ask(key=guardian, subject=named, **asked).status_code == status


def test_provider_vouches_for_each(make_stage: StageMaker, provider: Control) -> None:
    """An employer's own phone gets nowhere: the guardian signs in, as the guardian; the check is about the pupil."""
    there = make_stage(provider.settings)
    there.time.at = datetime.now(UTC)
    pupil = {"sub": "pupil", "name": "Wang Xiaoming", "birthdate": "2015-01-01"}
    mother = {"sub": "mother", "name": "Li Daiyu", "birthdate": "1981-05-06"}
    subject = {**PUPIL, "born": "2015-01-01", "guardian": {**MOTHER, "contact": {"email": "hr@mail.example"}}}
    asked: Any = there.caller().ask(subject=subject).json
    ways = {"subject": asked["consent"]["url"], "guardian": asked["consent"]["guardian"]["url"]}

    def sign_in(who: str, claims: dict[str, Any]) -> Person:
        provider.set(person=claims)
        person = Person(there.app)
        person.open(ways[who].removeprefix("http://localhost:8000"))
        person.send()
        to = person.send(follow=False).headers["Location"]
        back = requests.get(to, allow_redirects=False, timeout=5).headers["Location"]
        person.open(back.removeprefix("http://localhost:8000"))
        return person

    for who, somebody in (("guardian", ALICE), ("guardian", pupil), ("subject", mother)):
        assert "This sign-in does not fit the request" in sign_in(who, somebody).text
    for who, claims in (("subject", pupil), ("guardian", mother)):
        sign_in(who, claims).send(decision="agree")
    with db.read() as session:
        assert consent.decided(session, asked["id"]).state == "given"
        assert vault.get(session, asked["id"], "vouched")["names"] == PUPIL["names"]


@pytest.mark.both_databases
def test_who_has_it_erased_keeps_the_answer_and_the_guardian_sees_nothing(stage: Stage, family: Family) -> None:
    """Two names are gone from the vault then: the young person's pages do without them, the guardian's close."""
    for who in ("subject", "guardian"):
        family.act(who)
    run.run(family.check_id)
    stage.until(datetime(2026, 11, 21, 10, 0, tzinfo=UTC))
    subject, guardian = family.prove("subject"), family.prove("guardian")
    with db.write(family.check_id) as session:
        assert mine_erase.erase(session, consent.decided(session, family.check_id))
    subject.open(family.page("receipt"))
    assert "A parent or guardian agreed as well." in subject.text
    for page in ("status", "request", "done", "withdraw", "reasons"):
        assert subject.open(family.page(page)).status_code == 200
        assert subject.path in (family.page("status"), family.page("reasons"))
    assert subject.send().status_code == 200, "nobody can be asked about anybody"
    assert subject.path == family.page("status")
    assert "The answer Yes" in subject.text
    for page in ("status", "request", "done", "withdraw", "receipt"):
        assert guardian.open(family.page(page)).status_code == 403
    again = family.begin("guardian", Person(stage.app))
    assert again.send(**TYPED["guardian"]).status_code < 500


@pytest.mark.both_databases
def test_a_contest_does_not_show_on_the_guardians_page(stage: Stage) -> None:
    """Only a no is contested: from the consent to the release a guardian sees what they see of a yes, also at home."""
    seen: dict[str, list[tuple[str, str | None]]] = {}
    desk, families = stage.desk(), {"CLEAN": Family(stage, "yes"), "BARRED": Family(stage, "no", passport="BARRED")}
    for family in families.values():
        for who in ("subject", "guardian"):
            family.act(who)
        run.run(family.check_id)
    stage.settle_reviews(desk)
    for hour in (3, 5, 9):  # before the subjects are told, then, and before the release
        stage.until(datetime(2026, 11, 21, hour, 0, tzinfo=UTC))
        if hour == 9:
            assert contest(families["BARRED"].check_id, "fact")
        for name, family in families.items():
            guardian = family.prove("guardian")
            answer = guardian.open(family.page("status"))
            words = guardian.text.replace("Kindergarten yes", "HR").replace("Kindergarten no", "HR")
            seen.setdefault(name, []).append((words, answer.headers.get("Refresh")))
    assert seen["CLEAN"] == seen["BARRED"]
    assert "In progress" in seen["CLEAN"][-1][0]
