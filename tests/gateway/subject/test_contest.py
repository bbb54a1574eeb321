"""The subject sees the answer first, sees why, contests it, and a person looks again."""

import re
from datetime import timedelta
from functools import cache
from html import unescape

import pytest
from sqlalchemy import select, text, update

from gateway import vault
from gateway.checks import correct, release
from gateway.checks.contest import contest
from gateway.checks.models import Check, Correction, Review
from gateway.consent import decided, visits
from gateway.consent.forms import visit_cookie
from gateway.consent.models import Consent
from gateway.db import db
from gateway.notices.models import Message
from gateway.oauth.models import Institution
from gateway.vault import VaultItem
from tests.stage import RELEASE, Caller, Stage, reports

pytestmark = pytest.mark.both_databases
TOLD = RELEASE - timedelta(hours=6)


class Reader:
    """The subject with a proof that is as fresh as one likes."""

    def __init__(self, stage: Stage, check_id: str) -> None:
        self.client, self.token = stage.app.test_client(), ""
        with db.read() as session:
            self.consent_id = decided(session, check_id).id
        self.prove()

    def prove(self) -> None:
        """A fresh proof."""
        with db.write() as session:
            visit, _ = visits.begin(session, session.get_one(Consent, self.consent_id))
            token = visits.prove(visit)
        self.client.set_cookie(visit_cookie(self.consent_id), token, domain="localhost")

    def open(self, page: str) -> str:
        """The words of a page; those of the page that it leads to."""
        return self._words(self.client.get(f"/c/{self.consent_id}/{page}", follow_redirects=True))

    def send(self, page: str, **fields: str) -> str:
        """Send the form of a page, or that of the page before once more where there is none any more."""
        shown = self.client.get(f"/c/{self.consent_id}/{page}").text
        if token := re.search(r'name="form" value="([0-9a-f]{64})"', shown):
            self.token = token[1]
        fields["form"] = self.token
        return self._words(self.client.post(f"/c/{self.consent_id}/{page}", data=fields, follow_redirects=True))

    def _words(self, response) -> str:  # type: ignore[no-untyped-def]
        self.html, self.status = response.text, response.status_code
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text.split("<main", 1)[-1])).split())


def refused(stage: Stage, hr: Caller) -> tuple[str, Reader]:
    """A check that comes to a no, a moment before anybody is told."""
    check_id, _ = stage.opened(hr, "BARRED")
    stage.settle_reviews(first_desk(stage))
    return check_id, Reader(stage, check_id)


@cache
def first_desk(stage: Stage) -> Caller:
    """The desk that decides first: one for a stage."""
    return stage.desk()


def decide_again(stage: Stage, check_id: str, eligible: bool) -> None:
    """Another desk decides what the first one does not even see."""
    with db.read() as session:
        query = select(Review.id).where(Review.check_id == check_id, Review.decided_at.is_(None))
        review_id = session.scalars(query).one()
    assert stage.decide(first_desk(stage), review_id, "confirm").status_code == 404
    other = stage.desk(name=f"Another desk, {stage.time.at}")
    assert other.get(f"/v1/reviews/{review_id}").json["why"] == "contest"
    assert stage.decide(other, review_id, "overturn" if eligible else "confirm").status_code == 200


def messages() -> int:
    """How many messages told that there is news."""
    with db.read() as session:
        return len(session.scalars(select(Message.id).where(Message.template == "news")).all())


