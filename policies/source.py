"""Where a rule comes from, and how sure we are of having read it rightly."""

from collections.abc import Sequence
from dataclasses import dataclass

from policies import vocabulary
from policies.documents import Table


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from and how sure we are of it."""

    cite: str
    confidence: str = "high"
    contested: bool = False
    note: str = ""
    cite_zh: str = ""

    def cited(self, language: str) -> str:
        """The citation in `en` or `zh`, where the document gives both; else as it stands."""
        return self.cite_zh if language == "zh" and self.cite_zh else self.cite

    @property
    def doubtful(self) -> bool:
        """Must a person confirm a live refusal that rests on this rule?"""
        return self.confidence == "low" or self.contested


def take_source(table: Table, default: Source | None = None) -> Source:
    """Read the citation that every rule carries, or take the document's. Raises DocumentError for a rule without."""
    inherits = default is not None and not table.has("cite")
    cite = table.take_text("cite", default.cite) if default else table.take_text("cite")
    cite_zh = table.take_text("cite_zh", default.cite_zh if default and inherits else "")
    confidence = table.take_word(
        "confidence", vocabulary.words("confidence"), default.confidence if default else "high"
    )
    contested = table.take_flag("contested", default.contested if default else False)
    return Source(cite, confidence, contested, table.take_text("note", ""), cite_zh)


def least_confident(sources: Sequence[Source]) -> str:
    """The lowest confidence of several citations: a chain is as sure as its weakest link."""
    known = list(vocabulary.words("confidence"))
    return max((source.confidence for source in sources), key=known.index)
