"""A registry that answers what it is told, for tests and for trying things out.

It holds its user to the interface: a question that breaks the rules of `connectors.base` fails here first.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from connectors.base import BadAnswer, Query, Reply, Unavailable
from policies.model import Report


class FakeRegistry:
    """Answers by the value of an identifier; a person whom it does not know has no record.

    `answers` maps an identifier's value to the reports given for it. Set `down` or `garbled` to have it fail, and
    `delay` (seconds) to have it be slow; `meanwhile` is called while it is asked. `asked` keeps the questions.
    """

    def __init__(self, name: str, answers: Mapping[str, Sequence[Report]] | None = None) -> None:
        self._name = name
        self.answers: dict[str, Sequence[Report]] = dict(answers or {})
        self.down = False
        self.garbled = False
        self.delay = 0.0
        self.meanwhile: Callable[[], object] = lambda: None
        self.asked: list[Query] = []
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The registry's name."""
        return self._name

    def ask(self, query: Query) -> Reply:
        """The reports set for any of the person's identifiers. Raises Unavailable or BadAnswer when told to."""
        _hold_to_the_interface(query)
        with self._lock:
            self.asked.append(query)
        self.meanwhile()
        if self.delay:
            time.sleep(self.delay)
        if self.down:
            raise Unavailable(self._name, "does not answer")
        if self.garbled:
            raise BadAnswer(self._name, "the answer is not in the record format")
        return Reply.of([report for each in query.ids for report in self.answers.get(each.value, ())])

    def ready(self) -> bool:
        """False while it is down."""
        return not self.down


_RULES: tuple[tuple[str, Callable[[Query], bool]], ...] = (
    ("the birth date must be a day", lambda query: type(query.born) is date),
    ("a name must not be empty", lambda query: all(name.full.strip() for name in query.names)),
    ("an id needs a type and a value", lambda query: all(each.type and each.value for each in query.ids)),
    ("the consent must be a consent's own id", lambda query: query.consent.startswith("con_")),
    ("the policy must be a policy's id", lambda query: "/" in query.policy),
    ("a look must carry its key", lambda query: bool(query.key)),
)


def _hold_to_the_interface(query: Query) -> None:
    for rule, kept in _RULES:
        if not kept(query):
            raise AssertionError(rule)
