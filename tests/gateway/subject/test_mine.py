"""A person's own pages: what is about them and nothing else, for them and for nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from gateway import vault
from gateway.checks.contest import contest
from gateway.checks.run import run
from gateway.consent import people, visits
from gateway.consent.models import Consent, ConsentPerson, Failures, PersonVisit
from gateway.db import db
from gateway.retention import due
from tests.gateway.consent.conftest import provider, provider_port
from tests.gateway.consent.people import Control, Person
from tests.gateway.subject.ways import (
    NAMESAKE,
    NOBODY,
    WANG,
    about,
    asked,
    consent_of,
    consent_of_id,
    press,
    prove,
    sign_in,
    to_provider,
    with_sign_in,
)
from tests.stage import RELEASE, Stage, StageMaker, make_stage, stage, stage_environ

__all__ = ["make_stage", "provider", "provider_port", "stage", "stage_environ"]


def kinds(stage: Stage, kind: str) -> int:
    """How many entries of a kind the log has."""
    return len(stage.entries(kind))


@pytest.mark.both_databases
def test_everything_about_a_person_from_the_request_to_the_end(make_stage: StageMaker, provider: Control) -> None:
    """Found without a link, read, agreed to, answered, erased; each look is there, the desk's when it tells nothing."""
    stage = with_sign_in(make_stage, provider)
    hr, desk = stage.caller(), stage.desk()
    check_id = hr.asked(subject=about("BARRED"))
    consent = consent_of(check_id)
    person = sign_in(stage, provider)
    for words in ("Sunflower Kindergarten", "Waiting for your decision", "Teacher", "Hiring", "Version of 1 June 2025"):
        assert words in person.text or words.lower() in person.text
    here = f"/c/mine/{consent.id}"
    person.open(here)
    assert "No record holder was asked about you" in person.text
    assert "The check was asked for By Sunflower Kindergarten" in person.text
    press(person, f"{here}/open")
    assert person.path == f"/c/{consent.id}/prove", "nobody has shown yet that the request is about them"
    person.open(to_provider(person, provider, WANG))
    assert person.send(decision="agree").status_code == 200
    run(check_id)
    person = sign_in(stage, provider)
    assert "In progress: you agreed" in person.text
    person.open(here)
    assert person.text.count("The police records For the check") == 1
    assert "Agreed By you" in person.text
    review = stage.review(check_id)
    assert review is not None
    assert desk.get(f"/v1/reviews/{review.id}").status_code == 200
    stage.settle_reviews(desk)
    person.open(here)
    assert "review desk" not in person.text.replace("What a person of the review desk may do", "")
    stage.until(RELEASE)
    person = sign_in(stage, provider)
    assert "The answer is there" in person.text
    person.open(here)
    assert "Decided the question By a person of the review desk" in person.text
    assert "For a person of the review desk who looked at the question" in person.text
    assert "stf_" not in person.page
    assert desk.client_id not in person.page
    for page in (person.page, person.open("/c/mine").text):
        assert "Something that these rules name" not in page
    person.open(here)
    press(person, f"{here}/open")
    assert person.path == f"/c/{consent.id}/status", "proved before, by the same sign-in"
    assert "Something that these rules name was found" in person.text
    _the_page_closes(stage, provider, person, here)
    _particulars_are_erased(stage, provider, consent)


def _the_page_closes(stage: Stage, provider: Control, person: Person, here: str) -> None:
    """A proof ages: after minutes nothing of the log is there, after a quarter of an hour nothing at all."""
    person = sign_in(stage, provider)
    stage.time.forward(timedelta(minutes=6))
    person.open(here)
    assert "For the check" not in person.text
    assert "please show once more that it is you" in person.text
    press(person, f"{here}/open")
    assert "To see the answer, please show once more" in person.text, "the proof is as old there"
    person.open(here)
    stage.time.forward(timedelta(minutes=10))
    assert person.send(path=f"{here}/erase").status_code == 403
    assert "This page has closed" in person.text
    assert person.open(here).status_code == 200
    assert person.path == "/c/mine/sign-in"


def _particulars_are_erased(stage: Stage, provider: Control, consent: Consent) -> None:
    person, here = sign_in(stage, provider), f"/c/mine/{consent.id}"
    person.open(f"{here}/erase")
    assert "What stays until its time is up is the answer itself" in person.text
    question = person.page
    person.send()
    assert "Your particulars were deleted because you wanted it" in person.text
    person.page = question
    person.send(path=f"{here}/erase")  # again, by the back button
    assert kinds(stage, "data.erased") == 1
    with db.read() as session:
        assert not {"subject", "vouched", "contact"} & set(vault.names(session, consent.check_id))
    press(person, f"{here}/open")
    assert "Something that these rules name was found" in person.text, "the answer stays"
    stranger = Person(stage.app)
    stranger.open(f"/c/mine/{consent.id}")
    assert stranger.path == "/c/mine/sign-in"


