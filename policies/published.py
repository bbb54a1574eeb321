"""The list of published versions with their digests: a published version is never edited and never taken away.

`published.toml` beside the folders `regimes` and `industries` has a line for each version that was ever published. A
file that is not on the list is a draft.
"""

from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from policies import documents
from policies.documents import DocumentError

LIST = "published.toml"

_HEAD = """\
# Every version that was ever published, with the digest of its bytes. `sealgate policy publish` adds a line; no line is
# ever changed: what is wrong in a published version is put right in the next one.
"""


def read_list(root: Traversable | Path) -> dict[str, str]:
    """The digests of the published versions by their files under `root`; empty where there is no list."""
    file = root / LIST
    if not file.is_file():
        return {}
    table, _ = documents.read(file, LIST)
    return {name: table.take_text(name) for name in table.data}


def check(published: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Refuse a shelf on which a published version was edited or is missing. Raises DocumentError."""
    for name, digest in published.items():
        if name not in found:
            raise DocumentError(LIST, f'"{name}"', "is published, so its file must stay on the shelf")
        if found[name] != digest:
            problem = f"was edited after it was published: its digest is {found[name]}, published was {digest}"
            raise DocumentError(name, "", f"{problem}; undo the edit, and write the change as a new version")


def drafts(published: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """The files on the shelf that are not published yet."""
    return sorted(set(found) - set(published))


def write_list(published: Mapping[str, str]) -> str:
    """The text of the list."""
    return "".join(_lines(published))


def _lines(published: Mapping[str, str]) -> Iterator[str]:
    yield _HEAD
    for name in sorted(published):
        yield f'"{name}" = "{published[name]}"\n'
