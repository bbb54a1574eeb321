"""A registry file is built whole from its source, or not at all."""

import json
import stat
from datetime import date
from pathlib import Path

import pytest

from connectors.base import BadAnswer, Id, Name, Query
from connectors.codes.table import NO_CODES, parse
from connectors.embedded import BuildReport, EmbeddedRegistry, SourceError, build
from connectors.embedded.translate import UnknownCode
from policies.model import Entry, Report, read_record

KEY = bytes(range(32))
HEADER = "id_type,id,name,born,ref,jurisdiction,kind,offence,disposition,decided_on,sentence,length,suspended\n"
ROW = "passport,E1,Lin Zhou,1990-05-20,P-1,cn,criminal,theft,convicted,2019-06-03,imprisonment,P1Y,\n"
CLEAN = "passport,E2,He Yi,1991-01-02,,,,,,,,,\n"


def made(folder: Path, text: str | bytes, name: str = "people.csv", **options: object) -> BuildReport:
    source = folder / name
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    return build(source, folder / "people.sqlite", KEY, NO_CODES, lambda done, total: None, **options)  # type: ignore[arg-type]


def held(
    folder: Path, passport: str = "E1", born: date = date(1990, 5, 20), name: str = "Somebody"
) -> tuple[Report, ...]:
    registry = EmbeddedRegistry("police", folder / "people.sqlite", KEY)
    try:
        return registry.ask(
            Query((Name(name),), born, (Id("passport", passport),), "hiring", "con_abc", "cn/kindergarten")
        ).reports
    finally:
        registry.close()


def entry(**facts: object) -> Entry:
    plain = {"jurisdiction": "cn", "kind": "criminal", "offence": "theft", "disposition": "convicted", "ref": "P-1"}
    return read_record({"entries": [plain | {"decided_on": "2019-06-03"} | facts]}).entries[0]


YEAR = {"kind": "imprisonment", "length": "P1Y"}


def test_every_column_reaches_the_entry(tmp_path: Path) -> None:
    """The columns are those of the record format; the expected entry is written out here in full."""
    made(
        tmp_path,
        "id_type,id,ref,case,body,jurisdiction,kind,offence,grade,traits,traits_complete,disposition,proceeding,"
        "acted_on,decided_on,ended_on,age_at_act,age_at_decision,drug_substance,drug_addiction,drug_clean_since,"
        "drug_conduct,sentence,length,sentenced_on,started_on,released_on,suspended,supervised_until,indefinite,"
        "endorsed,consecutive,day_units,completed_on,outstanding,revoked_on\n"
        "passport,E1,P-1,No. 1,Court,us-ny,criminal,drugs.supply,felony-b,intentional; with-injury,TRUE,convicted,"
        "Q-1,2015-01-01,2015-02-02,2020-03-03,31,32,heroin,serious,2018-01-01,completed,imprisonment,P22M,"
        "2015-02-02,2015-02-03,2016-01-01,true,2017-01-01,false,true,true,40,,true,2016-06-06\n",
    )
    expected = read_record(
        {
            "entries": [
                {
                    "ref": "P-1", "jurisdiction": "us-ny", "kind": "criminal", "offence": "drugs.supply",
                    "grade": "felony-b", "traits": ["intentional", "with-injury"], "traits_complete": True,
                    "disposition": "convicted", "proceeding": "Q-1", "acted_on": "2015-01-01",
                    "decided_on": "2015-02-02", "ended_on": "2020-03-03", "age_at_act": 31, "age_at_decision": 32,
                    "drug": {"substance": "heroin", "addiction": "serious", "clean_since": "2018-01-01",
                             "conduct": "completed"},
                    "sentences": [
                        {"kind": "imprisonment", "length": "P22M", "decided_on": "2015-02-02",
                         "started_on": "2015-02-03", "released_on": "2016-01-01", "suspended": True,
                         "supervised_until": "2017-01-01", "endorsed": True, "consecutive": True,
                         "day_units": 40, "outstanding": True, "revoked_on": "2016-06-06"}
                    ],
                }
            ]
        }
    ).entries[0]  # fmt: skip
    assert held(tmp_path) == (Report(expected, sure=False, case="No. 1", body="Court"),)


