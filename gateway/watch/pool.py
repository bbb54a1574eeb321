"""How many connections to the database a process uses."""

from sqlalchemy import event

from gateway import metrics
from gateway.db import db


def follow() -> None:
    """Count connections as they are taken from the pool and given back."""
    event.listen(db.engine, "checkout", lambda *_: metrics.shift(metrics.CONNECTIONS, 1))
    event.listen(db.engine, "checkin", lambda *_: metrics.shift(metrics.CONNECTIONS, -1))
