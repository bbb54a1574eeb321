"""From which age a person consents alone: what the file says, on which day it changes, and what is refused in it."""

from datetime import date
from pathlib import Path

import pytest

from policies import ages
from policies.documents import DocumentError
from policies.library import Library

ROW = '[[age]]\njurisdiction = "de"\nalone = 18\nadult = 18\ncite = "BGB § 2"\nchecked = 2026-11-20\nnote = "why"\n'
OTHERWISE = '[otherwise]\nalone = 18\nadult = 18\nnote = "a caution of ours"\n'


def test_shipped_ages() -> None:
    """The laws that we know, cited, with a reason; else our caution, which cites nothing."""
    known = {name: (ages.of(name).alone, ages.of(name).adult) for name in ("cn", "de", "gb-eaw", "nl", "us", "us-ny")}
    assert known == {
        "cn": (18, 18), "de": (18, 18), "gb-eaw": (16, 18), "nl": (18, 18), "us": (18, 18), "us-ny": (18, 18),
    }  # fmt: skip
    for name in {policy.partition("/")[0] for policy in Library.shipped().policies()}:
        law = ages.of(name)
        assert law.note
        assert (law.source is None) is (name == "us"), name
        assert law.source is None or (law.source.cited("zh") != law.source.cite and law.checked is not None)


@pytest.mark.parametrize(
    ("born", "last", "first"),
    [("2008-11-30", "2026-11-29", "2026-11-30"), ("2008-02-29", "2026-02-28", "2026-03-01")],
)
def test_day_on_which_somebody_comes_of_age(born: str, last: str, first: str) -> None:
    """The birthday; of 29 February the day after the end of February, the cautious one."""
    law, birthday = ages.of("cn"), date.fromisoformat(born)
    assert law.minor(birthday, date.fromisoformat(last))
    assert not law.may_guard(birthday, date.fromisoformat(last))
    assert not law.minor(birthday, date.fromisoformat(first))
    assert law.may_guard(birthday, date.fromisoformat(first))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROW, "otherwise: is missing"),
        (ROW + ROW + OTHERWISE, 'jurisdiction: "de" has a row already'),
        (ROW.replace("de", "atlantis") + OTHERWISE, "atlantis"),
        (ROW.replace("alone = 18", "alone = 19") + OTHERWISE, "alone: must be an age from 1 up to that of an adult"),
        (ROW.replace('cite = "BGB § 2"\n', "") + OTHERWISE, "cite: is missing"),
        (ROW + "alon = 14\n" + OTHERWISE, 'did you mean "alone"'),
        (ROW + OTHERWISE + 'cite = "none"\n', "otherwise.cite: is not a known key"),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(tmp_path: Path, text: str, said: str) -> None:
    """As in every other document."""
    (tmp_path / ages.FILE).write_text(text, "utf-8")
    with pytest.raises(DocumentError) as caught:
        ages.read(tmp_path)
    assert said in str(caught.value)
