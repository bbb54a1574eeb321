"""Time gives nothing away (DESIGN §1.2): what an institution can observe of a check until the answer, whatever is done.

    (1) Until the answer everybody looks the same, at every moment and right after every act; and then there is one bit.
    (2) A late answer was not known to be late by anybody who looks: clear ones are late by lot. What this is worth is
        measured in `tests/gateway/checks/test_lateness.py`.
    (3) A check that was withdrawn closes at a release time that says nothing of the answer or of the withdrawal.

That a wrong person at the subject's page learns nothing from the work that is done is shown in
`tests/gateway/consent/test_consent_nothing_learnt.py`.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest

from gateway import work
from gateway.checks.contest import contest
from gateway.checks.run import run
from gateway.consent import decided, grid, observe_lateness
from gateway.consent.decide import agree, withdraw
from gateway.db import db
from tests.observer import Look, Observer, another_person, open_review, run_drawn
from tests.stage import NOW, PEOPLE, RELEASE, Caller, Stage, make_stage, reports, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]

TOLD = RELEASE - timedelta(hours=6)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)

YES = {"CLEAN", "NAMESAKE", "SILENT", "SAMPLED", "OVERTURNED", "DOUBTED"}
NO = {"BARRED", "HELD"}
LATE = {"LOT", "SLOW", "CONTESTED"}
"""Late by one grid time, each in its own way."""

Act = tuple[datetime, Callable[[], object]]


class Watch:
    """Institutions that look at their checks at the same moments, and what they saw."""

    def __init__(self, stage: Stage, passports: list[str]) -> None:
        self.stage, self.observer = stage, Observer(stage, passports)
        self.desk, self.other_desk = stage.desk(), stage.desk("Another desk")
        self.seen: list[tuple[datetime, dict[str, Look]]] = []
        self.asked: list[tuple[datetime, dict[str, list[str]]]] = []

    @property
    def ids(self) -> Mapping[str, str]:
        """The checks, by passport."""
        return self.observer.ids

    def look(self) -> None:
        """Look at everything."""
        seen, asked = self.observer.look()
        self.seen.append((self.stage.time.at, seen))
        self.asked.append((self.stage.time.at, asked))

    def until(self, end: datetime, acts: Sequence[Act]) -> None:
        """Look at every quarter of an hour, just before a release, and right after every act."""
        first = grid.after(self.stage.time.at, QUARTER)
        quarters = [first + n * QUARTER for n in range((end - first) // QUARTER + 1)]
        before = [at - timedelta(microseconds=1) for at in (RELEASE, RELEASE + HOUR)]
        for moment in sorted({*quarters, *before, *(at for at, _ in acts)}):
            self.stage.until(moment)
            self.look()
            for act in (act for at, act in acts if at == moment):
                act()
                self.look()

    def decide(self, name: str, decision: str, desk: Caller | None = None, reason: str = "record-plain") -> None:
        """Somebody at the desk decides."""
        answer = self.stage.decide(desk or self.desk, open_review(self.ids[name]), decision, reason)
        assert answer.status_code == 200, answer.text

    def alike(self, names: set[str], since: datetime, before: datetime) -> int:
        """See that these looked the same to the byte, and took the same work, in a span; returns how often."""
        found = [(at, looks) for at, looks in self.seen if since <= at < before]
        for at, looks in found:
            assert len({repr(looks[name]) for name in names}) == 1, f"{at}: {[(name, looks[name]) for name in names]}"
        for at, asked in self.asked:
            if since <= at < before:
                assert len({repr(asked[name]) for name in names}) == 1, at
        return len(found)

    def at(self, moment: datetime) -> dict[str, Look]:
        """What was seen at a moment."""
        return next(looks for at, looks in self.seen if at == moment)


def silent_at_first(watch: Watch) -> None:
    """A registry that does not answer: the check is tried again later."""
    watch.stage.police.down = True
    with pytest.raises(work.Later):
        run(watch.ids["SILENT"])
    watch.stage.police.down = False


def begin(watch: Watch) -> None:
    """Everybody agrees at the same moment, and the checks are run as far as they go."""
    with db.write() as session:
        observe_lateness(session, "cn/kindergarten", 0.5)
    for name, check_id in watch.ids.items():
        draws = iter([0.1, 0.9] if name == "LOT" else [0.9])
        with db.write() as session:
            assert agree(session, decided(session, check_id), draw=partial(next, draws))
    watch.look()
    silent_at_first(watch)
    for name, check_id in watch.ids.items():
        if name != "SILENT":
            (run_drawn if name == "SAMPLED" else run)(check_id)
            watch.look()


def acts(watch: Watch) -> list[Act]:
    """What is done for each of them until their answers are ready, at odd times."""

    def at(**after: float) -> datetime:
        return NOW + timedelta(**after)

    ids = watch.ids
    return [
        (at(hours=1, minutes=3), lambda: watch.decide("BARRED", "confirm")),
        (at(hours=2, seconds=20), lambda: another_person(watch.stage, watch.desk, ids["NAMESAKE"])),
        (at(hours=3, minutes=31), lambda: run(ids["SILENT"])),
        (at(hours=5), lambda: watch.decide("SAMPLED", "confirm")),
        (at(hours=7, minutes=7), lambda: watch.decide("CONTESTED", "confirm")),
        (at(hours=9, minutes=7), lambda: watch.decide("OVERTURNED", "overturn", reason="doubt")),
        (at(hours=13), lambda: watch.decide("DOUBTED", "eligible", reason="doubt")),
        (TOLD - timedelta(seconds=1), lambda: watch.decide("HELD", "ineligible")),
        (TOLD + timedelta(minutes=10), lambda: contest(ids["CONTESTED"], "fact")),
        (TOLD + timedelta(minutes=20), lambda: watch.decide("SLOW", "eligible", reason="doubt")),
        (
            TOLD + timedelta(minutes=50),
            lambda: watch.decide("CONTESTED", "overturn", watch.other_desk, "record-corrected"),
        ),
    ]


def test_until_the_answer_everybody_looks_the_same(stage: Stage) -> None:
    """(1) Status, bytes and headers of the check, the list and its filters, and the work done for a look, are the same
    for a clear, barred, ambiguous, slow, reviewed and contested one, at every moment up to the answer.

    Then those with the same answer are the same, and those with another differ in that word (and in its length).
    """
    stage.police.answers |= {
        "NAMESAKE": reports({"offence": "drugs.use", "decided_on": "2012-05-05", "ref": "case-9"}, sure=False),
        **dict.fromkeys(("OVERTURNED", "CONTESTED"), PEOPLE["BARRED"]),
        **dict.fromkeys(("HELD", "DOUBTED", "SLOW"), PEOPLE["UNCLEAR"]),
    }
    watch = Watch(stage, sorted(YES | NO | LATE))
    everybody = set(watch.ids)
    begin(watch)
    watch.until(RELEASE + 2 * HOUR, acts(watch))
    assert watch.alike(everybody, NOW, RELEASE) > 110
    assert watch.alike(LATE, NOW, RELEASE + 2 * HOUR) > 120
    for same in (YES, NO):
        assert watch.alike(same, NOW, RELEASE + 3 * HOUR) > 120
    one_bit(watch.at(RELEASE)["CLEAN"], watch.at(RELEASE)["BARRED"])
    times = set(re.findall(r"\d{4}-\d\d-\d\dT[^Z]*Z", repr(watch.seen)))
    assert {time for time in times if not time.endswith(":00:00Z")} == set()
    assert "2026-11-21T11:00:00Z" in times


def one_bit(yes: Look, no: Look) -> None:
    """See that two answers differ in one word, and in how long it is."""
    (_, headers, _), (_, others, _) = yes[0], no[0]  # type: ignore[misc]
    length = f"'Content-Length', '{dict(headers)['Content-Length']}'"
    longer = f"'Content-Length', '{dict(others)['Content-Length']}'"
    assert repr(yes).count('"eligible":true') == 4, "the check itself, the list, and two of its filters"
    assert repr(yes).replace('"eligible":true', '"eligible":false').replace(length, longer) == repr(no)


# (3) Withdrawn.


class Pair:
    """A clear check and a barred one that are agreed to at one moment, under one lot, and withdrawn at one moment."""

    def __init__(self, hr: Caller, number: int, chance: random.Random) -> None:
        self.clear, self.barred = (hr.asked(name, f"{name}-{number}") for name in ("CLEAN", "BARRED"))
        self.lot = chance.randrange(1000)
        earliest = TOLD if number % 2 else NOW
        self.at = earliest + chance.random() * (RELEASE + 3 * HOUR - earliest)
        self.withdrew: list[str] = []

    def agree(self) -> None:
        """Both agree. The checks are not run."""
        for check_id in (self.clear, self.barred):
            with db.write() as session:
                assert agree(session, decided(session, check_id), draw=random.Random(self.lot).random)

    def withdraw(self) -> None:
        """Both withdraw, if they still can."""
        for check_id in (self.clear, self.barred):
            with db.write() as session:
                if withdraw(session, decided(session, check_id)):
                    self.withdrew.append(check_id)

    @property
    def closes(self) -> datetime:
        """When it is to be seen: made of the lot and the moment, and of nothing that is known of the check."""
        with db.read() as session:
            release_at = decided(session, self.clear).release_at
        assert release_at is not None
        return max(release_at, grid.at_or_after(self.at, HOUR))


def first_seen_closed(stage: Stage, hr: Caller, acts: Sequence[Act]) -> dict[str, datetime]:
    """When an institution that looks at every quarter of an hour, and right after every act, first sees `closed`."""
    found: dict[str, datetime] = {}
    quarters = [grid.after(NOW, QUARTER) + n * QUARTER for n in range(36 * 4)]
    for moment in sorted({*quarters, *(at for at, _ in acts)}):
        stage.until(moment)
        for act in (None, *(act for at, act in acts if at == moment)):
            if act is not None:
                act()
            for form in hr.get("/v1/checks?status=closed").json["checks"]:  # type: ignore[index]
                found.setdefault(form["id"], moment)
    return found


def test_a_withdrawn_check_closes_at_a_time_that_says_nothing(stage: Stage) -> None:
    """(3) Withdrawn at any moment before the release, told or not, late or not, contested or not: `closed` shows at a
    time of the grid that follows from the lot and the moment of the withdrawal only, for clear and barred alike.

    A clear one whose answer has left cannot withdraw any more; a barred one that is still late can.
    """
    hr, desk, chance = stage.caller(), stage.desk(), random.Random(20261120)
    with db.write() as session:
        observe_lateness(session, "cn/kindergarten", 0.5)
    pairs = [Pair(hr, number, chance) for number in range(24)]
    slow, contested = pairs[3::4], pairs[1::4]
    for pair in pairs:
        pair.agree()
        run(pair.clear)
        if pair not in slow:
            run(pair.barred)
    stage.settle_reviews(desk)
    for pair in slow:  # nobody at the desk comes to them
        run(pair.barred)
    held: list[bool] = []
    acts: list[Act] = [(pair.at, pair.withdraw) for pair in pairs]
    for pair in contested:
        with db.read() as session:
            told_at = decided(session, pair.barred).tell_at
        assert told_at is not None
        acts.append((told_at + QUARTER, lambda pair=pair: held.append(contest(pair.barred, "person"))))  # type: ignore[misc]
    closed = first_seen_closed(stage, hr, acts)
    assert held.count(True) >= 2
    assert closed == {check_id: pair.closes for pair in pairs for check_id in pair.withdrew}
    both = [pair for pair in pairs if len(pair.withdrew) == 2]
    assert len(both) >= 18
    assert sorted(closed[pair.clear] for pair in both) == sorted(closed[pair.barred] for pair in both)
    assert len({closed[pair.clear] for pair in both}) >= 3, "the lot fell in several ways"
    assert any(pair.at > TOLD + QUARTER for pair in contested), "withdrawn while a person looks again"
    assert any(len(pair.withdrew) == 1 for pair in slow), "withdrawn when late"
    assert all(at == grid.at_or_after(at, HOUR) for at in closed.values())
