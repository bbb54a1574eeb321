"""What the law says of a person, worked out beside the gateway, for the viewer of the demonstration only.

It asks the same registry files and the same evaluator, offline. No institution could do this: it has neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from connectors.base import Connector, Id, Name, Query
from gateway.demo.cast import Asked
from policies import vocabulary
from policies.evaluator import adjudicate
from policies.library import Library
from policies.matters import merge
from policies.model import Report
from policies.sealing import seal

_LANGUAGE = "en"
_LEVELS = {"open": "not sealed", "shallow": "sealed", "deep": "sealed from everybody", "erased": "as if it never was"}


@dataclass(frozen=True)
class Opinion:
    """What is on file (a line a matter), the outcome, and the norms that decided."""

    on_file: tuple[str, ...]
    outcome: str
    cites: tuple[str, ...]


def opinion(asked: Asked, registries: Mapping[str, Connector], reading: str, day: date) -> Opinion:
    """The evaluator's whole answer about one check. Raises ConnectorError."""
    library = Library.shipped()
    policy, regimes = library.policy(asked.policy, day), library.regimes(day)
    query = Query(
        names=(Name(asked.name, "Hans"),),
        born=asked.born,
        ids=(Id("cn-resident-id", asked.number),),
        purpose="hiring",
        consent="con_demonstration",
        policy=asked.policy,
    )
    reports = merge([report for name in policy.registries for report in registries[name].ask(query).reports])
    adjudication = adjudicate(reports, regimes, policy, asked.role, day, reading, asked.born)
    levels = seal([report.entry for report in reports], regimes, day, asked.born)
    return Opinion(
        on_file=tuple(_line(report, one.level) for report, one in zip(reports, levels, strict=True)),
        outcome=adjudication.outcome,
        cites=tuple(dict.fromkeys(each.cite for each in adjudication.reasons if each.holds != "no")),
    )


def _line(report: Report, level: str | None) -> str:
    """`Drug use: administrative penalty, 2019 (sealed)`."""
    entry = report.entry
    offence, disposition = (
        vocabulary.label(kind, word, _LANGUAGE)
        for kind, word in (("offence", entry.offence), ("disposition", entry.disposition))
    )
    year = f", {entry.decided_on.year}" if entry.decided_on else ""
    doubt = "" if report.sure else "; perhaps a namesake's"
    seal_of_it = _LEVELS.get(level or "", "its seal is not settled")
    return f"{offence[:1].upper()}{offence[1:]}: {disposition}{year} ({seal_of_it}{doubt})"
