"""Random records for property tests: consistent ones, as a registry could report them, sparse or full."""

from datetime import date, timedelta

from hypothesis import strategies as st

from policies.days import Duration
from policies.model import Entry, Report, Sentence

DAYS = st.dates(date(2008, 1, 1), date(2026, 5, 31))
LENGTHS = st.sampled_from(["P3M", "P6M", "P12M", "P366D", "P13M", "P2Y", "P30M", "P48M", "P49M", "P60M", "P72M"])
SENTENCES = st.sampled_from(
    [
        *("imprisonment", "life-imprisonment", "youth-detention", "fine", "compensation", "community-order"),
        *("conditional-discharge", "restraining-order", "driving-disqualification", "absolute-discharge"),
        *("administrative-detention", "occupational-ban", "penalty-points"),
    ]
)
OFFENCES = st.sampled_from(
    [
        *("theft", "fraud", "drugs.use", "drugs.supply", "drugs", "violence", "violence.injury", "violence.affray"),
        *("violence.robbery", "sexual.indecency", "gambling", "traffic.drunk", "traffic.drink-driving"),
        *("traffic.casualty", "work.licence-revoked", "homicide.murder", "unknown", "other"),
    ]
)
DISPOSITIONS = st.sampled_from(
    ["convicted", "found-guilty", "penalised", "cautioned", "youth-cautioned", "pending", "annulled", "measure-ordered"]
)
KINDS = st.sampled_from(["criminal", "administrative", "traffic", "rehabilitation", "employment"])
TRAITS = st.frozensets(st.sampled_from(["intentional", "summary-only", "schedule-18", "dbs-specified"]))


@st.composite
def sentences(draw: st.DrawFn, decided: date) -> Sentence:
    """One sentence that begins on or after the decision and ends in order."""
    start = decided + timedelta(days=draw(st.sampled_from([0, 0, 0, 10])))
    kind = draw(SENTENCES)
    indefinite = draw(st.booleans()) and kind in ("restraining-order", "driving-disqualification")
    length = None if indefinite or kind in ("fine", "compensation") else draw(st.none() | LENGTHS)
    done = draw(st.none() | st.sampled_from([30, 400]))
    return Sentence(
        kind=kind,
        length=Duration.parse(length) if length else None,
        started_on=draw(st.sampled_from([start, start, None])),
        indefinite=indefinite,
        suspended=draw(st.booleans()),
        consecutive=False,
        endorsed=draw(st.booleans()),
        completed_on=start + timedelta(days=done) if done else None,
    )


@st.composite
def entries(draw: st.DrawFn, jurisdiction: str = "cn") -> Entry:
    """One entry decided by June 2026."""
    decided = draw(DAYS)
    disposition = draw(DISPOSITIONS)
    age = draw(st.none() | st.integers(12, 60))
    return Entry(
        jurisdiction=jurisdiction,
        kind=draw(KINDS),
        offence=draw(OFFENCES),
        disposition=disposition,
        ref=draw(st.uuids()).hex,
        traits=draw(TRAITS),
        traits_complete=draw(st.booleans()),
        proceeding=draw(st.sampled_from([None, None, "p", "q"])),
        acted_on=draw(st.none() | st.just(decided - timedelta(days=200))),
        decided_on=draw(st.sampled_from([decided, decided, decided, None])),
        ended_on=decided + timedelta(days=100) if disposition == "annulled" else None,
        age_at_act=age,
        age_at_decision=age,
        sentences=draw(st.none() | st.lists(sentences(decided), max_size=2).map(tuple)),
    )


def reports(jurisdiction: str = "cn", most: int = 4) -> st.SearchStrategy[list[Report]]:
    """A record as sure reports."""
    return st.lists(entries(jurisdiction).map(Report), max_size=most)