def test_lines_of_one_matter_are_its_sentences(tmp_path: Path) -> None:
    """Wherever in the file they stand."""
    report = made(tmp_path, HEADER + ROW + CLEAN + ROW.replace("imprisonment,P1Y", "fine,"))
    assert (report.people, report.entries) == (2, 1)
    assert held(tmp_path) == (Report(entry(sentences=[YEAR, {"kind": "fine"}]), sure=False),)
    assert held(tmp_path, "E2", date(1991, 1, 2)) == ()


def test_ndjson_says_the_same(tmp_path: Path) -> None:
    """The other form, in the record format itself."""
    line = {
        "ids": [{"type": "passport", "value": "E1"}],
        "names": [{"full": "Lin Zhou"}],
        "born": "1990-05-20",
        "entries": [
            {"ref": "P-1", "jurisdiction": "cn", "kind": "criminal", "offence": "theft", "case": "No. 1",
             "disposition": "convicted", "decided_on": "2019-06-03", "sentences": [YEAR]}
        ],
    }  # fmt: skip
    made(tmp_path, json.dumps(line) + "\n\n", "people.ndjson")
    assert held(tmp_path) == (Report(entry(sentences=[YEAR]), sure=False, case="No. 1"),)


def test_unknown_codes_are_unknown_and_counted(tmp_path: Path) -> None:
    """Never the nearest match: an offence becomes `unknown`, sentences become not known."""
    codes = parse(
        'own_words = true\n[offence]\nT1 = { word = "theft", label = "theft" }\n'
        '[sentence]\nJ = { word = "imprisonment", label = "jail" }',
        "codes.toml",
    )
    rows = [
        ROW.replace("theft", "T1").replace("imprisonment", "J"),
        ROW.replace("theft", "T2").replace("P-1", "P-2"),
        ROW.replace("theft", "T2").replace("P-1", "P-3").replace("imprisonment", "K"),
    ]
    (tmp_path / "people.csv").write_text(HEADER + "".join(rows))
    report = build(tmp_path / "people.csv", tmp_path / "people.sqlite", KEY, codes, lambda done, total: None)
    assert report.unknown == (UnknownCode("offence", "T2", 2, 3), UnknownCode("sentence", "K", 1, 4))
    assert [each.entry for each in held(tmp_path)] == [
        entry(sentences=[YEAR]),
        entry(ref="P-2", offence="unknown", sentences=[YEAR]),
        entry(ref="P-3", offence="unknown"),
    ]


def test_endless_unknown_codes_are_counted_together(tmp_path: Path) -> None:
    """A file read with the wrong table does not fill the memory."""
    rows = "".join(ROW.replace("P-1", f"P-{n}").replace("theft", f"T{n}") for n in range(1_003))
    report = made(tmp_path, HEADER + rows)
    assert len(report.unknown) == 1_001
    assert report.unknown[-1] == UnknownCode("offence", "(further codes)", 3, 1_002)
    assert str(report.unknown[-1]) == "offence (further codes): 3 times, first on line 1002"


def test_an_unknown_trait_leaves_the_list_incomplete(tmp_path: Path) -> None:
    """What the source meant by it may be any trait."""
    header = "id_type,id,jurisdiction,kind,offence,disposition,traits,traits_complete,grade,drug_substance\n"
    made(tmp_path, header + "passport,E1,cn,criminal,theft,convicted,intentional;odd,true,odd,odd\n")
    assert held(tmp_path)[0].entry == Entry("cn", "criminal", "theft", "convicted", traits=frozenset({"intentional"}))


def test_a_sentence_not_known_makes_the_list_not_known(tmp_path: Path) -> None:
    """Half a list of sentences would be a wrong list."""
    made(tmp_path, HEADER + ROW + ROW.replace("imprisonment", "odd"))
    assert held(tmp_path)[0].entry == entry()
    assert entry().sentences is None


