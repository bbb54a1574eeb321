"""The `sealgate` command. Each command is a few lines: read the arguments, call a room, print, set the exit status.

Imports stand inside the commands: here alone that is allowed, so that `sealgate seal` does not load a web server.
Exit status: 0 done, 1 something is wrong with what was looked at, 2 bad input or configuration.
"""

import click

from gateway.cli import deployment, doctor, keys, law, metrics, policy, registered, staff


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sealgate", message="sealgate %(version)s")
def main() -> None:
    """Sealgate: a background-check gateway that answers yes or no and keeps what is sealed sealed."""


for command in (
    deployment.demo,
    deployment.init,
    deployment.serve,
    deployment.worker,
    registered.institution,
    registered.client,
    deployment.desk,
    staff.staff,
    deployment.registry,
    deployment.audit,
    keys.keys,
    doctor.doctor,
    metrics.metrics,
    law.seal,
    law.decide,
    policy.policy,
):
    main.add_command(command)
