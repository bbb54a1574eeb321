"""The questions about policies at the command line, and every witness put before `sealgate decide`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from policies.library import Library
from tests.policies.shelves import shelf
from tests.test_command import sealgate

pytestmark = pytest.mark.slow

DAY = "2026-06-01"
RATES = Path(__file__).parent / "policies" / "made-up-rates.toml"
POLICIES = Library.shipped().policies()


def run(*arguments: str, typed: str = "") -> Result:
    """The command in this process: many decisions in a second."""
    return CliRunner().invoke(main, list(arguments), input=typed, catch_exceptions=False)


def answer(*arguments: str) -> Any:
    """What a question prints as JSON. Status 0, or 1 where it finds fault."""
    done = run("policy", *arguments, "--as-of", DAY, "--json")
    assert done.exit_code in (0, 1), done.output
    return json.loads(done.stdout)


def witnesses(told: Any) -> Iterator[dict[str, Any]]:
    """Every witness in an answer, wherever it stands."""
    if isinstance(told, dict):
        if "record" in told and "asked" in told:
            yield told
        for value in told.values():
            yield from witnesses(value)
    if isinstance(told, list):
        for value in told:
            yield from witnesses(value)


def decide(witness: dict[str, Any], number: int, *more: str) -> str:
    """What `decide` says of a witness to the ask of this number."""
    asked = witness["asked"][number]
    arguments = ["--policy", asked["policy"], "--role", asked["role"], "--as-of", witness["day"], *more]
    record = json.dumps(witness["record"])
    done = run("decide", *arguments, "--reading", asked["reading"], "--json", "-", typed=record)
    assert done.exit_code == 0, done.output
    outcome: str = json.loads(done.stdout)["outcome"]
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("name", POLICIES)
def test_decide_confirms_every_witness_of_every_policy(name: str) -> None:
    """What is wrong with a policy, how its readings differ, and what its no gives away: each with its proof."""
    compared = answer("compare", name, "--reading", "strict", "--reading", "broad")
    found = [*witnesses(answer("check", name)), *witnesses(compared), *witnesses(answer("leak", name))]
    assert found
    for witness in found:
        for number, asked in enumerate(witness["asked"]):
            assert decide(witness, number) == asked["outcome"], witness


def test_decide_confirms_both_answers_of_a_pair() -> None:
    """Three policies of one law, asked two at a time."""
    told = answer("leak", "cn/kindergarten", "cn/minors-contact", "cn/ride-hailing")
    pairs = [(one, found) for one in told["pairs"] for found in one["sets"]]
    assert len(told["asks"]) == 4
    assert len(pairs) > 10
    for _, found in pairs:
        decided = [decide(found["witness"], number) for number in (0, 1)]
        assert ["no" if one == "ineligible" else "yes" for one in decided] == found["answers"]


def test_decide_confirms_a_difference_under_a_proposal() -> None:
    """The same record, under the law and under the proposal, by the installed command."""
    told = answer("compare", "cn/kindergarten", "--role", "head", "--simulate", "cn-tiered")
    ((pair,),) = [told["pairs"]]
    assert (pair["a"]["law"], pair["b"]["law"]) == ("cn", "cn-tiered")
    (difference,) = pair["differences"]
    assert (difference["refuses"], difference["bar"]) == ("a", "drug-use-ever")
    asked = ["decide", "--policy", "cn/kindergarten", "--role", "head", "--as-of", DAY, "--json", "-"]
    record = json.dumps(difference["witness"]["record"])
    enacted, simulated = sealgate(*asked, typed=record), sealgate(*asked, "--simulate", "cn-tiered", typed=record)
    assert json.loads(enacted.stdout)["outcome"] == "ineligible"
    assert json.loads(simulated.stdout)["outcome"] == "eligible"


def test_check_says_what_a_policy_cannot_see() -> None:
    """By the installed command: the examples, then what was found, in words."""
    done = sealgate("policy", "check", "cn/ride-hailing", "--as-of", DAY)
    assert done.returncode == 0
    assert "0 do not come out as written" in done.stdout
    assert "cannot see" in done.stdout
    assert "public-security-record" in done.stdout
    assert "one more matter never helps" in done.stdout
    assert "cn/kindergarten of" not in done.stdout


def test_explain_says_it_in_both_languages() -> None:
    """The bars under their laws, how sure each is, who may read what, and what a yes does not say."""
    english = run("policy", "explain", "cn/kindergarten", "--role", "teacher", "--as-of", DAY).stdout
    assert "Preschool Education Law art. 44(1)" in english
    assert "drug use; at any time." in english
    assert "ministry rule; medium confidence; contested" in english
    assert "strict reading: nothing sealed in China: cn/unit-enquiry admits law, administrative regulation" in english
    assert "either reading: also what is sealed in China, by cn/unit-enquiry" in english
    assert "What a yes does not say\n  - alcohol abuse" in english
    chinese = run("policy", "explain", "cn/kindergarten", "--language", "zh", "--as-of", DAY).stdout
    assert "学前教育法第四十四条第一款" in chinese
    assert "从严解释：不得查看中国已封存的记录" in chinese
    assert "“通过”不代表已核查\n  - 酗酒" in chinese
    told = answer("explain", "cn/kindergarten", "--role", "head")
    bars = [bar for law in told["laws"] for bar in law["bars"]]
    assert "teacher-political-rights" not in [bar["id"] for bar in bars]
    assert {language for bar in bars for language in bar["says"]} == {"en", "zh"}


def test_compare_tells_one_witness_for_each_kind_of_difference() -> None:
    """In words, each side on its own."""
    done = run("policy", "compare", "cn/kindergarten", "cn/minors-contact", "--role", "head", "--role", "staff")
    assert done.exit_code == 0
    assert "only A refuses:" in done.stdout
    assert "B refuses nobody whom the other does not" in done.stdout
    assert "gambling" in done.stdout
    readings = answer("compare", "cn/ride-hailing", "--reading", "strict", "--reading", "broad")["pairs"][0]
    assert (readings["a"]["reading"], readings["b"]["reading"]) == ("strict", "broad")
    assert {one["refuses"] for one in readings["differences"]} == {"b"}
    same = run("policy", "compare", "cn/physician")
    assert "no record was found that one of them refuses and the other does not" in same.stdout


def test_leak_prints_tables_and_bits_only_with_rates() -> None:
    """The asks, the pairs, and whose figures they are."""
    without = run("policy", "leak", "cn/city-transit", "--as-of", DAY)
    assert "No base rates were given" in without.stdout
    assert "bits" not in without.stdout.partition("no bits")[2]
    done = run("policy", "leak", "cn/city-transit", "--as-of", DAY, "--rates", str(RATES))
    assert "Rates: Made up for tests: nobody's figures." in done.stdout
    assert "by the second" in done.stdout
    assert "cn/city-transit:attendant" in done.stdout
    told = answer("leak", "cn/city-transit", "--rates", str(RATES))
    assert set(told["pairs"][0]["bits"]) == {"entropy", "joint", "extra", "largest", "no_rate"}


def test_leak_of_one_category_is_below_the_threshold(tmp_path: Path) -> None:
    """Exit status 1, the category by name, and what would help; a draft on a shelf of its own is enough."""
    bars = '[[bar]]\nid = "gambling"\noffence = ["gambling"]\nkind = ["administrative"]\n'
    other = bars + '[[bar]]\nid = "theft"\noffence = ["theft"]\nkind = ["criminal"]\n'
    shelf(tmp_path, {"cn/physician@2020-01-01": bars, "cn/coach@2020-01-01": other})
    done = run("policy", "leak", "--shelf", str(tmp_path), "--as-of", DAY)
    assert done.exit_code == 1
    assert "cn/physician:physician: no → gambling (administrative violation)" in done.stdout
    assert "answer cn/physician (physician) and cn/coach:driver as one; then 2 categories" in done.stdout
    assert run("policy", "leak", "cn/kindergarten", "--as-of", DAY).exit_code == 0
    assert run("policy", "leak", "cn/kindergarten", "--as-of", DAY, "--threshold", "50").exit_code == 1


def test_two_versions_are_compared_by_name(tmp_path: Path) -> None:
    """POLICY@VERSION on both sides, on a shelf of drafts."""
    bars = '[[bar]]\nid = "theft"\noffence = ["theft"]\nwithin = {{ clock = "decision", period = "{0}" }}\n'
    texts = {"cn/physician@2020-01-01": bars.format("P3Y"), "cn/physician@2025-01-01": bars.format("P5Y")}
    shelf(tmp_path, texts)
    named = ["cn/physician@2020-01-01", "cn/physician@2025-01-01"]
    told = answer("compare", *named, "--shelf", str(tmp_path))
    ((pair,),) = [told["pairs"]]
    assert (pair["a"]["version"], pair["b"]["version"]) == ("2020-01-01", "2025-01-01")
    assert [(one["refuses"], one["bar"]) for one in pair["differences"]] == [("b", "theft")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "cn/circus"], 'there is no policy "cn/circus"'),
        (["explain", "cn/kindergarten", "--role", "clown"], 'has no role "clown"'),
        (["explain", "cn/kindergarten@2024-01-01"], "policy cn/kindergarten of 2024-01-01"),
        (["explain", "cn/kindergarten", "--as-of", "2001-01-01"], "no version in force on 2001-01-01"),
        (["compare", "cn/kindergarten", "cn/circus"], 'there is no policy "cn/circus"'),
        (["compare", "cn/kindergarten", "--simulate", "cn-tired"], 'there is no regime "cn-tired"'),
        (["compare", "cn/taxi", *("--reading", "strict") * 3], "once for both, or twice"),
        (["compare", "cn/kindergarten", "cn/taxi", "--role", "head"], 'cn/taxi has no role "head"'),
        (["leak", "--rates", "/nowhere/at/all.toml", "cn/taxi"], "cannot be read"),
        (["leak", "--rates", __file__, "cn/taxi"], "is not TOML"),
        (["leak", "--as-of", "1900-01-01"], "no policy is in force on 1900-01-01"),
        (["leak", "--threshold", "0"], "--threshold"),
    ],
)
def test_bad_questions_exit_with_two(arguments: list[str], says: str) -> None:
    """What is not there is named on standard error."""
    done = run("policy", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""
