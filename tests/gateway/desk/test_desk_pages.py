"""The adjudicator's pages: a day at the desk, and what does not go as planned there."""

import html
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway import vault
from gateway.checks import deployment
from gateway.checks.models import Check
from gateway.checks.settle import CONTEST, open_review
from gateway.db import db
from gateway.desk import pages
from gateway.desk.decide import ALL_REASONS, CHOICES
from gateway.desk.question import COUNTS_FROM, LENGTHENED_BY, LOOKS_AT
from gateway.desk.schemas import GROUNDS
from tests.stage import Stage, reports
from tests.workers import Worker, add, member_at

USE = {"offence": "drugs.use", "decided_on": "2012-05-05", "ref": "case-9"}
VIOLENCE = {"offence": "violence", "decided_on": "2024-01-01", "ref": "case-8"}
HIDDEN = ("case-", "王小明", "1990", "Sunflower", "NAMESAKE", "BARRED", "chk_", "con_", "ins_")


def fields(page: str) -> dict[str, str]:
    """What a form carries without being asked: its hidden fields."""
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
    }


def radios(page: str) -> list[tuple[str, str]]:
    """What may be chosen: the names and values of every choice."""
    return re.findall(r'type="radio" name="([^"]+)" value="([^"]*)"', page)


def send(worker: Worker, path: str, **chosen: str) -> Any:
    """Send the form of the page that is open."""
    kept = {name: value for name, value in fields(worker.page.text).items() if name != "form"}
    return worker.post(path, **{**kept, **chosen})


def test_a_day_at_the_desk(stage: Stage) -> None:
    """From the queue to the decision, by persons, by bars and by a word; neither institution nor subject is shown."""
    hr = stage.caller()
    stage.police.answers["NAMESAKE"] = reports({**VIOLENCE, "age_at_decision": 33}, sure=False)
    check_id, review_id = stage.opened(hr, "NAMESAKE")
    _, barred = stage.opened(hr, "BARRED")
    worker, path = member_at(stage.app, stage.time), f"/desk/{review_id}"
    worker.open("/desk")
    seen = [worker.page.text]
    assert sorted(re.findall(r'href="/desk/(rev_\w+)"', worker.page.text)[1:]) == sorted([review_id, barred])
    assert "refusal" not in worker.page.text
    worker.open(path)
    assert "is this the same person?" in worker.page.text
    assert "The age that it gives is that of the person" in worker.page.text
    seen.append(worker.page.text)
    assert send(worker, path).status_code == 422, "nothing was chosen"
    (name, _), (_, value) = radios(worker.page.text)
    assert value == "other"
    send(worker, path, **{name: "same"})
    seen.append(worker.page.text)
    assert (worker.page.status_code, "Does this rule apply?" in worker.page.text) == (200, True)
    assert "another’s" not in worker.page.text, "it was just said whose it is"
    assert send(worker, path).status_code == 422
    send(worker, path, **{radios(worker.page.text)[0][0]: "yes"})
    assert "The answer will be no" in worker.page.text
    assert [value for _, value in radios(worker.page.text)] == ["identifiers-agree", "record-plain", "law-plain"]
    assert send(worker, f"{path}/decide").status_code == 422, "a decision without a reason"
    assert stage.entries("review.settled") == []
    confirm = {name: value for name, value in fields(worker.page.text).items() if name != "form"}
    done = send(worker, f"{path}/decide", reason="identifiers-agree")
    assert (done.status_code, done.location) == (303, "/desk/done")
    worker.open("/desk/done")
    assert "Decided" in worker.page.text
    twice = worker.open(path)  # the back button; and pressed twice
    assert (twice.status_code, "This is decided already" in twice.text) == (409, True)
    worker.open("/desk")
    worker.open(f"/desk/{barred}")
    seen.append(worker.page.text)
    again = worker.post(f"{path}/decide", **confirm, reason="law-plain")
    assert (again.status_code, "pressed twice decides once" in again.text) == (409, True)
    worker.open(f"/desk/{barred}")
    send(worker, f"/desk/{barred}", decision="overturn")
    assert "The answer will be yes" in worker.page.text
    assert send(worker, f"/desk/{barred}/decide", reason="record-corrected").status_code == 303
    for text in seen:
        assert [word for word in HIDDEN if word in text] == []
    stage.forward(days=2)
    assert hr.see(check_id)["eligible"] is False


