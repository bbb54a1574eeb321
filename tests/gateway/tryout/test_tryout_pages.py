"""“Would I pass?”: what the pages say is what the law says, in both languages, for everybody, and nothing is kept."""

import html
import json
import logging
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import event
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.cli.law import decide
from gateway.db import db
from gateway.tryout import form
from policies.library import Library
from policies.plain import looked_at_by_law
from tests.stage import Stage

CARER = "/would-i-pass/cn/kindergarten/carer"
USE = {"offence": "drugs.use", "kind": "administrative", "disposition": "penalised", "decided_on": "2019-05-01"}
HARM = {"offence": "violence", "kind": "criminal", "disposition": "convicted", "decided_on": "2024-01-01"}
THEFT = {"offence": "theft", "kind": "criminal", "disposition": "convicted", "decided_on": "2012-05-05"}
JAIL = {"sentence": "imprisonment", "length": "17", "unit": "months", "started_on": "2012-06-01"}


def entry(number: int, **values: str) -> dict[str, str]:
    """An entry as the form sends it."""
    return {f"e{number}-{name}": value for name, value in values.items()}


def send(stage: Stage, path: str = CARER, language: str = "en", **values: Any) -> TestResponse:
    """Send the form."""
    return stage.app.test_client().post(path, data=values, headers={"Accept-Language": language, "Accept": "text/html"})


def outcome(answer: TestResponse) -> str:
    """The outcome that a page shows."""
    assert answer.status_code == 200, words(answer)[:400]
    found = re.search(r'data-outcome="(\w+)"', answer.text)
    assert found is not None
    return found[1]


