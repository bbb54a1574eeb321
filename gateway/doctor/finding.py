"""What an examination comes to."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

OK, HINT, FAULT = "ok", "hint", "fault"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `ok`, a `hint`, or a `fault`; and what to do about it. Nothing personal, no key."""

    about: str
    level: str
    found: str
    do: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


Examination = Callable[[], Iterator[Finding]]