def test_not_as_planned(stage: Stage) -> None:
    """The records change between two pages, somebody else is quicker, a contest, a foreign jurisdiction."""
    hr, desk = stage.caller(), stage.desk()
    stage.police.answers["NAMESAKE"] = reports(USE, sure=False)
    check_id, review_id = stage.opened(hr, "NAMESAKE")
    path, worker = f"/desk/{review_id}", member_at(stage.app, stage.time)
    worker.open(path)
    chosen = {radios(worker.page.text)[0][0]: "same"}
    send(worker, path, **chosen)
    stage.police.answers["NAMESAKE"] = []
    changed = send(worker, f"{path}/decide", reason="identifiers-agree")
    assert (changed.status_code, "The records have changed meanwhile" in changed.text) == (409, True)
    assert f'href="{path}"' in changed.text
    worker.open(path)
    assert "As they stand now, the answer would be yes" in worker.page.text
    stage.police.down = True
    silent = send(worker, path, decision="eligible")
    assert (silent.status_code, "does not answer" in silent.text) == (503, True)
    stage.police.down = False
    stage.police.answers["NAMESAKE"] = reports(USE, sure=False)
    worker.open(path)
    send(worker, path, **chosen)
    assert stage.decide(desk, review_id, "ineligible").status_code == 200
    late = send(worker, f"{path}/decide", reason="identifiers-agree")
    assert (late.status_code, "This is decided already" in late.text) == (409, True)
    stage.forward(days=2)
    worker.sign_in()
    with db.write() as session:
        open_review(session, session.get_one(Check, check_id), CONTEST)
        vault.put(session, check_id, "review", {"why": CONTEST, "ground": "person"})
    contest = stage.review(check_id)
    assert contest is not None
    worker.open(f"/desk/{contest.id}")
    assert "The entry is not theirs" in worker.page.text
    chosen = {radios(worker.page.text)[0][0]: "same"}
    send(worker, f"/desk/{contest.id}", **chosen)
    send(worker, f"/desk/{contest.id}", **{name: "yes" for name, _ in radios(worker.page.text)})
    assert "The answer will be no" in worker.page.text
    assert send(worker, f"/desk/{contest.id}/decide", reason="identifiers-agree").status_code == 303
    who_may_not_come_in(stage, hr.client_id)


def who_may_not_come_in(stage: Stage, client_id: str) -> None:
    """Nobody without the role; and nobody sees what is of another jurisdiction."""
    _, review_id = stage.opened(stage.caller(name="Another"), "BARRED")
    stranger = Worker(stage.app, stage.time)
    assert stranger.open("/desk").location.startswith("/staff/sign-in?next=")
    auditor = member_at(stage.app, stage.time, "auditor", login="auditor")
    assert auditor.open(f"/desk/{review_id}").status_code == 403
    abroad = Worker(stage.app, stage.time, "abroad")
    abroad.enrol(add("abroad", jurisdictions=["de"])[1])
    assert "Nothing waits" in abroad.open("/desk").text
    refused = abroad.open(f"/desk/{review_id}")
    assert (refused.status_code, "This question is not here" in refused.text) == (404, True)
    looked = len(stage.entries("review.looked"))
    assert abroad.post(f"/desk/{review_id}", decision="overturn").status_code == 400, "without the page's token"
    assert len(stage.entries("review.looked")) == looked


def test_an_entry_that_may_not_be_read_is_on_no_page(stage: Stage) -> None:
    """Neither beneath a rule nor in the question whose it is; that there is something is all that is said."""
    library = deployment.ours().library
    known = {name: versions for name, versions in library.regime_versions.items() if name != "nz"}
    deployment._deployment = replace(deployment.ours(), library=replace(library, regime_versions=known))
    abroad = {"jurisdiction": "nz", "kind": "criminal", "offence": "fraud.welfare"}
    worker = member_at(stage.app, stage.time)
    for passport, sure in (("SURE", True), ("UNSURE", False)):
        stage.police.answers[passport] = reports(abroad, sure=sure)
        _, review_id = stage.opened(stage.caller(name=passport), passport)
        page = worker.open(f"/desk/{review_id}")
        assert "may not be shown" in page.text
        assert "fraud" not in page.text.lower()
        assert "same person" not in page.text


def test_every_word_has_its_text() -> None:
    """In both languages the same places, wanting the same facts; and none is missing for what a page may say."""

    def leaves(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from leaves(value, f"{place}{key}.")
            else:
                yield f"{place}{key}", value

    folder = Path(pages.__file__).parent / "texts"
    english, chinese = (
        dict(leaves(tomllib.loads((folder / f"{name}.toml").read_text("utf-8")))) for name in ("en", "zh")
    )
    assert english.keys() == chinese.keys()
    for place, text in english.items():
        assert set(re.findall(r"\$\w+", text)) == set(re.findall(r"\$\w+", chinese[place])), place
    assert not [place for place, text in chinese.items() if re.search("[\u4e00-\u9fff][,;:?!()]", text)]
    paths = {path for table in (LOOKS_AT, COUNTS_FROM, LENGTHENED_BY) for paths in table.values() for path in paths}
    wanted = {f"desk.field.{path.replace('.', '_')}" for path in paths - {"sentences.kind"}}
    wanted |= {f"desk.reason.{reason}" for reason in ALL_REASONS} | {f"desk.ground.{ground}" for ground in GROUNDS}
    wanted |= {f"desk.word.{why}.{word}" for why, words in CHOICES.items() for word in words}
    wanted |= {f"desk.why.{why}" for why in CHOICES} | {f"desk.why.{why}_text" for why in CHOICES}
    assert wanted <= english.keys()
