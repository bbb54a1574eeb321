"""Every route stands behind a named guard, or is on the list of open doors with its reason."""

from collections.abc import Iterator

import pytest
from flask import Blueprint

from gateway import consent, staff, subject
from gateway.doors import GUARDS, OPEN_ENDPOINTS, OWN_GUARDS
from gateway.oauth.clients import SCOPES
from tests.stage import Caller, Stage, make_stage, stage, stage_environ

__all__ = ["make_stage", "stage", "stage_environ"]


def doors(stage: Stage) -> Iterator[tuple[str, str, str, str]]:
    """Every route: its endpoint, its room, its path with something in the place of ids, a method."""
    for rule in stage.app.url_map.iter_rules():
        room = rule.endpoint.rpartition(".")[0]
        values = dict.fromkeys(rule.arguments, "chk_nothing")
        path = rule.build(values)
        assert path is not None
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule.endpoint, room, path[1], method


def knock(stage: Stage, path: str, method: str, headers: dict[str, str] | None = None) -> int:
    """The status that a request gets."""
    return stage.app.test_client().open(path, method=method, headers=headers, buffered=True).status_code


def test_every_door_has_a_guard_or_is_on_the_list(stage: Stage) -> None:
    """A room has a guard of ours, a guard of its own, or each of its routes is listed as open; never two of these."""
    for endpoint, room, path, _ in doors(stage):
        kinds = [endpoint in OPEN_ENDPOINTS, room in GUARDS, room in OWN_GUARDS]
        assert kinds.count(True) == 1, f"{path} ({endpoint}) has no guard, or more than one"


def test_the_lists_name_what_is_there(stage: Stage) -> None:
    """No open door, room or guard is listed that does not exist, and every open one says why."""
    endpoints, rooms = {door[0] for door in doors(stage)}, {door[1] for door in doors(stage)}
    assert set(OPEN_ENDPOINTS) <= endpoints
    assert {*GUARDS, *OWN_GUARDS} <= rooms
    assert all(OPEN_ENDPOINTS.values())


def test_the_guards_are_really_in_front(stage: Stage) -> None:
    """A guarded room answers 401 without a token, 401 with a bad one, and 403 with a token of every other scope."""
    scopes = {scope: stage.caller(name=scope, scopes=[scope], desk=True) for scope in SCOPES}
    guarded = [door for door in doors(stage) if door[1] in GUARDS]
    assert len(guarded) >= 8
    for endpoint, room, path, method in guarded:
        assert knock(stage, path, method) == 401, endpoint
        assert knock(stage, path, method, {"Authorization": "Bearer rubbish"}) == 401, endpoint
        for scope, caller in scopes.items():
            status = knock(stage, path, method, caller.headers())
            assert (status == 403) is (scope not in GUARDS[room].scopes), f"{endpoint} with {scope}: {status}"


def test_rooms_with_a_guard_of_their_own_run_it_before_every_request(stage: Stage) -> None:
    """The guard that the list names is the one that the room runs."""
    for room, guard in OWN_GUARDS.items():
        assert guard in stage.app.before_request_funcs[room]
    own_rooms = ((consent.guard, consent.DOORS), (subject.guard, subject.DOORS), (staff.guard, staff.DOORS))
    for guard, listed in own_rooms:
        own = {door[0] for door in doors(stage) if OWN_GUARDS.get(door[1]) is guard}
        assert own == set(listed), "every page is listed with what it takes to come in"


def test_open_doors_are_open(stage: Stage) -> None:
    """What is listed as open asks for no token: it answers, or says what is wrong with the request itself."""
    for endpoint, _, path, method in doors(stage):
        if endpoint in OPEN_ENDPOINTS:
            answer = stage.app.test_client().open(path, method=method, buffered=True)
            assert "Bearer" not in answer.headers.get("WWW-Authenticate", ""), endpoint


def test_a_door_that_nobody_listed_stays_shut(stage: Stage) -> None:
    """A route that is added without a guard is not there for anybody, whatever token they bring."""
    corner = Blueprint("corner", __name__)
    corner.add_url_rule("/v1/corner", "corner", lambda: "open")
    stage.app._got_first_request = False  # as if it had been registered at the start
    stage.app.register_blueprint(corner)
    stage.app.add_url_rule("/loose", "loose", lambda: "open")
    caller: Caller = stage.caller()
    for path in ("/v1/corner", "/loose"):
        assert knock(stage, path, "GET") == 404
        assert knock(stage, path, "GET", caller.headers()) == 404


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE", "DELETE", "PUT"])
def test_other_methods_do_not_open_a_door(stage: Stage, method: str) -> None:
    """No method of a guarded path answers with a body to somebody without a token."""
    for path in ("/v1/checks", "/v1/checks/chk_nothing", "/v1/reviews", "/v1/roles"):
        assert knock(stage, path, method) in (401, 405)
