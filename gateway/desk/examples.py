"""The examples of the desk's calls in the API's document."""

from typing import Any

_REVIEW: dict[str, Any] = {
    "id": "rev_x2m7yl5xgt4hwz6nebrc2ak3vq",
    "policy": {"id": "cn/kindergarten", "version": "2025-06-01"},
    "role": "teacher",
    "why": "refusal",
    "opened_at": "2026-11-20T09:12:07Z",
}

LIST: dict[str, Any] = {"reviews": [_REVIEW], "next_cursor": None}

QUESTION: dict[str, Any] = {
    **_REVIEW,
    "day": "2026-11-20",
    "decisions": ["confirm", "overturn"],
    "changed": False,
    "looked_at": {"en": ["Criminal: homicide, at any time."], "zh": ["刑事：杀人，不限时间。"]},
    "bars": [
        {
            "question": {
                "en": "Administrative: gambling, at any time (art. 44(1)).",
                "zh": "治安：赌博，不限时间（第44条第1款）。",
            },
            "cite": "Preschool Education Law art. 44(1)",
            "holds": "yes",
            "confidence": "high",
            "contested": False,
            "at_least": 1,
            "entries": [
                {
                    "counts": "yes",
                    "sure": True,
                    "level": "shallow",
                    "entry": {
                        "disposition": "penalised",
                        "jurisdiction": "cn",
                        "kind": "administrative",
                        "offence": "gambling",
                    },
                }
            ],
            "withheld": 0,
        }
    ],
}

DECIDED: dict[str, Any] = {"id": _REVIEW["id"], "decision": "confirm", "decided_at": "2026-11-20T10:30:00Z"}
