"""How fast it is, measured by hand: ratios, no tests. `python -m tests.benchmarks`."""

import json

from tests.server import person


def message(number: int) -> str:
    """A request for a check of somebody with a contact."""
    subject = person(f"P{number:08}", "Li Lei", "1990-04-23")
    asked = {"policy": "cn/kindergarten", "role": "teacher", "purpose": "hiring", "reference": f"r-{number}"}
    return json.dumps({**asked, "subject": subject})
