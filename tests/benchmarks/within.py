"""Where the time of one call goes: the application in this process, under Python's own profiler, one caller.

The profiler makes functions dearer than statements, and one caller at a time shares its commit with nobody: so these
are shares to compare with each other, not times to be had.
"""

import cProfile
import json
import os
import pstats
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from gateway import vault
from gateway.app import create_app, finish
from gateway.config import Config
from gateway.db import db
from tests import benchmarks
from tests.server import Deployment

CALLS = 300

_LAYERS = {
    "flask": "Flask, Werkzeug",
    "werkzeug": "Flask, Werkzeug",
    "flask_smorest": "reading the message",
    "webargs": "reading the message",
    "marshmallow": "reading the message",
    "authlib": "tokens",
    "joserfc": "tokens",
    "sqlalchemy": "SQLAlchemy",
    "psycopg": "the driver and the database",
    "sqlite3": "the driver and the database",
    "gateway": "our own code",
    "connectors": "our own code",
    "policies": "our own code",
}


def say_where_the_time_goes(folder: Path, database_url: str | None, say: Callable[[str], None]) -> None:
    """Print the shares of the layers in a POST and in a GET."""
    deployment = Deployment(folder / "deployment", database_url)
    deployment.start()
    hr = deployment.register("Kindergarten", ["cn/kindergarten"], ("checks:write", "checks:read"))
    assert hr.session is not None
    headers = {"Authorization": f"Bearer {hr.session.token['access_token']}"}
    hr.close()
    deployment.stop()
    os.environ.update(deployment.environ)
    config = Config.from_env(deployment.environ)
    app = create_app(config)
    with db.write() as session:
        assert not vault.wrong_keys(session)
    numbers = iter(range(10**9))

    def post() -> str:
        sent = {**headers, "Idempotency-Key": secrets.token_hex(12)}
        answer = _call(app, "POST", "/v1/checks", sent, json.loads(benchmarks.message(next(numbers))))
        return str(json.loads(answer)["id"])

    check_id = post()
    for name, call in (("POST", post), ("GET", lambda: _call(app, "GET", f"/v1/checks/{check_id}", headers, None))):
        shares = _profile(call)
        whole = sum(shares.values())
        parts = ", ".join(
            f"{layer} {spent / whole:.0%}" for layer, spent in shares.most_common() if spent > whole / 100
        )
        say(f"a {name}: {parts}")
    finish()


def _call(app: Flask, method: str, path: str, headers: dict[str, str], body: object) -> bytes:
    with app.test_client() as client:
        answer = client.open(path, method=method, headers=headers, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.data


def _profile(call: Callable[[], object]) -> Counter[str]:
    for _ in range(20):
        call()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(CALLS):
        call()
    profile.disable()
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_layer(file, name)] += own
    return spent


def _layer(file: str, name: str) -> str:
    """What a function belongs to, by its file; of a builtin, by its name."""
    if "sqlite3" in name or "psycopg" in name:
        return "the driver and the database"
    if "cryptography" in name or "hmac" in name or "hashlib" in name:
        return "cryptography"
    parts = Path(file).parts
    if "test.py" in file or "/tests/" in file:
        return "the benchmark itself"
    found = [part for part in parts if part in _LAYERS]
    if "cryptography" in parts:
        return "cryptography"
    return _LAYERS[found[-1]] if found else "Python"