def test_the_subject_sees_the_answer_and_its_reasons_first(stage) -> None:
    """From a margin before the release: the answer, why, by which law, who keeps the record; each look is logged."""
    hr = stage.caller()
    check_id, reader = refused(stage, hr)
    stage.until(TOLD - timedelta(seconds=1))
    reader.prove()
    assert "In progress" in reader.open("status")
    assert "drug" not in reader.open("reasons").lower()
    stage.until(TOLD)
    assert hr.see(check_id)["status"] == "in_progress"
    words = reader.open("status")
    assert "The answer No" in words
    assert "will learn this one word" in words
    assert "We keep no reasons" in reader.open("reasons")
    looks = len(stage.entries("registry.asked"))
    why = reader.send("reasons")
    assert "drug use" in why
    assert "5 May 2012" in why
    assert "Preschool Education Law" in why
    assert "Record holder police" in why
    assert len(stage.entries("registry.asked")) == looks + 1
    for _ in range(12):
        why = reader.send("reasons")
    assert (reader.status, len(stage.entries("registry.asked"))) == (429, looks + 10)
    stage.time.forward(visits.FRESH)
    assert "No" not in reader.open("status").split("The answer")[0]
    assert "drug" not in reader.send("reasons").lower()
    assert reader.status in (200, 403)


def test_a_contest_before_the_release_holds_the_answer_back(stage) -> None:
    """The institution sees what it sees of any late check; the new answer goes the whole way, and it is the first
    that the institution ever reads."""
    hr = stage.caller()
    check_id, reader = refused(stage, hr)
    stage.until(TOLD)
    reader.prove()
    assert "What is not right?" in reader.open("contest")
    assert "choose" in reader.send("contest", ground="else")
    assert "A person looks at it again" in reader.send("contest", ground="fact")
    assert "A person looks at it again" in reader.send("contest", ground="law"), "twice is once"
    assert len(stage.entries("contest.opened")) == 1
    stage.until(RELEASE + timedelta(hours=9, minutes=1))
    assert hr.see(check_id)["status"] == "in_progress"
    decide_again(stage, check_id, True)
    stage.until(RELEASE + timedelta(hours=10))
    reader.prove()
    assert "The answer Yes" in reader.open("status")
    assert hr.see(check_id)["status"] == "in_progress", "the subject comes first again"
    stage.until(RELEASE + timedelta(hours=16))
    seen = hr.see(check_id)
    assert (seen["status"], seen["eligible"], seen["superseded_at"]) == ("completed", True, None)
    assert [entry.about for entry in stage.entries("answer.superseded")] == [check_id]
    assert len(stage.entries("answer")) == 2
    assert messages() == 2


def test_what_tells_of_a_no_closes_with_the_fresh_proof(stage) -> None:
    """The answer, its reasons and the contest give way on an open page; that it was contested is not said later."""
    _, reader = refused(stage, stage.caller())
    stage.until(TOLD)
    reader.prove()
    stage.time.forward(visits.FRESH - timedelta(seconds=20))
    path = f"/c/{reader.consent_id}"
    for page in ("status", "contest"):
        assert reader.client.get(f"{path}/{page}").headers["Refresh"] == "21; url=status"
    reader.send("reasons")
    why = reader.client.post(f"{path}/reasons", data={"form": reader.token})
    assert "drug" in why.text.lower()
    assert why.headers["Refresh"] == "21; url=status"
    assert "A person looks at it again" in reader.send("contest", ground="fact")
    stage.time.forward(timedelta(seconds=20))
    words = reader.open("status")
    assert reader.status == 200
    assert "It takes longer than planned" in words
    assert "contest" not in words.lower()
    assert "looks at it again" not in words
    reader.prove()
    assert "A person looks at it again" in reader.open("status")


