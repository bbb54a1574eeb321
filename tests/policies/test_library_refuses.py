"""A document with a mistake is refused with the file, the place and what would be right; nothing is guessed."""

import hashlib
import shutil
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from policies import published
from policies.documents import DocumentError
from policies.evaluator import adjudicate
from policies.examples import run_all
from policies.library import Library, NothingInForce
from policies.model import Report, read_record

POLICY = Path("industries/cn/kindergarten/2025-06-01.toml")
REGIME = Path("regimes/cn/2026-01-01.toml")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A copy of the shipped documents."""
    for name in ("regimes", "industries"):
        shutil.copytree(Path(str(files("policies"))) / name, tmp_path / name)
    return tmp_path


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit that must change something."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


@pytest.mark.parametrize(
    ("file", "edit", "place", "problem"),
    [
        (POLICY, swap('"drugs.use"', '"drug.use"'), "bar[drug-use-ever].offence", 'did you mean "drugs.use"'),
        (POLICY, swap("offence = ", "ofence = "), "bar[harm-ever].ofence", 'did you mean "offence"'),
        (POLICY, swap("in_force = 2025-06-01", "in_force = 2025-06-02"), "in_force", "file's name"),
        (POLICY, swap("in_force = 2025-06-01", 'in_force = "2025-06-01"'), "in_force", "without quotes"),
        (POLICY, swap('rank     = "law"', 'rank     = "decree"'), "rank", "not known"),
        (POLICY, swap('cite     = "Preschool', 'cite     = "" # "Preschool'), "cite", "empty"),
        (POLICY, swap('"cn/unit-enquiry"', '"cn/anybody"'), "bar[harm-ever].basis", "not a reader"),
        (POLICY, swap('hold         = "P1D"', 'hold         = "one day"'), "release.hold", "PT30M"),
        (POLICY, swap('grid         = "PT1H"', 'grid         = "PT0H"'), "release.grid", "longer than nothing"),
        (POLICY, swap('refusal      = "reviewed"', 'refusal      = "automatic"'), "release.refusal_cite", "missing"),
        (POLICY, swap("review_share = 0.02", "review_share = 2"), "release.review_share", "0 to 1"),
        (POLICY, swap('"P5Y"', '"5 years"'), "bar[teacher-qualification-revoked].within.period", "duration"),
        (POLICY, swap('id      = "drug-use-ever"', 'id      = "harm-ever"'), "bar", "two bars"),
        (POLICY, swap('roles    = ["head"', 'roles    = ["boss"'), "roles", "not known"),
        (POLICY, swap("title    = {", "title    = ["), "", "line 5"),
        (REGIME, swap("under = 18", "below = 18"), "age_at_act", "under"),
        (REGIME, swap('level = "shallow"', 'level = "hidden"'), "level", "not known"),
        (REGIME, swap('clock = "decision"\nnot_before = 2026-01-01\n', ""), "clock", "is missing"),
        (REGIME, swap('id = "cn/unit-enquiry"', 'id = "unit-enquiry"'), "id", 'begin with "cn/"'),
        (REGIME, swap("never = true\nkind", 'never = true\nperiod = "P1Y"\nkind'), "never", "no clock"),
        (REGIME, swap('cite = "Law on the Prevention', 'site = "Law on the Prevention'), "cite", "missing"),
        (REGIME, swap('mode = "enacted"', 'mode = "draft"'), "mode", "not known"),
    ],
)
def test_a_mistake_has_its_place(shelf: Path, file: Path, edit: Callable[[str], str], place: str, problem: str) -> None:
    """Each mistake is refused by name."""
    target = shelf / file
    target.write_text(edit(target.read_text("utf-8")), "utf-8")
    with pytest.raises(DocumentError) as caught:
        Library.load(shelf)
    assert file.name in caught.value.file
    assert place in caught.value.place
    assert problem in str(caught.value)


def test_a_version_is_named_for_its_day(shelf: Path) -> None:
    """A file that is no day is not a version."""
    (shelf / "regimes/cn/latest.toml").write_text("", "utf-8")
    with pytest.raises(DocumentError, match=r"latest\.toml.*2026-01-01\.toml"):
        Library.load(shelf)


def test_a_policy_without_bars_is_refused(shelf: Path) -> None:
    """A policy that would say yes to everybody is a mistake."""
    target = shelf / POLICY
    text = target.read_text("utf-8")
    target.write_text(text[: text.index("[[bar]]")], "utf-8")
    with pytest.raises(DocumentError, match="yes to everybody"):
        Library.load(shelf)


def test_nothing_in_force_is_an_error_not_a_default() -> None:
    """Before its first version a policy answers nothing."""
    library = Library.shipped()
    with pytest.raises(NothingInForce, match="2025-06-01"):
        library.policy("cn/kindergarten", date(2025, 5, 31))
    with pytest.raises(NothingInForce, match="there is no policy"):
        library.policy("cn/circus", date(2026, 1, 1))
    with pytest.raises(NothingInForce):
        library.version("cn/kindergarten", "2024-01-01")


def test_an_entry_under_a_law_that_is_not_on_the_shelf_waits_for_a_person() -> None:
    """It is not looked into, so it may be one that counts; the same under a law that had no version yet on the day."""
    library, day = Library.shipped(), date(2026, 6, 1)
    theft = {"jurisdiction": "nl", "kind": "criminal", "offence": "theft", "disposition": "convicted", "sentences": []}
    reports = [Report(entry) for entry in read_record({"entries": [theft]}).entries]
    regimes = {name: regime for name, regime in library.regimes(day).items() if name != "nl"}
    policy = library.policy("cn/kindergarten", day)
    assert adjudicate(reports, regimes, policy, "carer", day, "strict").outcome == "undetermined"
    assert "us-ny" not in library.regimes(date(2015, 6, 1))


def test_yesterdays_version_is_still_there() -> None:
    """A pinned version can be asked for by name, and its digest is that of its bytes."""
    policy = Library.shipped().version("cn/kindergarten", "2025-06-01")
    assert policy.digest.startswith("sha256:")
    assert policy == Library.shipped().policy("cn/kindergarten", date(2026, 11, 20))


def test_the_boundary_of_a_period_is_data(shelf: Path) -> None:
    """Where an agency counts through the anniversary, two years from 30 June are over on 1 July."""
    target = shelf / "industries/cn/physician/2022-03-01.toml"
    target.write_text(
        swap('rank     = "law"', 'boundary = "day-after"\nrank     = "law"')(target.read_text("utf-8")), "utf-8"
    )
    library = Library.load(shelf)
    sentence = {"kind": "imprisonment", "length": "P2Y", "started_on": "2022-06-30", "completed_on": "2024-06-30"}
    crime = {"jurisdiction": "cn", "kind": "criminal", "offence": "theft", "disposition": "convicted", "age_at_act": 40}
    record = read_record({"entries": [{**crime, "decided_on": "2022-05-05", "sentences": [sentence]}]})
    outcomes = {}
    for day in (date(2026, 6, 30), date(2026, 7, 1)):
        policy = library.policy("cn/physician", day)
        reports = [Report(entry) for entry in record.entries]
        outcomes[day.isoformat()] = adjudicate(
            reports, library.regimes(day), policy, "physician", day, "strict"
        ).outcome
    assert outcomes == {"2026-06-30": "ineligible", "2026-07-01": "eligible"}


def publish(shelf: Path) -> None:
    """Write the list of everything on the shelf."""
    digests = {
        str(file.relative_to(shelf)): f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
        for folder in ("regimes", "industries")
        for file in (shelf / folder).rglob("*.toml")
        if file.name != "examples.toml"
    }
    (shelf / "published.toml").write_text(published.write_list(digests), "utf-8")


def test_an_edited_published_version_is_refused(shelf: Path) -> None:
    """A blank more in a comment is an edit: the digest is that of the bytes."""
    publish(shelf)
    assert Library.load(shelf).drafts == ()
    target = shelf / REGIME
    target.write_bytes(target.read_bytes() + b"\n")
    with pytest.raises(DocumentError, match=r"regimes/cn/2026-01-01\.toml: was edited .* as a new version"):
        Library.load(shelf)


def test_a_published_version_stays_on_the_shelf(shelf: Path) -> None:
    """Yesterday's answers name it."""
    publish(shelf)
    (shelf / REGIME).unlink()
    with pytest.raises(DocumentError, match=r'"regimes/cn/2026-01-01\.toml": is published'):
        Library.load(shelf)


