"""Every worked example beside a law or a policy comes out as written."""

from importlib.resources import files

import pytest

from policies.examples import Example, run_all
from policies.library import Library

EXAMPLES = list(run_all(Library.shipped(), files("policies")))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
def test_example(example: Example) -> None:
    """The example's outcome, days and deciding rule are the ones that its author wrote down."""
    assert example.wrong == ()


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
