"""An entry in a source's codes → the same entry in the record format's words.

What becomes of a code that the table does not know is decided here, once, by field:

| Field | Unknown code |
|---|---|
| `offence` | the word `unknown` |
| `grade`, `drug.*` | the field is left out, which means not known |
| `traits` | that trait is left out, and the list is no longer complete |
| `sentences[].kind` | the whole list of sentences is left out: not known |
| `jurisdiction`, `kind`, `disposition` | the line is refused: the format has no way to say that they are not known |
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connectors.codes.table import CodeTable
from policies.model import Entry, RecordError, read_record

_MOST_CODES = 1_000
"""So many unknown codes are counted one by one; a column that was taken for another would fill the memory."""


_CODE = re.compile(r"[\w.:/-]{1,40}")
_MOST_DIGITS = 7
"""A message may quote a code, but a cell in the wrong column may hold a birth date (eight digits) or a number."""


class FieldError(Exception):
    """What is wrong in one entry: `field` as in the record format (`sentences[0].length`), `problem` in words."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(slots=True)
class UnknownCode:
    """A code without a word: how often it was met, and on which line first. For the operator's eyes, not for a log."""

    set: str
    code: str
    count: int
    first_line: int

    def __str__(self) -> str:
        return f"{self.set} {self.code}: {self.count} times, first on line {self.first_line}"


@dataclass
class Translation:
    """Translates the entries of one source, and counts the codes that the table does not know.

    `latest` is the last day on which something may have happened: this day.
    """

    codes: CodeTable
    latest: date
    unknown: dict[tuple[str, str], UnknownCode] = field(default_factory=dict)

    def entry(self, document: dict[str, Any], line: int) -> Entry:
        """The entry that `document` says. Raises FieldError where it does not say one."""
        self._refusing(document)
        self._softening(document, line)
        try:
            record = read_record({"entries": [document]})
        except RecordError as error:
            raise FieldError(error.field.removeprefix("entries[0]").lstrip("."), error.problem) from None
        self._happened(record.entries[0])
        return record.entries[0]

    def _happened(self, entry: Entry) -> None:
        """Days that lie ahead are slips, but for those that are set beforehand: `ended_on` and `supervised_until`."""
        days = {"acted_on": entry.acted_on, "decided_on": entry.decided_on}
        if entry.drug is not None:
            days["drug.clean_since"] = entry.drug.clean_since
        for place, sentence in enumerate(entry.sentences or ()):
            for name in ("decided_on", "started_on", "released_on", "completed_on", "revoked_on"):
                days[f"sentences[{place}].{name}"] = getattr(sentence, name)
        for name, day in days.items():
            if day is not None and day > self.latest:
                raise FieldError(name, "is in the future")

    def _refusing(self, document: dict[str, Any]) -> None:
        for name in ("jurisdiction", "kind", "disposition"):
            code = document.get(name)
            if isinstance(code, str):
                word = self.codes.word(name, code)
                if word is None:
                    raise FieldError(name, f"{_quoted(code)}is a code that the code table does not know")
                document[name] = word

    def _softening(self, document: dict[str, Any], line: int) -> None:
        if isinstance(document.get("offence"), str):
            document["offence"] = self._word("offence", document["offence"], line) or "unknown"
        _replace(document, "grade", self._word("grade", document.get("grade"), line))
        drug = document.get("drug")
        if isinstance(drug, dict):
            for name in ("substance", "addiction", "conduct"):
                _replace(drug, name, self._word(name, drug.get(name), line))
            _replace(document, "drug", drug or None)
        if isinstance(document.get("traits"), list):
            traits = [self._word("trait", code, line) for code in document["traits"]]
            document["traits"] = [word for word in traits if word is not None]
            if None in traits:
                document.pop("traits_complete", None)
        self._sentences(document, line)

    def _sentences(self, document: dict[str, Any], line: int) -> None:
        sentences = document.get("sentences")
        if not isinstance(sentences, list):
            return
        for sentence in sentences:
            if isinstance(sentence, dict) and isinstance(sentence.get("kind"), str):
                sentence["kind"] = self._word("sentence", sentence["kind"], line)
                if sentence["kind"] is None:
                    document.pop("sentences", None)

    def _word(self, kind: str, code: Any, line: int) -> Any:
        """Our word, or None (and one more on the tally); what is not text is left for the format's reader to refuse."""
        if not isinstance(code, str):
            return code
        word = self.codes.word(kind, code)
        if word is None:
            if len(self.unknown) >= _MOST_CODES and (kind, code) not in self.unknown:
                code = "(further codes)"
            known = self.unknown.setdefault((kind, code), UnknownCode(kind, code, 0, line))
            known.count += 1
        return word


def _quoted(code: str) -> str:
    """The code in quotes where it can be one; nothing for what may be a name, a day or a number of somebody."""
    fits = _CODE.fullmatch(code) and sum(sign.isdigit() for sign in code) <= _MOST_DIGITS
    return f'"{code}" ' if fits else ""


def _replace(document: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        document.pop(name, None)
    else:
        document[name] = value
