"""The style sheet and the icon, served from here under names that change with their content."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from flask import Response

from gateway.problems import NotFound

_FOLDER = Path(__file__).parent / "assets"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


def _load() -> tuple[Mapping[str, str], Mapping[str, tuple[bytes, str]]]:
    names, files = {}, {}
    for path in sorted(_FOLDER.iterdir()):
        content = path.read_bytes()
        name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}"
        names[path.name] = name
        files[name] = content, _TYPES[path.suffix]
    return names, files


NAMES, _FILES = _load()
"""Each file with the name that it is served under."""


def serve(name: str) -> Response:
    """One file, to be kept by browsers for a year. Raises NotFound."""
    if name not in _FILES:
        raise NotFound
    content, kind = _FILES[name]
    return Response(content, content_type=kind, headers={"Cache-Control": "public, max-age=31536000, immutable"})