def test_nobody_finds_what_is_about_another(make_stage: StageMaker, provider: Control) -> None:
    """An employer's own telephone and another's number; a namesake; two numbers in one request; a number alone."""
    stage = with_sign_in(make_stage, provider)
    hr = stage.caller()
    mine = asked(hr, "1", about("BARRED", contact={"phone": "+8613800000001"}))
    both = asked(hr, "2", about("BARRED", "EMPLOYER"))
    younger = asked(hr, "3", about("BARRED", born="1991-04-23"))
    nameless = asked(hr, "4", about())
    person = sign_in(stage, provider)
    assert f"/c/mine/{mine}" in person.page
    assert not any(other in person.page for other in (both, younger, nameless))
    employer = sign_in(stage, provider, NAMESAKE)
    assert NOBODY in employer.text
    silent = sign_in(stage, provider, {"sub": "silent", "name": "王小明", "birthdate": "1990-04-23"})
    assert NOBODY in silent.text
    assert NOBODY in sign_in(stage, provider, {"sub": "x", "passport": "BARRED"}).text
    for several in (["BAR", "RED"], ["BARRED"], {"": "BARRED"}):  # written out, they would be her number
        assert NOBODY in sign_in(stage, provider, {**WANG, "sub": "several", "passport": several}).text
    own, answers = employer.page, set()
    for other in (mine, both, "con_nothing"):
        for way in ("", "/open", "/erase", "/contact"):
            path, employer.page = f"/c/mine/{other}{way}", own
            answer = employer.send(path=path) if way else employer.open(path)
            assert answer.status_code == 404, path
            answers.add(employer.text)
    assert len(answers) == 1, "the same page for another's as for one that never was"
    assert employer.open("/c/mine?after=" + mine).status_code == 404
    assert consent_of_id(mine).erase_asked_at is None
    # Another account of the same person is the same person, and has to prove at the request again.
    second = sign_in(stage, provider, {**WANG, "sub": "second account"})
    second.open(f"/c/mine/{mine}")
    press(second, f"/c/mine/{mine}/open")
    assert second.path == f"/c/{mine}/prove"
    with db.read() as session:
        assert len(people.of(session, session.get_one(Consent, mine))) == 1


def test_what_ended_without_an_answer_is_erased(make_stage: StageMaker, provider: Control) -> None:
    """Declined: at once. Withdrawn: when it is closed for the institution, as for everybody. Under way: not at all."""
    stage = with_sign_in(make_stage, provider)
    hr = stage.caller()
    declined, withdrawn, open_ = (hr.asked(key=key, subject=about("BARRED")) for key in "123")
    stage.decline(declined)
    stage.act(withdrawn)  # agreed to, and not run yet
    person = sign_in(stage, provider)
    ids = {check_id: consent_of(check_id).id for check_id in (declined, withdrawn, open_)}
    for check_id in (withdrawn, open_):  # under way: the question is not even asked, and the answer to it does nothing
        person.open(f"/c/mine/{ids[check_id]}/erase")
        assert person.path == f"/c/mine/{ids[check_id]}"
        person.send(path=f"{person.path}/erase")
        assert consent_of(check_id).erase_asked_at is None
    stage.withdraw(withdrawn)
    for check_id in (declined, withdrawn):
        person.open(f"/c/mine/{ids[check_id]}/erase")
        person.send()
        assert "You asked for it" in person.text
        due.erase(check_id)
    assert [entry.about for entry in stage.entries("data.shredded")] == [declined]
    person.open(f"/c/mine/{ids[declined]}")
    assert "with it which record holders were asked" in person.text
    assert "Everything personal was deleted" in person.text
    assert hr.see(declined)["status"] == "closed"
    assert hr.see(declined)["reference"] is None
    assert hr.see(withdrawn)["status"] == "in_progress", "it tells the institution nothing"
    stage.until(RELEASE)
    due.shred_due()
    assert [entry.about for entry in stage.entries("data.shredded")] == [declined, withdrawn]
    person = sign_in(stage, provider)
    assert person.text.count("You declined") == person.text.count("You withdrew") == 1
    person.open(f"/c/mine/{ids[open_]}/contact")
    person.send()
    assert consent_of(open_).reachable is False
    with db.read() as session:
        assert not vault.has(session, open_, "contact")
    with db.write() as session:
        due._forget(session, declined)
        left = session.scalars(select(ConsentPerson.consent_id)).all()
    assert ids[declined] not in left
    assert len(left) == 2


