"""Is the process alive, and can it do its work? For load balancers and supervisors; tells no detail to strangers."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from flask import Blueprint, Response, json
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway import logs
from gateway.db import db

log = logs.get("health")

Probe = Callable[[], bool]


def blueprint(probes: Mapping[str, Probe]) -> Blueprint:
    """`/healthz` answers while the process can; `/readyz` answers 200 only while every probe holds."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def alive() -> Response:
        """The process is alive."""
        return _say(200, "alive")

    @health.get("/readyz")
    def ready() -> Response:
        """The process can do its work; which part cannot is in the log."""
        failing = [name for name, probe in probes.items() if not probe()]
        for name in failing:
            log.warning("not_ready", kind=name)
        return _say(503, "not ready") if failing else _say(200, "ready")

    return health


def database() -> bool:
    """The database answers and has the tables of this version."""
    try:
        with db.read() as session:
            session.execute(text("SELECT 1"))
        return not db.pending()
    except (SQLAlchemyError, OSError, RuntimeError):
        return False


def _say(status: int, word: str) -> Response:
    response = Response(json.dumps({"status": word}), status, mimetype="application/json")
    if status == 503:
        response.headers["Retry-After"] = str(int(timedelta(seconds=5).total_seconds()))
    return response