def words(answer: TestResponse) -> str:
    """What a page says, without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.text)))


def wrong(answer: TestResponse) -> dict[str, str]:
    """What a page finds wrong, by the fields it is said at."""
    assert answer.status_code == 422
    marked = re.findall(r'id="([\w-]+)-problem".*?<span>(.*?)</span>', answer.text)
    listed = re.findall(r'<li><a href="#([\w-]+)">', answer.text)
    assert sorted(name for name, _ in marked) == sorted(listed), "the summary names what is marked"
    for name in listed:
        assert re.search(
            rf'id="{name}"[^>]*aria-describedby="[^"]*{name}-problem"[^>]*aria-invalid="true"', answer.text
        )
    return dict(marked)


def decided(policy: str, role: str, day: str, record: Mapping[str, Any], tmp_path: Path) -> dict[str, Any]:
    """What `sealgate decide` says."""
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record), "utf-8")
    told = CliRunner().invoke(decide, ["--policy", policy, "--role", role, "--as-of", day, "--json", str(file)])
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.output)
    return found


def as_record(fields: Mapping[str, str], jurisdiction: str) -> dict[str, Any]:
    """The record that a form means, written anew here and in the simplest way."""
    found: dict[str, Any] = {"entries": []}
    if fields.get("born"):
        found["born"] = fields["born"]
    for number in "123":
        one = {name.partition("-")[2]: value for name, value in fields.items() if name.startswith(f"e{number}-")}
        if not one:
            continue
        line: dict[str, Any] = {"jurisdiction": jurisdiction, **one}
        kind, length, unit = (line.pop(name, None) for name in ("sentence", "length", "unit"))
        if "age_at_act" in line:
            line["age_at_act"] = int(line["age_at_act"])
        if "traits" in line:
            line["traits"] = [line["traits"]]
        if kind:
            sentence = {"kind": kind, "length": f"P{length}{str(unit)[0].upper()}" if length else None}
            sentence |= {name: line.pop(name) for name in ("started_on", "released_on") if name in line}
            line["sentences"] = [sentence] if kind != "nothing" else []
        found["entries"].append(line)
    return found


TRIED: list[tuple[str, str, str, dict[str, str]]] = [
    ("cn/kindergarten", "carer", "2026-06-01", {}),
    ("cn/kindergarten", "carer", "2026-06-01", entry(1, **USE)),
    ("cn/kindergarten", "carer", "2026-06-01", entry(1, **HARM)),
    ("cn/kindergarten", "head", "2026-06-01", entry(1, **THEFT, **JAIL)),
    ("cn/kindergarten", "teacher", "2026-06-01", {**entry(1, **THEFT), **entry(3, **USE), "born": "1990-04-01"}),
    ("cn/kindergarten", "teacher", "2026-06-01", entry(1, **HARM, traits="intentional", age_at_act="30", **JAIL)),
    ("cn/kindergarten", "teacher", "2026-06-01", entry(1, **HARM, age_at_act="15", sentence="nothing")),
    ("cn/ride-hailing", "driver", "2026-06-01", entry(1, **USE, acted_on="2019-04-28", age_at_act="30")),
    ("cn/ride-hailing", "driver", "2025-06-01", entry(1, **USE, acted_on="2019-04-28", age_at_act="30")),
    ("cn/ride-hailing", "driver", "2018-06-01", entry(1, **USE)),
    ("cn/narcotics-trade", "producer", "2026-06-01", entry(1, **USE)),
    ("gb-eaw/basic", "any", "2026-06-01", entry(1, **THEFT, **JAIL, age_at_act="30")),
    ("gb-eaw/enhanced", "any", "2026-06-01", {**entry(1, **THEFT, **JAIL), **entry(2, **HARM), "born": "1980-01-01"}),
    ("us/twic", "worker", "2026-06-01", entry(1, **HARM, traits="felony")),
    ("nl/vog", "childcare", "2026-06-01", {**entry(1, **HARM), "born": "1980-01-01"}),
    ("nl/vog", "general", "2020-06-01", {**entry(2, **THEFT), "born": "1980-01-01"}),
    ("de/minors-work", "staff", "2026-06-01", entry(1, offence="sexual", kind="criminal", disposition="convicted")),
]


@pytest.mark.parametrize(("policy", "role", "day", "fields"), TRIED)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_answer_is_that_of_the_law(
    stage: Stage, tmp_path: Path, language: str, policy: str, role: str, day: str, fields: dict[str, str]
) -> None:
    """The outcome, and the citations behind it, are those of `sealgate decide`, in either language."""
    answer = send(stage, f"/would-i-pass/{policy}/{role}", language, **fields, day=day)
    told = decided(policy, role, day, as_record(fields, policy.partition("/")[0]), tmp_path)
    assert outcome(answer) == told["outcome"]
    holds = {"ineligible": "yes", "undetermined": "unknown", "eligible": "never"}[told["outcome"]]
    reasons = [reason for reason in told["reasons"] if reason["holds"] == holds]
    assert answer.text.count('class="lines reasons"') == bool(reasons)
    if language == "en":
        assert all(reason["cite"] in words(answer) for reason in reasons)


def test_the_table_has_every_outcome(stage: Stage) -> None:
    """The records that are tried are not all of one kind."""
    found = [outcome(send(stage, f"/would-i-pass/{policy}/{role}", **f, day=day)) for policy, role, day, f in TRIED]
    assert {word: found.count(word) >= 3 for word in found} == dict.fromkeys(
        ("eligible", "ineligible", "undetermined"), True
    )


def test_when_a_no_ends(stage: Stage, tmp_path: Path) -> None:
    """The day that is named is the first of a yes: `sealgate decide` says no the day before."""
    sentence = {"sentence": "imprisonment", "length": "2", "unit": "months", "started_on": "2020-03-05"}
    fields = entry(1, **{**THEFT, "decided_on": "2020-03-05"}, age_at_act="30", **sentence)
    path = "/would-i-pass/gb-eaw/basic/any"
    page = send(stage, path, day="2021-01-01", **fields)
    assert outcome(page) == "ineligible"
    named = re.search(r"the answer would be yes from (\d+ \w+ \d{4})", words(page))
    assert named is not None, words(page)
    record = as_record(fields, "gb-eaw")
    from_then = stage_day(named[1])
    before = date.fromordinal(from_then.toordinal() - 1)
    assert decided("gb-eaw/basic", "any", from_then.isoformat(), record, tmp_path)["outcome"] == "eligible"
    assert decided("gb-eaw/basic", "any", before.isoformat(), record, tmp_path)["outcome"] != "eligible"


def stage_day(text: str) -> date:
    """A day as the English page writes it."""
    months = tomllib.loads((Path(form.__file__).parents[1] / "consent/texts/en.toml").read_text("utf-8"))["times"]
    day, month, year = text.split()
    return date(int(year), months["months"].index(month) + 1, int(day))


def test_a_decision_that_comes_later_is_not_there_yet(stage: Stage) -> None:
    """As in a real check of that day; the page says so."""
    page = send(stage, day="2018-01-01", **entry(1, **USE), path="/would-i-pass/cn/ride-hailing/driver")
    assert outcome(page) == "eligible"
    assert "it is not there yet" in words(page)


def test_the_day_is_that_of_the_policys_country(make_stage) -> None:
    """At 17:00 UTC it is tomorrow in China."""
    stage = make_stage()
    stage.time.forward(stage.time.at.replace(hour=17) - stage.time.at)
    client = stage.app.test_client()
    assert re.search('id="day"[^>]*value="2026-11-21"', client.get(CARER).text)
    assert re.search('id="day"[^>]*value="2026-11-20"', client.get("/would-i-pass/us/cdl/driver").text)
    assert "Asked for 21 November 2026" in words(send(stage))


def test_the_same_words_as_at_consent(stage: Stage) -> None:
    """What is looked at and what a yes does not say are on the page, line by line, with the policy's title."""
    policy = Library.shipped().policy("cn/kindergarten", date(2026, 11, 20))
    for language in ("en", "zh"):
        page = html.unescape(stage.app.test_client().get(f"{CARER}?language={language}").text)
        lines = chain.from_iterable(looked_at_by_law(policy, "carer", language).values())
        for line in (*lines, *(one[language] for one in policy.not_covered)):
            assert line in page
        assert policy.title[language] in page


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        (entry(1, offence="theft"), "e1-kind", "choose one"),
        (entry(2, **{**USE, "offence": "jaywalking"}), "e2-offence", "from the list"),
        (entry(1, **USE, acted_on="2019-02-30"), "e1-acted_on", "a day of the calendar"),
        (entry(1, **USE, acted_on="28/4/2019"), "e1-acted_on", "a day of the calendar"),
        (entry(1, **USE, acted_on="1066-10-14"), "e1-acted_on", "between 1900 and 2199"),
        (entry(1, **USE, acted_on="2019-05-02"), "e1-decided_on", "before the day on which it happened"),
        (entry(1, **USE, ended_on="2019-01-01"), "e1-ended_on", "before the day of the decision"),
        (entry(1, **USE, age_at_act="151"), "e1-age_at_act", "from 0 to 150"),
        (entry(1, **USE, age_at_act="-1"), "e1-age_at_act", "from 0 to 150"),
        (entry(1, **USE, length="10"), "e1-sentence", "what was imposed"),
        (entry(1, **USE, sentence="fine", length="1.5"), "e1-length", "whole number"),
        (entry(1, **USE, sentence="fine", length="1", unit="hours"), "e1-unit", "from the list"),
        (entry(1, **USE, sentence="a slap"), "e1-sentence", "from the list"),
        (entry(3, **USE, jurisdiction="atlantis"), "e3-jurisdiction", "from the list"),
        ({**entry(1, **USE, acted_on="2019-01-01"), "born": "2019-02-01"}, "e1-acted_on", "before the date of birth"),
        ({"born": "2026-11-21"}, "born", "after the day of the answer"),
        ({"day": "tomorrow"}, "day", "a day of the calendar"),
        ({"day": "2001-01-01"}, "day", "were not in force"),
        (entry(1, **USE, **JAIL, released_on="2012-05-31"), "e1-released_on", "the sentence began"),
        ({"day": "9" * 5000}, "day", "a day of the calendar"),
    ],
)
def test_bad_input_is_named_at_its_field(stage: Stage, fields: dict[str, str], field: str, said: str) -> None:
    """In the summary and beside the field; what was typed is still there, and no answer is given."""
    page = send(stage, **fields)
    problems = wrong(page)
    assert said in problems[field], problems
    assert "data-outcome" not in page.text
    for name, value in fields.items():
        if name.partition("-")[2] in ("acted_on", "age_at_act", "length"):
            assert re.search(rf'id="{name}"[^>]*value="{re.escape(value)}"', page.text)
    chinese = wrong(send(stage, language="zh", **fields))
    assert chinese.keys() == problems.keys()
    assert all(re.search("[\u4e00-\u9fff]", text) for text in chinese.values())