@pytest.mark.parametrize("eligible", [True, False])
def test_a_contest_after_the_release(stage, eligible: bool) -> None:
    """The answer stands until another one has taken its place: the subject first, at a release time, and it says so.
    Where the person decides as before, the institution sees nothing at all."""
    hr = stage.caller()
    check_id, reader = refused(stage, hr)
    stage.until(RELEASE + timedelta(days=3))
    before = hr.see(check_id)
    reader.prove()
    assert "A person looks at it again" in reader.send("contest", ground="person")
    assert not contest(check_id, "person")
    decide_again(stage, check_id, eligible)
    told_at = stage.time.at
    stage.until(RELEASE + timedelta(days=3, hours=1))
    assert hr.see(check_id) == before
    reader.prove()
    assert f"The answer {'Yes' if eligible else 'No'}" in reader.open("status")
    stage.until(RELEASE + timedelta(days=3, hours=7))
    changed = {"eligible": True, "superseded_at": "2026-11-24T16:00:00Z"} if eligible else {}
    assert hr.see(check_id) == {**before, **changed}
    since = hr.get("/v1/checks?superseded_since=2026-11-24T00:00:00Z").json["checks"]
    assert [one["id"] for one in since] == ([check_id] if eligible else [])
    assert hr.get("/v1/checks?superseded_since=yesterday").status_code == 422
    with db.read() as session:
        assert session.scalars(select(Review)).all() == []
        assert session.scalars(select(Correction)).all() == []
    assert len(stage.entries("answer")) == 1 + eligible
    assert messages() == 2
    assert not contest(check_id, "person"), "not again so soon"
    stage.time.at = told_at + timedelta(days=31)
    assert contest(check_id, "person") is not eligible, "a yes is not contested"


def test_what_cannot_be_contested(stage) -> None:
    """A yes, a no that nobody was told, one that was withdrawn; and who has no fresh proof."""
    hr = stage.caller()
    clean = hr.asked("CLEAN")
    stage.agree(clean)
    check_id, reader = refused(stage, hr)
    assert not contest(check_id, "person"), "not told"
    stage.until(TOLD)
    assert not contest(clean, "person")
    stage.time.forward(visits.FRESH)
    reader.send("contest", ground="person")
    assert stage.entries("contest.opened") == []
    with pytest.raises(ValueError, match="ground"):
        contest(check_id, "because")
    stage.withdraw(check_id)
    assert not contest(check_id, "person"), "withdrawn"
    stage.until(RELEASE)
    assert hr.see(check_id)["status"] == "closed"


def test_a_withdrawal_while_it_is_contested(stage) -> None:
    """It closes at a release time, and what was held back never leaves."""
    hr = stage.caller()
    check_id, _ = refused(stage, hr)
    stage.until(TOLD)
    assert contest(check_id, "person")
    stage.withdraw(check_id)
    stage.until(RELEASE)
    assert hr.see(check_id)["status"] == "closed"
    with db.read() as session:
        assert session.scalars(select(Review)).all() == []


def test_a_correction_survives_a_crash_at_every_step(stage) -> None:
    """Each phase finds by itself what is left, and none is done twice."""
    hr = stage.caller()
    check_id, _ = refused(stage, hr)
    stage.until(RELEASE + timedelta(days=3))
    assert contest(check_id, "person")
    decide_again(stage, check_id, True)
    stage.time.at = RELEASE + timedelta(days=3, hours=1)
    assert (correct.finish(), correct.lay(), correct.lay()) == (0, 1, 0)
    assert correct.finish() == 0, "not under a checkpoint"
    assert messages() == 1
    release.tick()
    release.tick()
    assert messages() == 2
    assert hr.see(check_id)["eligible"] is False
    stage.time.at = RELEASE + timedelta(days=3, hours=7)
    assert (correct.finish(), correct.finish()) == (1, 0)
    assert hr.see(check_id)["eligible"] is True


def test_reasons_send_nobody_to_a_registry_that_has_another_matter_of_that_number(stage) -> None:
    """Numbers of two registries may be the same by chance: each keeps its own. They are text and no more."""
    number, hr = '"><script>1</script>', stage.caller("cn/narcotics-trade")
    use = {"offence": "drugs.use", "acted_on": "2026-05-04", "decided_on": "2026-05-05", "ref": number}
    stage.police.answers["BARRED"] = reports(use)
    stage.health.answers["BARRED"] = reports({"offence": "theft", "decided_on": "2013-06-06", "ref": number})
    check_id, _ = stage.opened(hr, "BARRED", policy="cn/narcotics-trade", role="wholesaler")
    stage.settle_reviews(first_desk(stage))
    reader = Reader(stage, check_id)
    stage.until(TOLD)
    reader.prove()
    why = reader.send("reasons")
    assert "Record holder police" in why
    assert "Record holder health" not in why
    assert number in why
    assert number not in reader.html


