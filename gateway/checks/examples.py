"""The examples of the API's document: one fictitious person's check, from the request to the answer."""

from typing import Any

REQUEST: dict[str, Any] = {
    "policy": "cn/kindergarten",
    "role": "teacher",
    "purpose": "hiring",
    "reference": "applicant-2041",
    "subject": {
        "names": [{"full": "王小明", "script": "Hans"}, {"full": "Wang Xiaoming", "script": "Latn"}],
        "born": "1949-12-31",
        "ids": [{"type": "cn-resident-id", "value": "11010519491231002X"}],
        "contact": {"phone": "+8613800138000"},
    },
}

GUARDIAN: dict[str, Any] = {
    "names": [{"full": "王大明", "script": "Hans"}],
    "born": "1981-03-02",
    "ids": [],
    "contact": {"phone": "+8613800138001"},
}
"""Of somebody who is too young to consent alone."""

_CHECK: dict[str, Any] = {
    "id": "chk_k3vqd2m7yl5xgt4hwz6nebrc2a",
    "reference": "applicant-2041",
    "role": "teacher",
    "purpose": "hiring",
    "policy": {"id": "cn/kindergarten", "version": "2025-06-01"},
    "status": "awaiting_consent",
    "created_at": "2026-11-20T09:00:00Z",
    "expires_at": "2026-12-04T09:00:00Z",
    "release_at": None,
    "eligible": None,
    "valid_until": None,
    "superseded_at": None,
    "lease": None,
}

NEW_CHECK: dict[str, Any] = {
    **_CHECK,
    "consent": {"url": "https://gate.example/c/p5wq7c2x4vkn6ydjm3ht8zrea5ubgflo", "code": "K7QM-2XDF"},
}

GUARDIANS_WAY = {"url": "https://gate.example/c/x2vn4kq7wzt6cjdm5ph3yrea7ugbsflo", "code": "T4HN-8WQ2"}

COMPLETED: dict[str, Any] = {**_CHECK, "status": "completed", "release_at": "2026-11-21T12:00:00Z", "eligible": True}

LEASED: dict[str, Any] = {
    **COMPLETED,
    "role": "staff",
    "policy": {"id": "cn/minors-contact", "version": "2022-11-15"},
    "lease": {"until": "2029-11-20", "next": "2027-11-20"},
}

CLOSED: dict[str, Any] = {**_CHECK, "status": "closed"}

LIST: dict[str, Any] = {"checks": [COMPLETED], "next_cursor": None}

ROLES: dict[str, Any] = {
    "roles": [
        {
            "policy": {"id": "cn/kindergarten", "version": "2025-06-01"},
            "role": "teacher",
            "title": {"en": "Kindergarten staff", "zh": "幼儿园工作人员"},
            "label": {"en": "teacher", "zh": "教师"},
            "looked_at": {
                "en": ["Criminal: homicide, at any time (Preschool Education Law art. 44(1))."],
                "zh": ["刑事：杀人，不限时间（学前教育法第44条第1款）。"],
            },
            "not_covered": [{"en": "teaching ethics", "zh": "师德"}],
            "lease": None,
        }
    ]
}
