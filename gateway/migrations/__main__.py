"""Write the next migration: what differs between the models and the tables that the migrations make.

    python -m gateway.migrations "institutions get a region"

Read the file before committing it: Alembic sees columns come and go, not what should become of their data.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from gateway import vault
from gateway.audit import models as audit
from gateway.checks import models as checks
from gateway.consent import models as consent
from gateway.db import Database, alembic_config
from gateway.notices import models as notices
from gateway.oauth import models as oauth
from gateway.staff import models as staff
from gateway.work import models as work

MODELS = (vault, work, audit, oauth, notices, consent, staff, checks)
"""Every module that has tables; they are known once it has been imported."""


def main(message: str) -> None:
    """Write the file; its number follows the last one."""
    versions = Path(__file__).parent / "versions"
    number = f"{len(list(versions.glob('[0-9]*.py'))) + 1:04}"
    database = Database()
    with tempfile.TemporaryDirectory() as folder:
        database.init(f"sqlite:///{folder}/new.sqlite")
        database.upgrade()
        with database.engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(config, message=message, autogenerate=True, rev_id=number)
        database.close()


if __name__ == "__main__":
    main(sys.argv[1])