def superseding(stage: Stage, hr: Caller) -> str:
    """A no that has left, of which another desk has found that it should be a yes; the yes is in the log."""
    check_id, _ = refused(stage, hr)
    stage.until(RELEASE)
    assert contest(check_id, "fact")
    decide_again(stage, check_id, True)
    stage.forward(hours=1)
    assert correction().told_at == stage.time.at
    return check_id


def correction() -> Correction:
    """The only row of an answer that is on its way."""
    with db.read() as session:
        return session.scalars(select(Correction)).one()


@pytest.mark.parametrize(
    "change", ["told_at = ready_at", "ready_at = told_at", "entry = (SELECT max(result_entry) FROM checks)"]
)
def test_a_damaged_correction_stops_nothing(stage, change: str) -> None:
    """Its row says that the subject was told long ago, or another entry: the old answer stands, all others leave."""
    hr = stage.caller()
    check_id = superseding(stage, hr)
    with db.write() as session:
        session.execute(text(f"UPDATE corrections SET {change}"))
    other = hr.asked("FORGIVEN")
    stage.agree(other)
    stage.forward(days=3)
    assert (hr.see(check_id)["eligible"], hr.see(check_id)["superseded_at"]) == (False, None)
    assert hr.see(other)["eligible"] is True


def test_since_when_it_can_be_read(stage) -> None:
    """Of an institution that was suspended meanwhile it says since when it could be read, so that a daily question
    for what was superseded since yesterday misses nothing."""
    hr = stage.caller()
    check_id = superseding(stage, hr)
    for suspended in (stage.time.at, None):
        with db.write() as session:
            session.execute(update(Institution).values(suspended_at=suspended))
        stage.forward(days=7)
    seen = hr.see(check_id)
    assert (seen["eligible"], seen["superseded_at"]) == (True, "2026-11-28T12:00:00Z")


def test_no_row_lets_a_contested_answer_go(stage) -> None:
    """While it is held back there is no answer that could leave."""
    hr = stage.caller()
    check_id, _ = refused(stage, hr)
    stage.until(RELEASE - timedelta(hours=5))
    assert contest(check_id, "fact")
    with db.write() as session:
        session.execute(update(Consent).values(released_at=stage.time.at, told_at=stage.time.at))
    assert hr.get(f"/v1/checks/{check_id}").status_code == 500


def test_a_damaged_contact_holds_no_contest_up(stage) -> None:
    """Upheld or not: what cannot be sent is not sent, the decision is taken, and the answer goes its way."""
    hr = stage.caller()
    check_id, _ = refused(stage, hr)
    stage.until(RELEASE)
    for days, eligible in ((0, False), (31, True)):
        stage.forward(days=days)
        assert contest(check_id, "fact")
        with db.write() as session:
            vault.remove(session, check_id, "contact")
            session.execute(update(Consent).values(reachable=True))
        decide_again(stage, check_id, eligible)
        stage.forward(days=1)
        assert hr.see(check_id)["eligible"] is eligible


def test_an_old_row_does_not_bring_an_old_answer_back(stage) -> None:
    """Somebody kept what was sealed before the answer was superseded, and writes it over what is there now."""
    hr = stage.caller()
    check_id = superseding(stage, hr)
    with db.read() as session:
        item = select(VaultItem.sealed).where(VaultItem.owner_id == check_id, VaultItem.name == "result")
        old, entry = session.scalars(item).one(), session.get_one(Check, check_id).result_entry
    stage.forward(days=1)
    assert hr.see(check_id)["eligible"] is True
    with db.write() as session:
        here = update(VaultItem).where(VaultItem.owner_id == check_id, VaultItem.name == "result")
        session.execute(here.values(sealed=old))
        session.execute(update(Check).where(Check.id == check_id).values(result_entry=entry, superseded_at=None))
    assert hr.get(f"/v1/checks/{check_id}").status_code == 500