BAD = [
    ("", "people.csv, line 1, id: is missing, and so is name with born"),
    ("id_type,id,naem\n", 'people.csv, line 1, naem: is not a column; "name"?'),
    ("id_type,id,id\n", "people.csv, line 1, id: is there twice"),
    ("id\n", "people.csv, line 1, id_type: is missing"),
    (HEADER, "people.csv: names nobody; an empty registry would find everybody clean"),
    (HEADER + CLEAN + ROW.replace("2019-06-03", "2019-13-03"),
     "people.csv, line 3, decided_on: must be a day such as 2015-05-20"),
    (HEADER + ROW.replace("P1Y", "1 year"), "line 2, length: must be a duration such as P22M, P1Y6M or P10D"),
    (HEADER + ROW.replace("convicted", "guilty"),
     'line 2, disposition: "guilty" is a code that the code table does not know'),
    (HEADER + ROW.replace("criminal", "penal"), 'line 2, kind: "penal" is a code that the code table does not know'),
    (HEADER + ROW.replace("cn", "china"), 'line 2, jurisdiction: "china" is a code that the code table does not know'),
    (HEADER + ROW.replace("theft", ""), "line 2, offence: is missing"),
    (HEADER + ROW.replace("P1Y,", "P1Y,perhaps"), "line 2, suspended: must be true, false or empty"),
    (HEADER + ROW.replace("1990-05-20", "20.5.1990"), "line 2, born: must be a day such as 1990-05-20"),
    (HEADER + ROW.replace("passport", ""), "line 2, id_type: is missing"),
    (HEADER + ROW.replace("E1", ""), "line 2, id: is missing"),
    (HEADER + ROW.replace("E1", "--"), "line 2, id: is empty"),
    (HEADER + ROW.replace("Lin Zhou", "?"), "line 2, name: has no letters"),
    (HEADER + ROW.replace("passport,E1,Lin Zhou", ",,"), "line 2: says too little of the person: an id, or a name"),
    (HEADER + ROW + ROW[:40], "line 3: has 7 cells, the header has 13"),
    (HEADER + ROW.replace("Lin", '"Lin'), "line 2: is not a line of CSV: look at its quotes"),
    (HEADER.encode() + ROW.encode("utf-16"), "line 2: is not text in UTF-8"),
    (HEADER + ROW + ROW.replace("1990-05-20", "1990-05-21"),
     "line 3, born: is not the birth date given before for the same person"),
    (HEADER + ROW + CLEAN + ROW.replace("theft", "fraud"),
     "line 4, offence: differs from line 2, which has the same ref"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_line_ends_the_build_by_line_and_column(tmp_path: Path, text: str | bytes, message: str) -> None:
    """Nothing is changed, nothing is left behind, and the message repeats nothing of what the line holds."""
    (tmp_path / "people.sqlite").write_text("the old one")
    with pytest.raises(SourceError) as caught:
        made(tmp_path, text)
    assert message in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("Lin", "Zhou", "E1", "1990-05-20\n"))
    assert (tmp_path / "people.sqlite").read_text() == "the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.csv", "people.sqlite"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "line 1: is not a JSON object"),
        ('{"id": "x"', "line 1: is not a JSON object"),
        ("[" * 100_000, "line 1: is not a JSON object"),
        ('{"id": "x"}', "line 1: holds a field that is none of ids, names, born, entries"),
        ('{"ids": [{"type": "passport"}]}', "line 1, ids[].value: must be text"),
        ('{"ids": [{"type": "passport", "value": "E1", "from": 1}]}', "line 1, ids[]: holds a field"),
        ('{"ids": [{"type": "bsn", "value": "E1"}]}', "line 1, ids[].type: is not a type of identifier; there are"),
        ('{"ids": 3}', "line 1, ids: must be a list of objects"),
        ('{"ids": [{"type": "passport", "value": "E1"}], "entries": [{"kind": 3}]}', "line 1, entries[0].jurisdiction"),
        ('{"ids": [{"type": "passport", "value": "E1"}], "entries": [{"ref": 3}]}', "line 1, entries[0].ref"),
    ],
)  # fmt: skip
def test_a_bad_line_of_ndjson_is_named_too(tmp_path: Path, line: str, message: str) -> None:
    """By line and field."""
    with pytest.raises(SourceError) as caught:
        made(tmp_path, line + "\n", "people.ndjson")
    assert message in str(caught.value)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    """The two forms are told apart by their names."""
    with pytest.raises(SourceError, match=r"people.xlsx: must be a .csv or a .ndjson file"):
        made(tmp_path, "", "people.xlsx")


