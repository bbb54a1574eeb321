"""What the reference tells a newcomer to run is run, just as it stands on the page, against the real server."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
from joserfc.jwk import ECKey

from gateway.db import db
from gateway.oauth.register import add_client, add_institution
from tests.server import Deployment


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Deployment]:
    """The real server."""
    deployment = Deployment(tmp_path / "gateway")
    deployment.start()
    yield deployment
    deployment.kill()


def client(gateway: Deployment, key: ECKey) -> str:
    """Register an institution with a client whose key this is; its id."""
    with gateway.opened(), db.write() as session:
        institution = add_institution(session, "Sunflower Kindergarten", "reg-1", "cn", ["cn/kindergarten"])
        jwks = {"keys": [key.as_dict(private=False)]}
        made, _ = add_client(session, institution, "HR system", jwks, ["checks:write", "checks:read"])
        return made.id


def run(command: list[str], folder: Path, environ: Mapping[str, str] = {}) -> str:
    """The output of a program that must end well."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_call_as_the_page_tells_it(gateway: Deployment, tmp_path: Path) -> None:
    """The Authlib client gets a token; with it curl asks for a check and looks at it."""
    page = requests.get(f"{gateway.url}/docs", timeout=10).text
    code = [html.unescape(block) for block in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]
    snippet, ask, look = code[:3]
    message = next(block for block in code if block.startswith('{\n  "policy"'))

    work = tmp_path / "work"
    work.mkdir()
    key = ECKey.generate_key("P-256")
    (work / "hr.pem").write_bytes(key.as_pem(private=True))
    (work / "get_token.py").write_text(snippet, "utf-8")
    (work / "check.json").write_text(message, "utf-8")
    environ = {"CLIENT_ID": client(gateway, key)}
    token = run([sys.executable, "get_token.py"], work, environ).strip()
    roles = requests.get(f"{gateway.url}/v1/roles", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert roles.status_code == 200

    if shutil.which("curl") is None:
        pytest.skip("NO CURL: the calls of the reference were not tested")
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    check = json.loads(run(["bash", "-c", ask], work, environ))
    assert check["status"] == "awaiting_consent", check
    seen = json.loads(run(["bash", "-c", look], work, {"TOKEN": token, "CHECK": check["id"]}))
    assert seen["id"] == check["id"]