def test_in_trials_the_way_leads_from_a_request(stage: Stage) -> None:
    """The same contact, name and birth date are one person; another contact is another, whoever named it."""
    hr, other = stage.caller(), stage.caller(name="Moon School")
    answer = hr.ask(key="1").json
    assert answer is not None
    ours = [consent_of(answer["id"]).id, asked(other, "2", about("CLEAN"))]
    theirs = [
        asked(other, "3", about("CLEAN", contact={"email": "boss@mail.example"})),
        asked(other, "4", about("CLEAN", contact={"email": "somebody@mail.example", "phone": "+8613800000001"})),
        asked(other, "5", about("CLEAN", names=[{"full": "王小红"}])),
    ]
    person = prove(stage, answer["consent"]["url"])
    person.send(decision="agree")
    person.open(f"/c/{ours[0]}/status")
    press(person, f"/c/mine/from/{ours[0]}")
    assert person.path == "/c/mine"
    assert all(f"/c/mine/{one}" in person.page for one in ours)
    assert not any(one in person.page for one in theirs)
    person.open(f"/c/mine/{ours[1]}")
    press(person, f"/c/mine/{ours[1]}/open")
    assert person.path == f"/c/{ours[1]}/prove"
    person.open(f"/c/mine/{ours[0]}")
    press(person, f"/c/mine/{ours[0]}/open")
    assert person.path == f"/c/{ours[0]}/status"
    stranger = Person(stage.app)
    assert stranger.open("/c/mine").status_code == 200
    assert "This is a trial deployment" in stranger.text
    for consent_id in (ours[0], theirs[0]):
        assert stranger.send(path=f"/c/mine/from/{consent_id}").status_code == 403


def test_many_are_paged_and_sign_ins_are_bounded(make_stage: StageMaker, provider: Control) -> None:
    """Newest first, ten to a page, none twice; who begins hundreds of sign-ins has to wait, and others have not."""
    stage = with_sign_in(make_stage, provider)
    hr, ids = stage.caller(), []
    for number in range(12):
        stage.time.forward(timedelta(seconds=number % 2))  # some at the same moment
        ids.append(asked(hr, str(number), about("BARRED")))
    person = sign_in(stage, provider)
    seen = [one for one in ids if one in person.page]
    assert len(seen) == 10
    assert ids[0] not in seen
    person.open(f"/c/mine?after={min(seen, key=lambda one: (consent_of_id(one).requested_at, one))}")
    rest = [one for one in ids if f"/c/mine/{one}" in person.page]
    assert sorted([*seen, *rest]) == sorted(ids)
    with db.write() as session:
        session.execute(update(Failures).values(count=200))
        begun = session.scalar(select(func.count()).select_from(PersonVisit))
    crowd = Person(stage.app)
    crowd.open("/c/mine")
    assert crowd.send().status_code == 429
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(PersonVisit)) == begun, "it takes up no room"
    assert "Please take a break" in crowd.text


def test_that_an_answer_is_contested_is_told_to_a_fresh_proof_only(make_stage: StageMaker, provider: Control) -> None:
    """What may be erased would tell it: for yes and for a contested no the page is the same once it is not fresh."""
    stage, pages = with_sign_in(make_stage, provider), []
    hr, desk = stage.caller(), stage.desk()
    for passport in ("CLEAN", "BARRED"):
        check_id, who = hr.asked(key=passport, subject=about(passport)), {**WANG, "sub": passport, "passport": passport}
        here = f"/c/mine/{consent_of(check_id).id}"
        person = sign_in(stage, provider, who)
        person.open(here)
        press(person, f"{here}/open")
        person.open(to_provider(person, provider, who))
        person.send(decision="agree")
        run(check_id)
        stage.settle_reviews(desk)
        stage.forward(days=2)
        assert contest(check_id, "fact") is (passport == "BARRED")
        person = sign_in(stage, provider, who)
        person.open(here)
        assert ("You can have your particulars deleted now" in person.text) is (passport == "CLEAN")
        stage.time.forward(visits.FRESH)
        person.open(f"{here}/erase")
        assert person.path == here
        pages.append(person.text.partition("(Beijing time)")[2])
        person.send(path=f"{here}/erase")
        assert kinds(stage, "data.erased") == 0
    assert pages[0] == pages[1]
    assert "what can be erased now" in pages[0]