def test_what_was_typed_is_shown_again(stage: Stage) -> None:
    """After an answer too, and never as markup."""
    fields = entry(2, **USE, age_at_act="30", sentence="fine", traits="intentional")
    page = send(stage, "/would-i-pass/cn/kindergarten/teacher", **fields, born="1990-01-01")
    assert '<option value="drugs.use" selected>' in page.text
    assert re.search('id="e2-trait-intentional"[^>]*checked', page.text)
    assert re.search('id="born"[^>]*value="1990-01-01"', page.text)
    shown = send(stage, **entry(1, **USE, age_at_act='"><b>bold'))
    assert '"><b>bold' not in shown.text
    assert "&gt;&lt;b&gt;bold" in shown.text


def test_a_form_that_is_too_large_is_not_read(stage: Stage) -> None:
    """The refusal is a page, in the reader's words."""
    page = send(stage, language="zh", day="2026-01-01", more="x" * 20_000)
    assert page.status_code == 413
    assert "内容太多" in page.text


@pytest.mark.parametrize(
    "path",
    ["/cn/kindergarten/king", "/cn/poets/teacher", "/xx/kindergarten/carer", "/cn", "/cn-tiered/x/y", "/cn/school/%00"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_rules_are_404(stage: Stage, path: str, method: str) -> None:
    """As a page with a way back; for software as a problem."""
    client = stage.app.test_client()
    if method == "POST" and path == "/cn":
        return
    page = client.open(f"/would-i-pass{path}", method=method, headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "There are no such rules here" in page.text
    assert 'href="/would-i-pass"' in page.text
    assert client.open(f"/would-i-pass{path}", method=method).mimetype == "application/problem+json"


def with_later(library: Library, version: str, *, draft: bool, alone: bool = False) -> Library:
    """The shelf with another version of a policy, one that has a role and a title of its own."""
    (policy,) = library.policy_versions["cn/kindergarten"]
    later = replace(
        policy, version=version, title={"en": "SECRET PLANS", "zh": "秘密计划"},
        roles=(*policy.roles, "cook"), role_labels={**policy.role_labels, "cook": {"en": "cook", "zh": "厨师"}},
    )  # fmt: skip
    versions = {**library.policy_versions, "cn/kindergarten": (later,) if alone else (policy, later)}
    drafts = (f"industries/cn/kindergarten/{version}.toml",) if draft else ()
    return replace(library, policy_versions=versions, drafts=drafts)


@pytest.mark.parametrize("version", ["2026-01-01", "2027-01-01"])
def test_a_draft_is_not_to_be_learned(stage: Stage, version: str) -> None:
    """Neither its title, nor its roles, nor its bars: every page is as if it were not there, whatever day is chosen."""
    client = create_app(
        stage.config, registries={}, library=with_later(Library.shipped(), version, draft=True)
    ).test_client()
    plain = stage.app.test_client()
    for path, sent in ((CARER, {"day": "2028-01-01"}), ("/would-i-pass/cn/kindergarten/cook", {"day": "2028-01-01"})):
        for options in ({"method": "GET"}, {"method": "POST", "data": sent}):
            there, never = client.open(path, **options), plain.open(path, **options)
            assert (there.status_code, there.data) == (never.status_code, never.data)
    assert client.get("/would-i-pass").data == plain.get("/would-i-pass").data


def test_a_policy_of_which_there_are_drafts_only_is_not_there(stage: Stage) -> None:
    """Not on the list, and 404."""
    library = with_later(Library.shipped(), "2026-01-01", draft=True, alone=True)
    client = create_app(stage.config, registries={}, library=library).test_client()
    assert client.get("/would-i-pass/cn/kindergarten/carer").status_code == 404
    assert "kindergarten" not in client.get("/would-i-pass").text.lower()


def test_what_is_published_for_later_comes_in_its_time(stage: Stage) -> None:
    """A version of next year explains nothing today, and answers for days of next year; one alone is not there yet."""
    later = with_later(Library.shipped(), "2027-01-01", draft=False)
    client = create_app(stage.config, registries={}, library=later).test_client()
    assert "SECRET PLANS" not in client.get(CARER).text
    assert client.get("/would-i-pass/cn/kindergarten/cook").status_code == 404
    assert "under the rules of 1 June 2025" in client.post(CARER, data={"day": "2026-12-31"}).text
    assert "under the rules of 1 January 2027" in client.post(CARER, data={"day": "2027-01-01"}).text
    alone = with_later(Library.shipped(), "2027-01-01", draft=False, alone=True)
    client = create_app(stage.config, registries={}, library=alone).test_client()
    assert client.post(CARER, data={"day": "2027-01-01"}).status_code == 404
    assert "kindergarten" not in client.get("/would-i-pass").text.lower()


def test_proposals_and_draft_laws_judge_nobody() -> None:
    """The public shelf has enacted, published documents only."""
    shipped = Library.shipped()
    assert "cn-tiered" in shipped.regime_versions
    public = replace(shipped, drafts=("regimes/cn/2026-01-01.toml",)).public()
    assert "cn-tiered" not in public.regime_versions
    day = date(2026, 6, 1)
    assert (shipped.regimes(day)["cn"].version, public.regimes(day)["cn"].version) == ("2026-01-01", "2021-06-01")


def test_every_link_of_the_list_opens(stage: Stage) -> None:
    """All published policies, with all their roles, in the language that was chosen; each says what it looks at."""
    client = stage.app.test_client()
    for language, tag, said in (("en", "en", "What is looked at"), ("zh", "zh-Hans", "会查询什么")):
        page = client.get(f"/would-i-pass?language={language}")
        links = [html.unescape(link) for link in re.findall(r'href="(/would-i-pass/[^"]+)"', page.text)]
        library = Library.shipped()
        day = date(2026, 11, 20)
        assert len(links) == sum(len(library.policy(name, day).roles) for name in library.policies())
        for link in links:
            opened = client.get(link, headers={"Accept-Language": "de"})
            assert f'<html lang="{tag}">' in opened.text
            assert said in opened.text
            assert "?language=zh" in opened.text or language == "zh"


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that reaches the database meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_nothing_is_kept(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """No cookie, even with one; no statement to the database; one line in the log; no copy in a cache."""
    caplog.set_level(logging.DEBUG)
    client = stage.app.test_client()
    client.set_cookie("sealgate-language", "zh")
    with statements() as seen:
        pages = [
            client.get("/would-i-pass?language=en"),
            client.get(CARER),
            client.post(f"{CARER}?language=en", data=entry(1, **USE)),
            client.post(CARER, data=entry(1, **{**USE, "offence": "heron"})),
        ]
    assert seen == []
    for page in pages:
        assert "Set-Cookie" not in page.headers
        assert page.headers["Cache-Control"] == "no-store"
        assert "Cookie" not in page.headers["Vary"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'; style-src 'self'" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
    assert '<html lang="en">' in pages[1].text, "the cookie was not read"
    assert not re.search(r"heron|drugs|kindergarten|2019", caplog.text)
    lines = [line for line in caplog.records if line.name.startswith("sealgate")]
    assert {line.name for line in lines} <= {"sealgate.requests"}


def test_the_texts_are_in_both_languages() -> None:
    """The same places, wanting the same facts."""

    def leaves(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from leaves(value, f"{place}{key}.")
            else:
                yield f"{place}{key}", value

    folder = Path(form.__file__).parent / "texts"
    english, chinese = (
        dict(leaves(tomllib.loads((folder / f"{language}.toml").read_text("utf-8")))) for language in ("en", "zh")
    )
    assert english.keys() == chinese.keys()
    for place, text in english.items():
        assert set(re.findall(r"\$\w+", text)) == set(re.findall(r"\$\w+", chinese[place])), place
    assert not [place for place, text in chinese.items() if re.search("[\u4e00-\u9fff][,;:?!()]", text)]
