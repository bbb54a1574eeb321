import json
import logging
import sys
import threading
from typing import Any

import pytest

from gateway import logs
from gateway.db import new_id

CANARY = "Zhang San 1990-01-01"


def test_a_line_is_json_with_what_is_on_the_list(lines: Any) -> None:
    """Keys of the list come through with name, level and time."""
    check = new_id("chk")
    logs.get("checks").info("check_released", check=check, count=3, late=False)
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "check_released",
        "check": check,
        "count": 3,
        "late": False,
        "logger": "sealgate.checks",
        "level": "info",
    }


def test_what_is_not_on_the_list_does_not_come_in(lines: Any) -> None:
    """Unknown keys are dropped; known keys with other values, and prose as an event, are withheld."""
    logs.get("checks").info("released", name=CANARY, subject={"born": CANARY}, check=CANARY, state=CANARY)
    logs.get("checks").info(f"released for {CANARY}")
    logs.get("checks").info("x %s", CANARY)
    first, second, third = lines()
    assert (first["check"], first["state"]) == ("(withheld)", "(withheld)")
    assert "name" not in first
    assert second["event"] == third["event"] == "(withheld)"
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)


def _fail() -> None:
    raise ValueError(CANARY)


def test_an_exception_is_its_class_and_our_line(lines: Any) -> None:
    """Neither the message nor the traceback's text is written."""
    try:
        _fail()
    except ValueError as error:
        logs.get("checks").error("failed", exc_info=error)
        logs.get("checks").exception("failed")
    for line in lines():
        assert line["error"] == "ValueError"
        assert line["where"].startswith("tests/gateway/logs/test_logs.py:")
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)


@pytest.mark.parametrize("name", ["dbos", "authlib", "werkzeug", "granian.access", "somebody.else"])
def test_libraries_log_without_their_messages(lines: Any, name: str) -> None:
    """A library's line says who, where and which class of error, not what it wrote."""
    library = logging.getLogger(name)
    try:
        _fail()
    except ValueError:
        library.exception("request of %s failed", CANARY)
    library.warning(f"request of {CANARY}")
    first, second = lines()
    assert (first["event"], first["logger"], first["error"]) == ("library", name, "ValueError")
    assert second["where"].startswith("test_logs:")
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)


def test_the_server_may_say_where_it_listens(lines: Any) -> None:
    """granian's own messages are known to be harmless and come through."""
    logging.getLogger("_granian").info("Listening at: http://127.0.0.1:8000")
    (line,) = lines()
    assert (line["logger"], line["said"]) == ("_granian", "Listening at: http://127.0.0.1:8000")


def test_what_is_bound_is_on_every_line(lines: Any) -> None:
    """On ours and on those of libraries, as long as it is bound; a line's own key goes before it."""
    request = new_id("req")
    with logs.bound(request=request, task="checks.run"):
        assert logs.current("request") == request
        logs.get("checks").info("one", task="consent.expire")
        logging.getLogger("authlib").warning("two")
    logs.get("checks").info("three")
    one, two, three = lines()
    assert (one["request"], one["task"], two["request"], two["task"]) == (
        *(request, "consent.expire", request, "checks.run"),
    )
    assert not {"request", "task"} & set(three)
    assert logs.current("request") is None


def test_what_is_bound_has_its_form_too(lines: Any) -> None:
    """Nothing comes in by this door that would not come in by the other."""
    with logs.bound(request=CANARY, name=CANARY):
        logs.get("checks").info("one")
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)
    assert lines()[0]["request"] == "(withheld)"


def test_a_line_that_must_stand_apart_does(lines: Any) -> None:
    """That a registry told something odd is known without of whom: no request and no task leads there."""
    with logs.bound(request=new_id("req"), task="checks.run"):
        logs.get("checks").warning("registry_told_days_to_come", registry="police")
    (line,) = lines()
    assert set(line) == {"event", "level", "logger", "registry", "time"}


@pytest.mark.parametrize(("sent", "written"), [("GET", "GET"), ("PATCH", "PATCH"), ("ZHANG", "(withheld)")])
def test_a_method_is_one_of_those_there_are(lines: Any, sent: str, written: str) -> None:
    """Whoever calls may send any word as one."""
    logs.get("requests").info("request", method=sent)
    assert lines()[0]["method"] == written


def test_levels_are_obeyed(lines: Any) -> None:
    """What is below the level is not written."""
    logs.get("checks").debug("quiet")
    assert lines() == []


def test_uncaught_exceptions_are_logged_not_printed(lines: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """An exception that nobody caught, in any thread, is a line; its message is nowhere."""
    hooks = sys.excepthook, threading.excepthook
    try:
        logs.hook_uncaught()
        thread = threading.Thread(target=_fail)
        thread.start()
        thread.join()
        try:
            _fail()
        except ValueError:
            sys.excepthook(*sys.exc_info())
    finally:
        sys.excepthook, threading.excepthook = hooks
    assert [(line["event"], line["error"], line["level"]) for line in lines()] == [
        ("uncaught", "ValueError", "critical")
    ] * 2
    printed = capsys.readouterr()
    assert CANARY not in json.dumps(lines(), ensure_ascii=False) + printed.out + printed.err


def test_the_quick_way_is_the_same_way(lines: Any) -> None:
    """The same keys and forms; below the level nothing is written."""
    keys: dict[str, Any] = {
        "method": "GET",
        "endpoint": "reading.check",
        "status": 200,
        "kind": CANARY,
        "subject": CANARY,
    }
    with logs.bound(request=new_id("req")):
        logs.get("requests").info("request", **keys)
        logs.quick("requests", "request", **keys)
    slow, quick = lines()
    assert slow.pop("time")[:16] == quick["time"][:16]
    assert len(quick.pop("time")) == 27
    assert slow == quick
    logging.getLogger("sealgate.requests").setLevel(logging.WARNING)
    try:
        logs.quick("requests", "request")
    finally:
        logging.getLogger("sealgate.requests").setLevel(logging.NOTSET)
    assert len(lines()) == 2
