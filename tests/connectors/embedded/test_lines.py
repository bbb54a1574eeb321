"""What a line may not say: types and days that cannot be, and what a message may repeat of it."""

from datetime import date
from pathlib import Path

import pytest

from connectors.base import BadAnswer, Id, Name, Query
from connectors.codes.table import NO_CODES, shipped
from connectors.embedded import BuildReport, EmbeddedRegistry, SourceError, build
from connectors.embedded.source import NotValid, Source

KEY = bytes(range(32))
HEADER = "id_type,id,name,born,ref,jurisdiction,kind,offence,disposition,decided_on,sentence,length,suspended\n"
ROW = "passport,E1,Lin Zhou,1990-05-20,P-1,cn,criminal,theft,convicted,2019-06-03,imprisonment,P1Y,\n"
CLEAN = "passport,E2,He Yi,1991-01-02,,,,,,,,,\n"


def made(folder: Path, text: str, rejected: Path | None = None) -> BuildReport:
    (folder / "people.csv").write_text(text)
    return build(folder / "people.csv", folder / "people.sqlite", KEY, NO_CODES, lambda done, total: None, rejected)


BAD = [
    # What may be a name, a number or a day is not quoted.
    (HEADER + ROW.replace("criminal", "Lin Zhou"), "line 2, kind: is a code that the code table does not know"),
    (HEADER + ROW.replace("criminal", "999999199005203118"), "line 2, kind: is a code"),
    (HEADER + ROW.replace("criminal", "1990-05-20"), "line 2, kind: is a code"),
    (HEADER + ROW.replace("criminal", "x" * 41), "line 2, kind: is a code"),
    (HEADER + ROW.replace("passport", "pasport"),
     "line 2, id_type: is not a type of identifier; there are cn-resident-id, gb-nino,"),
    (HEADER + CLEAN + ROW.replace("2019-06-03", "2198-06-03"), "line 3, decided_on: is in the future"),
    (HEADER + ROW.replace("1990-05-20", "2190-05-20"), "line 2, born: is in the future"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_line_that_cannot_be_is_named_without_what_may_be_personal(tmp_path: Path, text: str, message: str) -> None:
    """By line and column; a code is quoted only where it cannot be a name, a number or a day of somebody."""
    with pytest.raises(SourceError) as caught:
        made(tmp_path, text)
    assert message in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("Lin", "E1", "1990-05-20", "2190", "1990052", "xxx"))


AHEAD = (
    "acted_on",
    "decided_on",
    "sentenced_on",
    "started_on",
    "released_on",
    "completed_on",
    "revoked_on",
    "drug_clean_since",
)


@pytest.mark.parametrize("column", AHEAD)
def test_what_has_happened_does_not_lie_ahead(tmp_path: Path, column: str) -> None:
    """A slip of the pen in a year would keep a record open, or sealed, for longer than the law says."""
    header = "id_type,id,jurisdiction,kind,offence,disposition,drug_addiction,sentence,"
    with pytest.raises(SourceError, match=f"line 2, {column}: is in the future$"):
        made(tmp_path, f"{header}{column}\npassport,E1,cn,criminal,theft,convicted,serious,imprisonment,2198-06-03\n")


@pytest.mark.parametrize("column", ["ended_on", "supervised_until"])
def test_what_is_set_beforehand_may_lie_ahead(tmp_path: Path, column: str) -> None:
    """The end of a measure, of a supervision."""
    header = "id_type,id,jurisdiction,kind,offence,disposition,sentence,"
    made(tmp_path, f"{header}{column}\npassport,E1,cn,criminal,theft,convicted,imprisonment,2198-06-03\n")
    registry = EmbeddedRegistry("police", tmp_path / "people.sqlite", KEY)
    question = Query((), date(1990, 5, 20), (Id("passport", "E1"),), "hiring", "con_a", "cn/x")
    assert len(registry.ask(question).reports) == 1
    registry.close()


def test_the_latest_day_is_itself_not_ahead(tmp_path: Path) -> None:
    """A record of this day, and one of the next."""
    (tmp_path / "people.csv").write_text(HEADER + ROW + ROW.replace("06-03", "06-04"))
    today, tomorrow = Source(tmp_path / "people.csv", NO_CODES, date(2019, 6, 3)).lines()
    assert today.error is None
    assert "decided_on: is in the future" in str(tomorrow.error)


def test_identifiers_that_no_check_can_carry_are_counted(tmp_path: Path) -> None:
    """The build goes on: the person may be met under another number, or by name."""
    good, bad = "999999199204174563", "999999199204174564"
    rows = "".join(f"cn-resident-id,{number},Lin Zhou,1992-04-17,,,,,,,,,\n" for number in (good, bad, "12", bad))
    report = made(tmp_path, HEADER + ROW + rows + "nl-bsn,111-222-333,,,,,,,,,,,\nNL-BSN,111222334,,,,,,,,,,,\n")
    assert report.not_valid == (NotValid("cn-resident-id", 3, 4), NotValid("nl-bsn", 1, 8))
    assert [str(each) for each in report.not_valid] == [
        "cn-resident-id not valid: 3 lines, first line 4",
        "nl-bsn not valid: 1 line, first line 8",
    ]
    assert report.as_json()["not_valid"][1] == {"type": "nl-bsn", "count": 1, "first_line": 8}
    assert report.people == 6


def test_a_number_that_cannot_be_right_rules_nobody_out(tmp_path: Path) -> None:
    """A person on file under the right number without a matter, and under a misspelt one with it, is a candidate."""
    clean = "cn-resident-id,999999199204174563,Lin Zhou,1992-04-17,,,,,,,,,\n"
    wrong = "cn-resident-id,999999199204174564,Lin Zhou,1992-04-17," + ROW.partition("1990-05-20,")[2]
    (tmp_path / "people.csv").write_text(HEADER + clean + wrong)
    codes = shipped("record-format")
    build(tmp_path / "people.csv", tmp_path / "people.sqlite", KEY, codes, lambda done, total: None)
    registry = EmbeddedRegistry("police", tmp_path / "people.sqlite", KEY)
    ids = (Id("cn-resident-id", "999999199204174563"),)
    query = Query((Name("Lin Zhou"),), date(1992, 4, 17), ids, "hiring", "con_a", "cn/x")
    assert [report.sure for report in registry.ask(query).reports] == [False]
    registry.close()


@pytest.mark.parametrize("kind", ["passport", "cn-resident-id"])
def test_a_line_under_a_type_that_is_none_silences_the_registry_whatever_was_meant(tmp_path: Path, kind: str) -> None:
    """Left out, it is met under every type of number, and by name though a number of the person is known."""
    wrong = ROW.replace("passport", "pasport")
    report = made(tmp_path, HEADER + wrong + CLEAN, rejected=tmp_path / "bad.ndjson")
    assert (report.people, report.rejected) == (2, 1)
    registry = EmbeddedRegistry("police", tmp_path / "people.sqlite", KEY)
    for name, value in (("Somebody", "E1"), ("Lin Zhou", "E9")):
        with pytest.raises(BadAnswer, match="lines about this person that were refused"):
            registry.ask(Query((Name(name),), date(1990, 5, 20), (Id(kind, value),), "hiring", "con_a", "cn/x"))
    registry.close()
