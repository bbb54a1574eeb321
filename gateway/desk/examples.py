"""The examples of the desk's calls in the API's document."""

from typing import Any

from gateway.desk.decide import REASONS
from gateway.desk.question import BY_NAME_ONLY

_REVIEW: dict[str, Any] = {
    "id": "rev_x2m7yl5xgt4hwz6nebrc2ak3vq",
    "policy": {"id": "cn/kindergarten", "version": "2025-06-01"},
    "role": "teacher",
    "due_at": "2026-11-21T10:00:00Z",
}

_ENTRY = {"disposition": "penalised", "jurisdiction": "cn", "kind": "administrative", "offence": "gambling"}

LIST: dict[str, Any] = {"reviews": [_REVIEW], "next_cursor": None}

QUESTION: dict[str, Any] = {
    **_REVIEW,
    "why": "undetermined",
    "ground": None,
    "opened_at": "2026-11-20T09:12:07Z",
    "day": "2026-11-20",
    "decisions": ["eligible", "ineligible"],
    "reasons": {
        "eligible": list(REASONS[True]),
        "ineligible": list(REASONS[False]),
    },
    "changed": False,
    "looked_at": {"en": ["Criminal: homicide, at any time."], "zh": ["刑事：杀人，不限时间。"]},
    "bars": [
        {
            "id": "teacher-gambling",
            "question": {
                "en": "Administrative: gambling, at any time (art. 44(1)).",
                "zh": "治安：赌博，不限时间（第44条第1款）。",
            },
            "cite": "Preschool Education Law art. 44(1)",
            "holds": "unknown",
            "confidence": "high",
            "contested": False,
            "at_least": 1,
            "entries": [
                {
                    "counts": "yes",
                    "sure": False,
                    "handle": "5b0c3f2e9d8a47718c60e2f1a4d3b596",
                    "level": "shallow",
                    "entry": _ENTRY,
                }
            ],
            "withheld": 0,
        }
    ],
    "persons": [
        {
            "handle": "5b0c3f2e9d8a47718c60e2f1a4d3b596",
            "found": BY_NAME_ONLY,
            "age_fits": "unknown",
            "bars": ["teacher-gambling"],
            "entry": _ENTRY,
        }
    ],
    "seen": "c1d0a2b45f6e47a89b3c5d7e9f102938",
}

DECISION: dict[str, Any] = {
    "persons": {"5b0c3f2e9d8a47718c60e2f1a4d3b596": "other"},
    "bars": {},
    "seen": "c1d0a2b45f6e47a89b3c5d7e9f102938",
    "reason": "identifiers-differ",
}

DECIDED: dict[str, Any] = {"id": _REVIEW["id"], "decision": "eligible", "decided_at": "2026-11-20T10:30:00Z"}