def test_an_enacted_law_is_that_of_its_folder(shelf: Path) -> None:
    """Under another name it would silently take the place of another law."""
    target = shelf / "regimes/us-ca/2022-07-01.toml"
    target.write_text(swap('jurisdiction = "us-ca"', 'jurisdiction = "us-ny"')(target.read_text("utf-8")), "utf-8")
    with pytest.raises(DocumentError, match=r'regimes/us-ca/2022-07-01\.toml: jurisdiction: is "us-ny".* us-ca'):
        Library.load(shelf)


def test_an_example_before_the_first_version_is_refused_by_its_title(shelf: Path) -> None:
    """The place names the example, and the message the first version."""
    target = shelf / "regimes/cn/examples.toml"
    target.write_text(swap("day = 2026-03-11", "day = 1999-03-11")(target.read_text("utf-8")), "utf-8")
    with pytest.raises(DocumentError, match=r"regimes/cn/examples\.toml: example\[A1: .*\]\.day: .*2013-01-01"):
        list(run_all(Library.load(shelf), shelf))


def test_what_is_not_listed_is_a_draft(shelf: Path) -> None:
    """It loads, and is said to be one."""
    publish(shelf)
    text = (shelf / POLICY).read_text("utf-8").replace("in_force = 2025-06-01", "in_force = 2027-01-01")
    (shelf / "industries/cn/kindergarten/2027-01-01.toml").write_text(text, "utf-8")
    assert Library.load(shelf).drafts == ("industries/cn/kindergarten/2027-01-01.toml",)


def test_everything_that_ships_is_published() -> None:
    """Law that decides live checks has its digest recorded."""
    assert Library.shipped().drafts == ()


def test_a_policy_rests_on_no_proposal(shelf: Path) -> None:
    """A reader of a proposal is a basis for nobody: it is law nowhere."""
    text = (shelf / REGIME).read_text("utf-8").replace('mode = "enacted"', 'mode = "proposal"')
    folder = shelf / "regimes/cn-tiered"
    folder.mkdir(exist_ok=True)
    (folder / "2026-01-01.toml").write_text(text.replace("cn/unit-enquiry", "cn-tiered/anybody"), "utf-8")
    target = shelf / POLICY
    target.write_text(swap('"cn/unit-enquiry"', '"cn-tiered/anybody"')(target.read_text("utf-8")), "utf-8")
    with pytest.raises(DocumentError, match='"cn-tiered/anybody" is not a reader'):
        Library.load(shelf)