def test_bad_lines_left_out_silence_the_registry_about_their_people(tmp_path: Path) -> None:
    """A record with a line missing must not look clean."""
    bad = ROW.replace("2019-06-03", "yesterday")
    report = made(tmp_path, HEADER + bad + CLEAN, rejected=tmp_path / "bad.ndjson")
    assert (report.people, report.entries, report.rejected) == (2, 0, 1)
    with pytest.raises(BadAnswer, match="lines about this person that were refused"):
        held(tmp_path)
    with pytest.raises(BadAnswer, match="lines about this person that were refused"):
        held(tmp_path, "E9", name="Lin Zhou")
    assert held(tmp_path, "E2", date(1991, 1, 2)) == ()
    kept = json.loads((tmp_path / "bad.ndjson").read_text())
    assert kept == {
        "line": 2,
        "column": "decided_on",
        "problem": "must be a day such as 2015-05-20",
        "text": bad.strip(),
    }
    assert stat.S_IMODE((tmp_path / "bad.ndjson").stat().st_mode) == 0o600


def test_a_contradiction_silences_the_registry_too(tmp_path: Path) -> None:
    """Two lines that cannot both be true are two bad lines."""
    report = made(tmp_path, HEADER + ROW + ROW.replace("theft", "fraud"), rejected=tmp_path / "bad.ndjson")
    assert (report.entries, report.rejected) == (0, 1)
    with pytest.raises(BadAnswer):
        held(tmp_path)


def test_a_line_that_tells_nobody_cannot_be_left_out(tmp_path: Path) -> None:
    """Whoever it was about would look clean."""
    with pytest.raises(SourceError, match=r"line 2: .* it does not tell whose line it is, so it cannot be left out"):
        made(tmp_path, HEADER + "passport,E1\n" + CLEAN, rejected=tmp_path / "bad.ndjson")


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    """It only grows, and ends at the whole."""
    (tmp_path / "people.csv").write_text(
        "id_type,id,jurisdiction,kind,offence,disposition\n" + "".join(f"passport,E{n},,,,\n" for n in range(5_000))
    )
    told: list[tuple[int, int]] = []
    report = build(tmp_path / "people.csv", tmp_path / "people.sqlite", KEY, NO_CODES, lambda *each: told.append(each))
    assert report.people == 5_000
    assert report.bytes == (tmp_path / "people.sqlite").stat().st_size
    assert len(told) >= 5
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert len({total for _, total in told}) == 1


def test_a_wrong_key_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    """A key has 32 bytes."""
    with pytest.raises(ValueError, match="a registry key has 32 bytes"):
        build(tmp_path / "people.csv", tmp_path / "people.sqlite", b"short", NO_CODES, lambda done, total: None)


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The operating system's own words, and nothing left behind."""
    with pytest.raises(SourceError, match=r"people.csv: cannot be used: No such file"):
        build(tmp_path / "people.csv", tmp_path / "people.sqlite", KEY, NO_CODES, lambda done, total: None)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """By its own name, not by that of a temporary file."""
    (tmp_path / "people.csv").write_text(HEADER + ROW)
    with pytest.raises(SourceError, match=r"nowhere/people.sqlite: cannot be used: No such file"):
        build(tmp_path / "people.csv", tmp_path / "nowhere/people.sqlite", KEY, NO_CODES, lambda done, total: None)
