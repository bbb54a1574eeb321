"""The rooms that people who work here go to: each registers itself, and the home page lists those that are open.

rooms.register(Room("/desk", ("adjudicator",), {"en": "Reviews", "zh": "复核"}, {"en": "…", "zh": "…"}))
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOME = "/staff"

_PATH = re.compile(r"(/[A-Za-z0-9_-]{1,80}){1,8}")


@dataclass(frozen=True)
class Room:
    """A room: its first page, who may come in, and what it is called and for in each language."""

    path: str
    roles: tuple[str, ...]
    name: Mapping[str, str]
    purpose: Mapping[str, str]


_rooms: dict[str, Room] = {}


def register(room: Room) -> None:
    """Have a room on the home page, and let a sign-in lead back to it."""
    _rooms[room.path] = room


def open_to(roles: Sequence[str]) -> list[Room]:
    """The rooms that somebody with these roles may go to."""
    return [room for room in _rooms.values() if set(room.roles) & set(roles)]


def way_back(path: str) -> str:
    """A path to go to after signing in, if it is one of a room or of ours, else the home page: never elsewhere."""
    known = any(path == one or path.startswith(f"{one}/") for one in (HOME, *_rooms))
    return path if known and _PATH.fullmatch(path) else HOME
