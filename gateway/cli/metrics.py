"""`sealgate metrics`."""

import click


@click.group()
def metrics() -> None:
    """What Prometheus is told (SEALGATE_METRICS says where)."""


@metrics.command()
def alerts() -> None:
    """Print the rules by which Prometheus raises an alarm, each with what to do."""
    from gateway import metrics as measured

    click.echo(measured.alerts(), nl=False)


@metrics.command("list")
def listed() -> None:
    """List every metric with its labels."""
    from gateway.cli.words import print_table
    from gateway.metrics import COUNTED, READ

    rows = [[one.series[0], one.kind, " ".join(one.labels), one.what] for one in (*COUNTED, *READ)]
    print_table(["metric", "kind", "labels", "what it says"], rows)
