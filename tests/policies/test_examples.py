"""Every worked example beside a law or a policy comes out as written."""

from collections import defaultdict
from functools import cache
from importlib.resources import files

import pytest

from policies.examples import Example, run_all
from policies.library import Library

LIBRARY = Library.shipped()
DOCUMENTS = [f"regimes/{name}" for name in LIBRARY.regime_versions] + [
    f"industries/{name}" for name in LIBRARY.policy_versions
]


@cache
def examples() -> dict[str, list[Example]]:
    """What came of the examples of each law and policy: run once, when the first is looked at."""
    found: dict[str, list[Example]] = defaultdict(list)
    for example in run_all(LIBRARY, files("policies")):
        found[example.place.partition("/examples.toml: ")[0]].append(example)
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples(document: str) -> None:
    """The outcome, days and deciding rule of each example are the ones that its author wrote down."""
    assert examples()[document]
    assert {example.place: example.wrong for example in examples()[document] if example.wrong} == {}


def test_no_example_is_left_out() -> None:
    """Every example is one of a law or a policy on the shelf."""
    assert sorted(examples()) == sorted(DOCUMENTS)


def test_every_bar_and_every_seal_has_an_example() -> None:
    """No rule of a policy or regime in force is without an example that it decides."""
    library = Library.shipped()
    texts = {
        name: files("policies").joinpath("industries", *name.split("/"), "examples.toml").read_text("utf-8")
        for name in library.policies()
    }
    for name, versions in library.policy_versions.items():
        missing = [bar.id for bar in versions[-1].bars if f'bar = "{bar.id}"' not in texts[name]]
        assert not missing, f"{name} has no example for {missing}"
        assert 'outcome = "eligible"' in texts[name]
